import { input, output } from '../schemas/fal-list-invoices.ts'
import { listInvoices } from '../src/operations/invoices.ts'
import type { Tool } from '../src/tool.ts'

export const falListInvoicesTool: Tool<typeof input, typeof output> = {
  name: 'fal-list-invoices',
  title: 'Invoices and monthly statements of fal',
  description:
    'Invoices by month and workspace, for the accounts of the account table or for FAL_KEY alone. Use it when someone asks for invoices or monthly totals. Where fal opens its invoice report (FOCUS, enterprise accounts) rows have source focus. Elsewhere rows are monthly sums of usage with source derived-from-usage: these are no invoices and are to be named so. Months are YYYY-MM in the zone of the audit, at most 24, by default the last three with the current one (partial). A null cost was not read; sources say why.',
  input,
  output,
  lists: ['invoices', 'sources'],
  run: (given, dependencies, context) => listInvoices(given, dependencies, context),
}
