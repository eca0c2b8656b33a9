import type { Finding, NotEvaluated, RuleId } from '../../../schemas/report.ts'
import type { Lang } from '../../render/vocabulary.ts'
import type { Evidence } from '../evidence.ts'
import type { RequestGroup } from '../requests/request-group.ts'
import type { TaskVerdict } from '../rules/facts.ts'
import { unrecordedRequests } from '../rules/request-book.ts'
import { RULES } from '../rules/table.ts'
import { wordOutcomes } from './findings.ts'
import { judgeEvidence } from './judge-evidence.ts'

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
  /** Requests with cost that no task records: those that B1 accuses. */
  readonly unrecorded: ReadonlySet<string>
  readonly findings: readonly Finding[]
  readonly notEvaluated: readonly NotEvaluated[]
  /** Rows of tasks of whose bill nobody can tell after all, and why. */
  readonly open: ReadonlyMap<number, string>
}

export interface TraceOptions {
  /** Of all that is judged, only these requests are told of; absent: of all. Findings are told all the same. */
  readonly requestIds?: ReadonlySet<string>
  readonly signal?: AbortSignal
}

/** Joins and judges evidence that holds nothing but some tasks and what belongs to them, as the audit does. */
export async function judgeTrace(
  evidence: Evidence,
  lang: Lang,
  { requestIds, signal }: TraceOptions = {},
): Promise<TraceJudgement> {
  const verdicts: TaskVerdict[] = []
  const groups: RequestGroup[] = []
  const unrecorded = new Set<string>()
  const isTold = (requestId: string): boolean => requestIds?.has(requestId) ?? true
  const { outcomes, books } = await judgeEvidence(evidence, {
    rules: TASK_RULES,
    ...(signal && { signal }),
    take: ({ join, book }) => {
      for (const verdict of join.verdicts) if (isTold(verdict.task.requestId)) verdicts.push(verdict)
      for (const group of join.groups) if (isTold(group.requestId)) groups.push(group)
      for (const { requestId } of unrecordedRequests(book)) if (isTold(requestId)) unrecorded.add(requestId)
    },
  })
  const { findings, notEvaluated } = wordOutcomes(outcomes, books, lang)
  return { verdicts, groups, unrecorded, findings, notEvaluated, open: new Map() }
}
