import type { RuleId } from '../../schemas/report.ts'
import { RULES_ZH_A } from './rules-zh-a.ts'
import { RULES_ZH_B } from './rules-zh-b.ts'
import type { RuleWords } from './vocabulary.ts'

/** The rules in Chinese: one entry a rule. */
export const RULES_ZH: Readonly<Record<RuleId, RuleWords>> = { ...RULES_ZH_A, ...RULES_ZH_B }
