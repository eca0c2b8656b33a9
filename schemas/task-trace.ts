import { z } from 'zod'
import { cursorInput, pagedOutput } from './paging.ts'
import { countInt, finding, idInt, instantText, pointsInt, sourceStatus, untrustedText, usdText } from './report.ts'
import { asOfShape, idsInput, langInput, timezoneInput } from './tool-shapes.ts'
import { entry } from './user-ledger.ts'

const ID_CHARS_MAX = 500

export const input = z.strictObject({
  id: z.string().min(1).max(ID_CHARS_MAX).describe('task id, fal request id (any form) or order id'),
  kind: z.enum(['auto', 'task', 'request', 'order']).default('auto').describe('what the id is'),
  ids: idsInput.describe('accounts to ask too'),
  timezone: timezoneInput,
  lang: langInput,
  cursor: cursorInput,
})

const traceVerdict = z.enum([
  'matched',
  'amount',
  'unrecorded',
  'unbilled',
  'pending',
  'unfinished',
  'duplicate',
  'failed-but-billed',
  'refunded-but-billed',
  'without-id',
  'nothing-due',
  'ledger-only',
  'not-evaluated',
])
export type TraceVerdict = z.output<typeof traceVerdict>

const task = z.strictObject({
  taskId: untrustedText.optional(),
  requestId: untrustedText.optional(),
  rowId: idInt,
  named: z.boolean().describe('false: only shares the request id of a task that the id names'),
  accountId: idInt.nullable().describe('null: its key is in no account row'),
  keyId: z.string(),
  userId: idInt.nullable().describe('null: it names no user'),
  userName: untrustedText.optional(),
  model: untrustedText,
  status: z.enum(['success', 'failed', 'unfinished']),
  chargedPoints: pointsInt.nullable().describe('null: it holds none'),
  costUsd: usdText.nullable().describe('as recorded; null: it holds none'),
  billedUsd: usdText.nullable().describe('null: not read, or no request id to ask by'),
  refunded: z.boolean(),
  createdAt: instantText.optional().describe('absent: none, or none that can be read'),
  completedAt: instantText.optional(),
  completedAtUnread: z.literal(true).optional().describe('it holds an end, which cannot be read'),
  verdict: traceVerdict,
  sentence: z.string(),
})
export type TracedTask = z.output<typeof task>

const event = z.strictObject({
  requestId: untrustedText,
  model: untrustedText,
  at: instantText,
  costUsd: usdText,
  quantity: z.string().optional(),
  unit: untrustedText.optional(),
  unitPriceUsd: z.string().optional(),
  percentDiscount: z.string().optional(),
  accountId: idInt.optional().describe('absent: of a key or login that no account row holds, or not told'),
  keyId: z.string().optional().describe('start of the key id'),
  workspace: untrustedText.optional(),
})
export type TracedEvent = z.output<typeof event>

export const traceRole = z.enum(['task', 'request', 'event', 'order'])

const traced = finding.omit({ evidence: true, context: true }).partial({ fingerprint: true })
export type TracedFinding = z.output<typeof traced>

export const output = pagedOutput({
  id: untrustedText,
  asOf: asOfShape,
  timezone: z.string(),
  complete: z.boolean().describe('false: some book was not read, see sources'),
  verdict: traceVerdict,
  sentence: z.string(),
  foundAs: z
    .array(z.strictObject({ role: traceRole, rows: countInt }))
    .describe('task: task_id; request: request id of a task; event: billed request; order: order_id of ledger rows'),
  billing: z
    .enum(['read', 'partial', 'unread', 'not-asked'])
    .describe('how the events of all audited accounts were read'),
  billingSince: instantText.optional().describe('events were asked for from here on'),
  tasks: z.array(task),
  moreTasks: countInt.optional().describe('tasks left out: the id names or shares too many'),
  events: z.array(event),
  entries: z.array(entry),
  findings: z.array(traced).describe('of these tasks alone; with the fingerprint that an audit gives them'),
  notEvaluated: z.array(z.strictObject({ rule: finding.shape.rule, reason: z.string() })),
  sources: z.array(sourceStatus),
})
