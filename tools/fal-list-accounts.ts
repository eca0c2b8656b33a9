import { input, output } from '../schemas/fal-list-accounts.ts'
import { listAccounts } from '../src/operations/accounts.ts'
import type { Tool } from '../src/tool.ts'

export const falListAccountsTool: Tool<typeof input, typeof output> = {
  name: 'fal-list-accounts',
  title: 'The fal accounts and what their keys may read',
  description:
    'Accounts of the account table: status, workspace, balances, newest task of the key, and whether fal lets the key read balance, usage and billing events, or why not.',
  input,
  output,
  lists: ['accounts', 'sources'],
  run: (given, dependencies, context) => listAccounts(given, dependencies, context),
}
