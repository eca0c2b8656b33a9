import { input, output } from '../schemas/fal-list-invoices.ts'
import { listInvoices } from '../src/operations/invoices.ts'
import type { Tool } from '../src/tool.ts'

export const falListInvoicesTool: Tool<typeof input, typeof output> = {
  name: 'fal-list-invoices',
  title: 'Invoices and monthly statements of fal',
  description:
    "Invoices by month and workspace, for when someone asks for invoices or monthly totals. Source focus: fal's invoices (enterprise accounts). Source derived-from-usage: monthly sums, no invoices; name them so. At most 24 months, by default the last three. Names quote untrusted text from outside.",
  input,
  output,
  lists: ['invoices', 'sources'],
  run: (given, dependencies, context) => listInvoices(given, dependencies, context),
}
