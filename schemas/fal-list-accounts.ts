import { z } from 'zod'
import { cursorInput, pagedOutput } from './paging.ts'
import { countInt, idInt, instantText, sourceStatus, untrustedText, usdText } from './report.ts'
import { asOfShape, idsInput } from './tool-shapes.ts'

export const input = z.strictObject({
  ids: idsInput.describe('default all'),
  cursor: cursorInput,
})

const access = z.enum(['ok', 'partial', 'failed', 'not-asked'])

const account = z.strictObject({
  accountId: idInt,
  name: untrustedText,
  keyId: z.string().describe('start of the key id, or a digest'),
  status: z.enum(['normal', 'disabled']),
  audited: z
    .boolean()
    .describe('false: beyond the limit of audited accounts; fal is asked of it only where ids name it'),
  workspace: untrustedText.optional(),
  tableBalanceUsd: usdText.nullable().describe('as the operator stored it'),
  liveBalanceUsd: usdText.nullable().describe('null: not read'),
  billing: access.describe('whether the key may read the balance'),
  usage: access.describe('whether the key may read usage'),
  events: access.describe('whether the key may read billing events'),
  reason: z.string().optional().describe('why not'),
  lastUsedAt: instantText.nullable().optional().describe('newest task of its key; absent: no task; null: not read'),
})
export type AccountListing = z.output<typeof account>

export const output = pagedOutput({
  asOf: asOfShape,
  timezone: z.string(),
  complete: z.boolean(),
  accountLimit: countInt.describe('so many of the newest accounts are audited'),
  counts: z.strictObject({ accounts: countInt, audited: countInt, disabled: countInt, unread: countInt }),
  accounts: z.array(account),
  sources: z.array(sourceStatus),
})
