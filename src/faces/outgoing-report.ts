import { type Report, report as reportSchema } from '../../schemas/report.ts'
import { outgoing, type Redact } from './outgoing.ts'

/**
 * A report whose texts are fit to leave, to be written in any format: before that, as what a format escapes, cuts or fills
 * up to a width is no longer known for a secret, or no longer fits.
 */
export const outgoingReport = (report: Report, redact: Redact): Report =>
  outgoing(report, redact, reportSchema) as Report
