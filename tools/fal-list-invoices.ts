import { input, output } from '../schemas/fal-list-invoices.ts'
import { listInvoices } from '../src/operations/invoices.ts'
import type { Tool } from '../src/tool.ts'

export const falListInvoicesTool: Tool<typeof input, typeof output> = {
  name: 'fal-list-invoices',
  title: 'Invoices and monthly statements of fal',
  description:
    "Invoices by month and workspace. Use it when someone asks for invoices or monthly totals. Rows with source focus come from fal's invoice report (enterprise accounts); rows with source derived-from-usage are monthly sums, no invoices, and are to be named so. Months are YYYY-MM, at most 24, by default the last three. A null cost was not read.",
  input,
  output,
  lists: ['invoices', 'sources'],
  run: (given, dependencies, context) => listInvoices(given, dependencies, context),
}
