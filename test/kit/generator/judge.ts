import type { Finding, Report, RuleId, Subject } from '../../../schemas/report.ts'
import type { Allowed, Expected, Plant } from './faults.ts'
import type { Rendered } from './render.ts'

export interface Verdict {
  /** What should have been found and was not, or not as it should; in words. */
  readonly missed: readonly string[]
  /** What was raised and neither expected nor allowed. */
  readonly falseAlarms: readonly Finding[]
}

/** What a world without any fault may raise. */
export const NOTHING: Plant = { expected: [], allowed: [] }

/**
 * Timing is information and no finding that counts, but only where the specification says that there is some: A1 where
 * the raw figures deviate and those by period do not.
 */
export const EDGE_TIMING: readonly Allowed[] = [
  { rule: 'A1', subject: {}, timing: true, because: 'bills on the other side of the edge, by event time' },
]

/** At depth summary nothing tells which bill belongs to which task, so that edges show in these, as timing. */
export const SUMMARY_TIMING: readonly Allowed[] = (['A1', 'A2', 'A3', 'A4'] as const).map((rule) => ({
  ...{ rule, subject: {}, timing: true, because: 'usage rows alone cannot tell a bill of yesterday' },
}))

/** Holds a report against what was planted. `active`: the rules that were run; the others are not expected. */
export function judgeReport(
  report: Report,
  { expected, allowed }: Plant,
  rendered: Rendered,
  active: ReadonlySet<RuleId>,
  timing: readonly Allowed[],
): Verdict {
  const left = new Set(report.findings)
  const missed: string[] = []
  for (const wanted of expected) {
    if (!active.has(wanted.rule)) continue
    const subject = subjectOf(wanted, rendered)
    const found = report.findings.filter(
      (finding) =>
        finding.rule === wanted.rule && finding.classification === 'BREAK' && sameSubject(finding.subject, subject),
    )
    for (const finding of found) left.delete(finding)
    const [finding] = found
    const fault = finding === undefined ? 'not found' : found.length > 1 ? 'found twice' : differenceOf(finding, wanted)
    if (fault !== undefined)
      missed.push(`${wanted.rule} ${JSON.stringify(subject)}: ${fault}${why(report, wanted.rule)}`)
  }
  const pardoned = [...allowed, ...timing]
  return { missed, falseAlarms: [...left].filter((finding) => !pardoned.some((each) => pardons(each, finding))) }
}

const subjectOf = ({ subject, row }: Expected, { rowIds }: Rendered): Subject => {
  const rowId = row === undefined ? undefined : rowIds.get(row)
  return rowId === undefined ? subject : { ...subject, rowId }
}

function sameSubject(a: Subject, b: Subject): boolean {
  const keys = [...new Set([...Object.keys(a), ...Object.keys(b)])] as (keyof Subject)[]
  return keys.every((key) => a[key] === b[key])
}

function differenceOf(finding: Finding, wanted: Expected): string | undefined {
  for (const key of ['severity', 'expected', 'actual', 'difference', 'count'] as const) {
    const value = wanted[key]
    if (value !== undefined && finding[key] !== value) return `${key} is ${finding[key]}, not ${value}`
  }
  return undefined
}

const why = ({ notEvaluated }: Report, rule: RuleId): string => {
  const reasons = new Set(notEvaluated.filter((each) => each.rule === rule).map(({ reason }) => reason))
  return reasons.size === 0 ? '' : ` (not evaluated: ${[...reasons].join('; ')})`
}

const pardons = (allowed: Allowed, finding: Finding): boolean =>
  allowed.rule === finding.rule &&
  (allowed.timing !== true || finding.classification === 'TIMING') &&
  (Object.keys(allowed.subject) as (keyof Subject)[]).every((key) => finding.subject[key] === allowed.subject[key])

export const shortly = ({ rule, classification, subject, expected, actual }: Finding): string =>
  `${rule}${classification === 'TIMING' ? ' TIMING' : ''} ${JSON.stringify(subject)} expected ${expected} actual ${actual}`
