import { z } from 'zod'
import { cursorInput, pagedOutput } from './paging.ts'
import { dateText, idInt, untrustedText, usdText } from './report.ts'
import { asOfShape, billScope, billSource, idsInput } from './tool-shapes.ts'

export const input = z.strictObject({ ids: idsInput, cursor: cursorInput })

const unreadable = usdText.nullable()

/** Spend over the days before asOf, to the instant, and how long what remains lasts at that pace. */
const pace = z.strictObject({
  spentUsd: unreadable.describe('null: not read'),
  perDayUsd: unreadable.describe('mean, rounded to a nano-dollar'),
  daysLeft: z.string().nullable().describe('one decimal, rounded down; null: nothing spent, or something not known'),
})
export type Pace = z.output<typeof pace>

const workspace = z.strictObject({
  workspace: untrustedText.optional().describe('absent: fal did not tell'),
  accountIds: z.array(idInt).optional(),
  balanceUsd: unreadable.describe('live credits; null: not told'),
  balanceReason: z.string().optional().describe('why balanceUsd is null'),
  remainingUsd: unreadable.describe('what days left are counted from'),
  remainingSource: z.enum(['live', 'bought-minus-spent', 'unknown']),
  creditsBoughtUsd: usdText.optional(),
  boughtSince: dateText.optional(),
  spentSinceUsd: unreadable.optional(),
  last7Days: pace,
  last30Days: pace,
  spendReason: z.string().optional().describe('why some spend is null'),
})
export type WorkspaceBalance = z.output<typeof workspace>

export const output = pagedOutput({
  asOf: asOfShape,
  timezone: z.string(),
  scope: billScope,
  complete: z.boolean(),
  workspaces: z.array(workspace).describe('shortest-lasting first'),
  sources: z.array(billSource),
  dashboard: z.string(),
  notes: z.array(z.string()),
})
