import type { Finding, NotEvaluated, Report } from '../../schemas/report.ts'
import { cleanText } from './clean.ts'
import { subjectText, vocabulary } from './messages.ts'
import type { Block, Line } from './view.ts'
import type { Lang } from './vocabulary.ts'

/** Findings printed, one line each. The report has them most severe first, so the lesser ones are left out. */
const FINDINGS_SHOWN_MAX = 500
const REASONS_SHOWN_MAX = 50
const SUBJECTS_SHOWN_MAX = 5
/** A message holds several texts of others, each already cut. */
const MESSAGE_CHARS = 600

/** The findings, the checks that could not be made, what was examined, and the thresholds that decided. */
export function alertBlocks(report: Report, lang: Lang): Block[] {
  const words = vocabulary(lang)
  const blocks: Block[] = [{ kind: 'heading', text: words.alerts }]
  const shown = report.findings.slice(0, FINDINGS_SHOWN_MAX)
  const leftOut = report.findings.length - shown.length
  const lines = shown.map(findingLine)
  if (leftOut > 0) lines.push({ lead: words.moreFindings(leftOut), text: '' })
  blocks.push({ kind: 'alerts', lines: lines.length === 0 ? [{ lead: words.noFindings, text: '' }] : lines })
  const reasons = notEvaluatedLines(report.notEvaluated, lang)
  if (reasons.length > 0) blocks.push({ kind: 'list', title: words.notEvaluated, lines: reasons })
  const grounds = groundLines(report, lang)
  if (grounds.length > 0) blocks.push({ kind: 'list', title: words.checks, lines: grounds })
  return blocks
}

function findingLine(finding: Finding): Line {
  const timing = finding.classification === 'TIMING' ? ' (TIMING)' : ''
  return {
    lead: `[${finding.severity}] ${finding.rule}${timing}:`,
    text: cleanText(finding.message, MESSAGE_CHARS),
  }
}

interface ReasonGroup {
  readonly rule: string
  readonly reason: string
  readonly subjects: NotEvaluated['subject'][]
}

/** One line for each rule and reason, in the order in which they first occur. */
function notEvaluatedLines(checks: readonly NotEvaluated[], lang: Lang): Line[] {
  const words = vocabulary(lang)
  const groups = new Map<string, ReasonGroup>()
  for (const { rule, subject, reason } of checks) {
    const key = `${rule} ${reason}`
    const group = groups.get(key) ?? { rule, reason, subjects: [] }
    group.subjects.push(subject)
    groups.set(key, group)
  }
  const lines = [...groups.values()].slice(0, REASONS_SHOWN_MAX).map(({ rule, reason, subjects }): Line => {
    const first = subjects
      .slice(0, SUBJECTS_SHOWN_MAX)
      .map((subject) => subjectText(subject, lang))
      .filter((subject) => subject !== '')
    const count = first.length === 0 ? 0 : subjects.length
    return {
      lead: `${rule} ×${subjects.length}:`,
      text: `${cleanText(reason, MESSAGE_CHARS)}${words.subjects(first, count)}`,
    }
  })
  if (groups.size > lines.length) lines.push({ lead: words.moreReasons(groups.size - lines.length), text: '' })
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
