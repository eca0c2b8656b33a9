import type { Finding, NotEvaluated, RuleId } from '../../schemas/report.ts'
import type { Lang } from '../render/vocabulary.ts'
import type { Evidence } from './evidence.ts'
import { wordOutcomes } from './findings.ts'
import { judgeEvidence } from './judge-evidence.ts'
import type { RequestGroup } from './requests.ts'
import type { Orphan, TaskVerdict } from './rules/facts.ts'
import { RULES } from './rules/table.ts'

/** Rules that concern single tasks and requests, and so can be judged of a few of them as of all. */
const TASK_RULE_IDS: ReadonlySet<RuleId> = new Set<RuleId>([
  ...(['B1', 'B2', 'B3', 'B4', 'B5', 'B6', 'B7', 'B8', 'B9', 'B10'] as const),
  ...(['B14', 'B18', 'B20', 'B22'] as const),
])
const TASK_RULES = RULES.filter(({ id }) => TASK_RULE_IDS.has(id))

/** Rules whose fingerprint names the window of the audit, which a trace does not have. */
const WINDOW_RULES: ReadonlySet<RuleId> = new Set(RULES.filter(({ perWindow }) => perWindow).map(({ id }) => id))

export const hasOwnWindow = (rule: RuleId): boolean => WINDOW_RULES.has(rule)

/** What the audit itself says of a few tasks and requests. */
export interface TraceJudgement {
  readonly verdicts: readonly TaskVerdict[]
  readonly groups: readonly RequestGroup[]
  readonly orphans: readonly Orphan[]
  readonly findings: readonly Finding[]
  readonly notEvaluated: readonly NotEvaluated[]
}

/** Joins and judges evidence that holds nothing but some tasks and what belongs to them, as the audit does. */
export async function judgeTrace(evidence: Evidence, lang: Lang): Promise<TraceJudgement> {
  const verdicts: TaskVerdict[] = []
  const groups: RequestGroup[] = []
  const orphans: Orphan[] = []
  const { outcomes, books } = await judgeEvidence(evidence, {
    rules: TASK_RULES,
    take: ({ join }) => {
      verdicts.push(...join.verdicts)
      groups.push(...join.groups)
      orphans.push(...join.orphans)
    },
  })
  const { findings, notEvaluated } = wordOutcomes(outcomes, books, lang)
  return { verdicts, groups, orphans, findings, notEvaluated }
}
