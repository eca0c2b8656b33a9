import { type Reason, unknown } from './books.ts'

/** What the model of tasks is called that name none: as which model fal billed them nobody can tell by name. */
export const NAMELESS = ''

/** Why nothing is said of a model that such tasks may be of; 0 of them: what others were billed as may tell a name. */
export const modelUntold = (tasks: number): Reason =>
  unknown('model-untold', tasks === 0 ? undefined : { count: tasks }).reason
