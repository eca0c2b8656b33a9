import { input, output } from '../schemas/tasks-by-user.ts'
import { tasksByUser } from '../src/operations/user-tasks.ts'
import type { Tool } from '../src/tool.ts'

export const tasksByUserTool: Tool<typeof input, typeof output> = {
  name: 'tasks-by-user',
  title: 'Recorded tasks by user',
  description:
    'Tasks that the operator recorded in a window: by user, and by account, user and model, with charged points, cost in USD, refunds and free tasks. Use it for steps 2 and 3 of an audit. Points are gross: refunded tasks are in chargedPoints. Tasks of accounts not chosen are only counted, in totals.outsideAccounts.',
  input,
  output,
  lists: ['users', 'rows', 'sources'],
  run: (given, dependencies, context) => tasksByUser(given, dependencies, context),
}
