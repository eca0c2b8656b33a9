import { z } from 'zod'
import { cursorInput, pagedOutput } from './paging.ts'
import { countInt } from './report.ts'
import { asOfShape } from './tool-shapes.ts'

export const input = z.strictObject({ cursor: cursorInput })

/** What is looked at, in this order below one status. docs/doctor.md tells of each. */
export const CHECKS = [
  'settings',
  'database-url',
  'database-login',
  'database-server',
  'database-snapshot',
  'database-grants',
  'table',
  'columns',
  'column-types',
  'index',
  'time-zone',
  'request-ids',
  'ledger-link',
  'status-words',
  'refund-flags',
  'ledger-words',
  'accounts',
  'fal-api',
  'fal-key',
  'temporary-folder',
  'clock',
] as const
export type CheckId = (typeof CHECKS)[number]

/** warning: it works, with a loss that is told. failure: an audit fails or misleads. unverified: it could not be looked at. */
export const LINE_STATUSES = ['ok', 'warning', 'failure', 'unverified'] as const
export type LineStatus = (typeof LINE_STATUSES)[number]

const line = z.strictObject({
  id: z.enum(CHECKS),
  subject: z.string().optional().describe('which table, setting or account'),
  status: z.enum(LINE_STATUSES),
  seen: z.string(),
  todo: z.string().optional(),
})
export type Line = z.output<typeof line>

export const output = pagedOutput({
  asOf: asOfShape,
  complete: z.boolean().describe('false: some line is unverified'),
  counts: z.strictObject({ ok: countInt, warning: countInt, failure: countInt, unverified: countInt }),
  lines: z.array(line).describe('failures first, then warnings'),
})
export type Diagnosis = z.output<typeof output>
