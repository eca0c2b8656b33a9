import { z } from 'zod'
import { idInt, report } from './report.ts'

/** Inputs that several tools share. All optional, so that a call with a cursor needs nothing else. */
const IDS_MAX = 1000

export const startInput = z.string().max(40).optional().describe('YYYY-MM-DD or instant; default today')
export const endInput = z.string().max(40).optional().describe('last day, included')
export const timezoneInput = z.string().max(60).optional().describe('such as Asia/Shanghai')
export const idsInput = z.array(idInt).max(IDS_MAX).optional().describe('account ids')
export const userIdsInput = z.array(idInt).max(IDS_MAX).optional().describe('default all')

/** The one user that was asked for, where there may be no such user: figures of nothing are no figures of that user. */
export const unknownUserId = idInt.optional().describe('user_id: no table has a row of it')

export const langInput = z.enum(['zh', 'en']).default('zh').describe('of messages')

/** How completely one source of a bill was read. */
export const billSource = z.strictObject({
  source: z.enum([
    'accounts',
    'fal-usage',
    'fal-serverless',
    'fal-focus',
    'fal-billing-invoices',
    'fal-balance',
    'fal-pricing',
    'fal-estimate',
  ]),
  accountId: idInt.optional(),
  status: z.enum(['complete', 'partial', 'failed', 'not-configured']),
  reason: z.string().optional(),
})
export type BillSource = z.output<typeof billSource>

/** Whose bill was read: the accounts of the table, or the workspace of FAL_KEY alone. */
export const billScope = z.enum(['accounts', 'fal-key'])

export const windowShape = report.shape.window
export const asOfShape = report.shape.asOf
