import { z } from 'zod'
import { cursorInput, pagedOutput } from './paging.ts'
import { countInt, idInt, untrustedText, usdText } from './report.ts'
import { asOfShape, billScope, billSource, idsInput, timezoneInput } from './tool-shapes.ts'

const monthInput = z.string().max(10).optional()

export const input = z.strictObject({
  from: monthInput.describe('first month, YYYY-MM'),
  to: monthInput.describe('last month, YYYY-MM'),
  timezone: timezoneInput,
  ids: idsInput,
  cursor: cursorInput,
})

const invoice = z.strictObject({
  source: z
    .enum(['focus', 'derived-from-usage', 'unconfirmed-billing-invoices'])
    .describe('focus: official; derived-from-usage: a sum, not an invoice'),
  billingMonth: z.string().describe('YYYY-MM; empty: not told'),
  chargeMonths: z.string().optional().describe('focus: YYYY-MM, or first to last, in which its lines say it was spent'),
  workspace: untrustedText.optional(),
  accountIds: z.array(idInt).optional(),
  invoiceId: untrustedText.optional(),
  costUsd: usdText.nullable().describe('null: not read'),
  reason: z.string().optional().describe('why costUsd is null'),
  currency: z.string().optional(),
  status: untrustedText.optional(),
  lines: countInt.optional().describe('lines of the invoice report'),
  partial: z.boolean().optional().describe('true: the month is not over'),
})
export type InvoiceRow = z.output<typeof invoice>

export const output = pagedOutput({
  months: z.strictObject({ from: z.string(), to: z.string(), timezone: z.string() }),
  asOf: asOfShape,
  scope: billScope,
  complete: z.boolean(),
  invoices: z.array(invoice),
  sources: z.array(billSource),
  note: z.string(),
})
