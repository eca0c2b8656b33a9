/** A line of serverless usage as the double of fal tells it, of the day that the worlds of tests are about. */
export const serverlessLine = (app = 'x', cost = '3') => ({
  app,
  machineType: 'GPU-H100',
  timestamp: '2026-02-06T04:00:00Z',
  quantity: '1',
  cost,
})
