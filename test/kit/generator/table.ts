import type { RuleId } from '../../../schemas/report.ts'
import type { Injector } from './faults.ts'
import { FAULTS_A1_A4 } from './faults-a1-a4.ts'
import { FAULTS_A5_A8 } from './faults-a5-a8.ts'

/** One injector per rule. */
export const INJECTORS: readonly Injector[] = [...FAULTS_A1_A4, ...FAULTS_A5_A8]

export function injectorOf(rule: RuleId): Injector {
  const found = INJECTORS.find((each) => each.rule === rule)
  if (found === undefined) throw new RangeError(`no injector for ${rule}`)
  return found
}
