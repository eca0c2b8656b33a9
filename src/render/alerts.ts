import type { Finding, NotEvaluated, Report, RuleId } from '../../schemas/report.ts'
import {
  addDecimals,
  type Decimal,
  formatDecimal,
  parseDecimal,
  subtractDecimals,
  ZERO_DECIMAL,
} from '../units/decimal.ts'
import { cleanText } from './clean.ts'
import { subjectText, vocabulary } from './messages.ts'
import { usdCell } from './money.ts'
import { accountsInNameDoubt } from './name-doubt.ts'
import { reasonsOnce } from './reasons-once.ts'
import type { Block, Line } from './view.ts'
import type { Lang } from './vocabulary.ts'
import type { Vocabulary } from './words-en.ts'

/** Findings printed, one line each. The report has them most severe first, so the lesser ones are left out. */
const FINDINGS_SHOWN_MAX = 500
/** Findings printed of each rule that judges requests or tasks one by one. */
const OF_RULE_SHOWN_MAX = 10
const REQUEST_RULES: ReadonlySet<RuleId> = new Set<RuleId>([
  ...(['B1', 'B2', 'B3', 'B4', 'B5', 'B6', 'B7', 'B8', 'B9', 'B10', 'B18', 'B22'] as const),
])
const REASONS_SHOWN_MAX = 50
const SUBJECTS_SHOWN_MAX = 5
/** A message holds several texts of others, each already cut. */
const MESSAGE_CHARS = 600

/** The findings, the checks that could not be made, what was examined, and the thresholds that decided. */
export function alertBlocks(report: Report, lang: Lang): Block[] {
  const words = vocabulary(lang)
  const blocks: Block[] = [{ kind: 'heading', text: words.alerts }]
  const lines = findingLines(report, words)
  const none = report.coverage.complete ? words.noFindings : words.noFindingsInRead
  blocks.push({ kind: 'alerts', lines: lines.length === 0 ? [{ lead: none, text: '' }] : lines })
  const doubt = nameDoubtLines(report, words)
  if (doubt.length > 0) blocks.push({ kind: 'list', title: words.doubt, lines: doubt })
  const unlisted = unlistedLines(report.rules, words)
  if (unlisted.length > 0) blocks.push({ kind: 'list', title: words.unlisted, lines: unlisted })
  const reasons = notEvaluatedLines(report, lang)
  if (reasons.length > 0) blocks.push({ kind: 'list', title: words.notEvaluated, lines: reasons })
  const grounds = groundLines(report, lang)
  if (grounds.length > 0) blocks.push({ kind: 'list', title: words.checks, lines: grounds })
  return blocks
}

/**
 * The findings in their order, gravest first. Of a rule that judges requests one by one only the first few, and where the
 * next one would stand a line for all others of it: a leak of a thousand requests does not bury what else is wrong.
 */
function findingLines({ findings, rules }: Report, words: Vocabulary): Line[] {
  const printed = new Map<RuleId, number>()
  const stoodFor = new Set<RuleId>()
  const lines: Line[] = []
  let left = 0
  for (const finding of findings) {
    const { rule } = finding
    if (stoodFor.has(rule)) continue
    const before = printed.get(rule) ?? 0
    printed.set(rule, before + 1)
    if (lines.length >= FINDINGS_SHOWN_MAX) left += 1
    else if (!REQUEST_RULES.has(rule) || before < OF_RULE_SHOWN_MAX) lines.push(findingLine(finding))
    else {
      stoodFor.add(rule)
      lines.push(moreOfRule(rule, findings, omittedOf(rules, rule), words))
    }
  }
  if (left > 0) lines.push({ lead: words.moreFindings(left), text: '', standsForMore: true })
  return lines
}

/**
 * How many findings of a rule are not printed, and what all of them come to, each as it counts, in the rule's unit. Where
 * the report leaves some out: what those in it come to.
 */
function moreOfRule(rule: RuleId, findings: readonly Finding[], omitted: number, words: Vocabulary): Line {
  const listed = findings.filter((finding) => finding.rule === rule)
  const total = totalOf(listed, words)
  const leftOut = listed.length + omitted - OF_RULE_SHOWN_MAX
  const lead = words.moreOfRule(rule, leftOut, total, listed.length, omitted === 0)
  return { lead, text: '', standsForMore: true }
}

/** What is to be mended before A2 and A3 are believed. */
function nameDoubtLines(report: Report, words: Vocabulary): Line[] {
  const accounts = accountsInNameDoubt(report)
  if (accounts === 'all') return [{ lead: 'A2, A3:', text: words.nameDoubt }]
  if (accounts.length === 0) return []
  return [{ lead: 'A2, A3:', text: words.nameDoubtOf(accounts.join(words.comma)) }]
}

const omittedOf = (rules: Report['rules'], rule: RuleId): number =>
  rules.find((tally) => tally.rule === rule)?.omitted ?? 0

/** The rules of which findings are counted and not in the report, how many, and what to do to see them. */
function unlistedLines(rules: Report['rules'], words: Vocabulary): Line[] {
  const cut = rules.flatMap(({ rule, findings, omitted = 0 }): Line[] =>
    omitted === 0 ? [] : [{ lead: words.unlistedOfRule(rule, omitted, findings), text: '' }],
  )
  return cut.length === 0 ? [] : [...cut, { lead: words.unlistedAdvice, text: '' }]
}

/**
 * Sum of the differences without their signs, as one that cancels out would look like none, and of each sign alone where
 * there are both; '' where one is not known.
 */
function totalOf(findings: readonly Finding[], words: Vocabulary): string {
  const [unit, ...others] = new Set(findings.map((finding) => finding.unit))
  if (unit === undefined || unit === 'count' || others.length > 0) return ''
  let [above, below] = [ZERO_DECIMAL, ZERO_DECIMAL]
  for (const { difference } of findings) {
    const amount = difference === null ? undefined : parseDecimal(difference)
    if (amount === undefined) return ''
    if (amount.digits < 0n) below = subtractDecimals(below, amount)
    else above = addDecimals(above, amount)
  }
  const cellOf = (amount: Decimal): string => (unit === 'USD' ? usdCell(formatDecimal(amount)) : formatDecimal(amount))
  const sum = cellOf(addDecimals(above, below))
  const total = unit === 'USD' ? `${sum} USD` : words.points(sum)
  return above.digits === 0n || below.digits === 0n ? total : words.ofBothSigns(total, cellOf(above), cellOf(below))
}

function findingLine(finding: Finding): Line {
  const timing = finding.classification === 'TIMING' ? ' (TIMING)' : ''
  return {
    lead: `[${finding.severity}] ${finding.rule}${timing}:`,
    text: cleanText(finding.message, MESSAGE_CHARS),
  }
}

interface ReasonGroup extends NotEvaluated {
  readonly subjects: NotEvaluated['subject'][]
}

/**
 * One line for each rule and reason, in the order in which they first occur. Why a source of an account was not read stands above all
 * figures, and is told in the first of these lines alone.
 */
function notEvaluatedLines({ notEvaluated, coverage }: Report, lang: Lang): Line[] {
  const words = vocabulary(lang)
  const groups = new Map<string, ReasonGroup>()
  for (const check of notEvaluated) {
    const key = `${check.rule} ${check.reason}`
    const group = groups.get(key) ?? { ...check, subjects: [] }
    group.subjects.push(check.subject)
    groups.set(key, group)
  }
  const shown = reasonsOnce([...groups.values()].slice(0, REASONS_SHOWN_MAX), coverage.sources)
  const lines = shown.map(({ rule, reason, subjects }): Line => {
    const first = subjects
      .slice(0, SUBJECTS_SHOWN_MAX)
      .map((subject) => subjectText(subject, lang))
      .filter((subject) => subject !== '')
    const count = first.length === 0 ? 0 : subjects.length
    return {
      lead: `${rule} ×${subjects.length}:`,
      text: `${cleanText(reason, MESSAGE_CHARS)}${words.subjects(first, count)}`,
      ...(count > first.length && { standsForMore: true }),
    }
  })
  if (groups.size > lines.length) {
    lines.push({ lead: words.moreReasons(groups.size - lines.length), text: '', standsForMore: true })
  }
  return lines
}

function groundLines(report: Report, lang: Lang): Line[] {
  const words = vocabulary(lang)
  const examined = report.rules.map(({ rule, examined: count }) => `${rule} ${count}`).join(words.comma)
  const thresholds = Object.entries(report.settings.thresholds)
    .map(([name, value]) => `${cleanText(name)} = ${cleanText(value)}`)
    .join(words.comma)
  return [
    { lead: `${words.examined}:`, text: examined },
    { lead: `${words.thresholds}:`, text: thresholds },
  ].filter((line) => line.text !== '')
}
