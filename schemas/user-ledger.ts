import { z } from 'zod'
import { cursorInput, pagedOutput } from './paging.ts'
import { countInt, idInt, instantText, ledgerRow, pointsInt, report, sourceStatus, untrustedText } from './report.ts'
import { asOfShape, endInput, idsInput, startInput, timezoneInput, userIdsInput, windowShape } from './tool-shapes.ts'

export const input = z.strictObject({
  start: startInput,
  end: endInput,
  timezone: timezoneInput,
  ids: idsInput.describe('tasks of these accounts; default all'),
  user_ids: userIdsInput,
  entries: z.boolean().default(false).describe('also the ledger rows, of 1 to 20 user_ids'),
  cursor: cursorInput,
})

const userRow = z.strictObject({
  ...ledgerRow.shape,
  taskCount: countInt,
  reason: z
    .string()
    .optional()
    .describe('why UNVERIFIED, timing or differencePoints null; or, with user_ids, rows for tasks of others'),
})
export type UserLedgerRow = z.output<typeof userRow>

/** One row of either ledger, as it is shown. */
export const entry = z.strictObject({
  book: z.enum(['points', 'cash']),
  rowId: idInt,
  userId: idInt.nullable().describe('null: the row names no user'),
  at: instantText,
  kind: z.enum(['consume', 'refund', 'recharge', 'gift', 'income', 'other']),
  amountPoints: pointsInt.nullable().describe('points or cents: + in, - out; null: the row holds none'),
  orderId: untrustedText.optional(),
  title: untrustedText.optional(),
  balanceBefore: pointsInt.optional(),
  balanceAfter: pointsInt.optional(),
})
export type LedgerEntryRow = z.output<typeof entry>

export const output = pagedOutput({
  window: windowShape,
  asOf: asOfShape,
  complete: z.boolean(),
  ledgerLink: report.shape.settings.shape.ledgerLink,
  ledgerLinkedRatio: z.string().nullable().describe('share of charged tasks with a linked ledger row'),
  summary: z.strictObject({
    ok: countInt,
    diff: countInt,
    timing: countInt.optional().describe('of diff'),
    unverified: countInt,
  }),
  rows: z.array(userRow),
  entries: z.array(entry).optional(),
  note: z.string().optional().describe('what entries hold that rows do not count'),
  sources: z.array(sourceStatus),
})
