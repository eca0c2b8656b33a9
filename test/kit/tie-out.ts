/** The residuals of a tie-out that explains every nano-dollar. */
export const NOTHING_LEFT = {
  eventsResidual: '0',
  recordedResidual: '0',
  differenceResidual: '0',
  bridgeResidual: '0',
}
