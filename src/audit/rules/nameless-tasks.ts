import { type Reason, unknown } from './books.ts'

/** What the model of tasks is called that name none: as which model fal billed them nobody can tell by name. */
export const NAMELESS = ''

/** Why nothing is said of a model that such tasks may be of. */
export const modelUntold = (tasks: number): Reason => unknown('model-untold', { count: tasks }).reason
