import type { RuleId } from '../../schemas/report.ts'
import { RULES_EN_A } from './rules-en-a.ts'
import { RULES_EN_B } from './rules-en-b.ts'
import type { RuleWords } from './vocabulary.ts'

/** The rules in English: one entry a rule. */
export const RULES_EN: Readonly<Record<RuleId, RuleWords>> = { ...RULES_EN_A, ...RULES_EN_B }
