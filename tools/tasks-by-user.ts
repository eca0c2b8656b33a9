import { input, output } from '../schemas/tasks-by-user.ts'
import { tasksByUser } from '../src/operations/user-tasks.ts'
import type { Tool } from '../src/tool.ts'

export const tasksByUserTool: Tool<typeof input, typeof output> = {
  name: 'tasks-by-user',
  title: 'Recorded tasks by user',
  description:
    'Tasks that the operator recorded, by user, and by account, user and model: charged points, cost in USD, refunds, free tasks. Steps 2 and 3 of an audit. Points are gross: refunded tasks are in chargedPoints.',
  input,
  output,
  lists: ['users', 'rows', 'sources'],
  run: (given, dependencies, context) => tasksByUser(given, dependencies, context),
}
