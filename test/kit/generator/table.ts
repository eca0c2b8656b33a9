import type { RuleId } from '../../../schemas/report.ts'
import { zoneFault } from './fault-zone.ts'
import type { Injector } from './faults.ts'
import { FAULTS_A1_A4 } from './faults-a1-a4.ts'
import { FAULTS_A5_A8 } from './faults-a5-a8.ts'
import { FAULTS_B1_B5 } from './faults-b1-b5.ts'
import { FAULTS_B6_B10 } from './faults-b6-b10.ts'
import { FAULTS_B11_B15 } from './faults-b11-b15.ts'
import { FAULTS_B16_B21 } from './faults-b16-b21.ts'
import { FAULTS_B22 } from './faults-b22.ts'

/** One injector per rule. */
export const INJECTORS: readonly Injector[] = [
  ...FAULTS_A1_A4,
  ...FAULTS_A5_A8,
  ...FAULTS_B1_B5,
  ...FAULTS_B6_B10,
  ...FAULTS_B11_B15,
  ...FAULTS_B16_B21,
  ...FAULTS_B22,
  zoneFault,
]

export function injectorOf(rule: RuleId): Injector {
  const found = INJECTORS.find((each) => each.rule === rule)
  if (found === undefined) throw new RangeError(`no injector for ${rule}`)
  return found
}
