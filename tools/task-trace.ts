import { input, output } from '../schemas/task-trace.ts'
import { traceTask } from '../src/operations/task-trace.ts'
import type { Tool } from '../src/tool.ts'

export const taskTraceTool: Tool<typeof input, typeof output> = {
  name: 'task-trace',
  title: 'One task in all three books',
  description:
    "One task, fal request or ledger order in all three books: task rows, fal's billing events, ledger rows of any time, a verdict on the bill, and the findings on it. For a finding or a disputed charge. billing unread or partial is not unbilled.",
  input,
  output,
  lists: ['findings', 'tasks', 'events', 'entries', 'notEvaluated', 'sources', 'foundAs'],
  run: (given, dependencies, context) => traceTask(given, dependencies, context),
}
