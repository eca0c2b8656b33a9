import { sum } from '../../units/exact.ts'
import { exceeds, type Ratio } from '../../units/ratio.ts'
import { type Books, type FindingDraft, type Reason, unknown } from './books.ts'
import { NAMELESS } from './nameless-tasks.ts'

/** What tasks record that name no key: each may be of any account. */
type Keyless = Books['keyless']

/** Why nothing is said that hangs on whose such tasks are. */
const keyUntold = (tasks: number): Reason => unknown('key-untold', { count: tasks }).reason

/** Why it is not said that no task records a model: such tasks bear one of its names, or none. Undefined: none of them. */
export function mayBeKeyless(keyless: Keyless, storedNames: readonly string[]): Reason | undefined {
  let tasks = 0
  for (const name of new Set([...storedNames, NAMELESS])) tasks += keyless?.get(name)?.taskCount ?? 0
  return tasks === 0 ? undefined : keyUntold(tasks)
}

/**
 * Why a record is not said to be short of the bill: with what such tasks cost, or may have cost where they do not tell, it would
 * not be. Where it exceeds the bill, more of it changes nothing. Nano-USD.
 */
export function shortForKeyless(
  { expected, actual, timing }: FindingDraft,
  keyless: Keyless,
  threshold: Ratio,
): Reason | undefined {
  if (keyless === undefined || timing === true || expected === null || actual === null || actual >= expected) {
    return undefined
  }
  const records = [...keyless.values()].filter(({ taskCount }) => taskCount > 0)
  const cost = sum(records, ({ costNanoUsd }) => costNanoUsd)
  const isCostUntold = records.some(({ untoldCosts = 0, untold }) => untoldCosts > 0 || (untold?.unended ?? 0) > 0)
  if (!isCostUntold && exceeds(expected - actual - cost, expected, threshold)) return undefined
  const tasks = records.reduce((count, { taskCount }) => count + taskCount, 0)
  return tasks === 0 ? undefined : keyUntold(tasks)
}
