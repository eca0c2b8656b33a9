import type { Severity } from '../../schemas/report.ts'
import { LIMITS } from '../limits.ts'
import type { RuleSettings } from '../settings.ts'
import { abs } from '../units/exact.ts'
import type { Books, FindingDraft, Reason, Rule, RuleOutcome } from './rules/books.ts'

/** What rules said so far, piece by piece. */
export class Outcomes {
  readonly #rules: readonly Rule[]
  readonly #settings: RuleSettings
  readonly #drafts: ReadonlyMap<Rule, OutcomeDraft>

  constructor(rules: readonly Rule[], settings: RuleSettings, findingsMax: number = LIMITS.findingsPerRule) {
    this.#rules = rules
    this.#settings = settings
    this.#drafts = new Map(rules.map((rule) => [rule, new OutcomeDraft(rule.severity, findingsMax)]))
  }

  /** Has the rules that `picks` picks judge some books. */
  judge(books: Books, picks: (rule: Rule) => boolean): void {
    for (const rule of this.#rules) {
      if (picks(rule)) this.#drafts.get(rule)?.add(rule.evaluate(books, this.#settings))
    }
  }

  /** In the order of the rules. */
  close(): Map<Rule, RuleOutcome> {
    return new Map([...this.#drafts].map(([rule, draft]) => [rule, draft.outcome()]))
  }
}

class OutcomeDraft {
  readonly #severity: Severity
  readonly #max: number
  #examined = 0
  readonly #findings: FindingDraft[] = []
  readonly #omitted = { breaks: 0, timing: 0, critical: 0, medium: 0, users: new Set<number>() }
  /** What several pieces say alike is said once. */
  readonly #notEvaluated = new Map<string, RuleOutcome['notEvaluated'][number]>()

  constructor(severity: Severity, max: number) {
    this.#severity = severity
    this.#max = max
  }

  add({ examined, findings, notEvaluated }: RuleOutcome): void {
    this.#examined += examined
    for (const finding of findings) {
      this.#findings.push(finding)
      if (this.#findings.length > 2 * this.#max) this.#cut()
    }
    for (const each of notEvaluated) this.#notEvaluated.set(JSON.stringify([each.subject, inOrder(each.reason)]), each)
  }

  outcome(): RuleOutcome {
    this.#cut()
    const { breaks, timing } = this.#omitted
    return {
      examined: this.#examined,
      findings: this.#findings,
      notEvaluated: [...this.#notEvaluated.values()],
      ...(breaks + timing > 0 && { omitted: this.#omitted }),
    }
  }

  /** Keeps the findings that a report would name first. */
  #cut(): void {
    if (this.#findings.length <= this.#max) return
    this.#findings.sort((a, b) => this.#compare(a, b))
    for (const { timing, severity, subject, context } of this.#findings.splice(this.#max)) {
      const weight = timing === true ? 'TIMING' : (severity ?? this.#severity)
      if (weight === 'TIMING') this.#omitted.timing += 1
      else this.#omitted.breaks += 1
      if (weight === 'HIGH') this.#omitted.critical += 1
      if (weight === 'MEDIUM') this.#omitted.medium += 1
      for (const userId of [subject.userId, context?.userId]) if (userId !== undefined) this.#omitted.users.add(userId)
    }
  }

  #compare(a: FindingDraft, b: FindingDraft): number {
    return (
      this.#gravity(a) - this.#gravity(b) ||
      compare(amountOf(b), amountOf(a)) ||
      compare(JSON.stringify(a.subject), JSON.stringify(b.subject))
    )
  }

  #gravity({ timing, severity }: FindingDraft): number {
    return timing === true ? SEVERITIES.length : SEVERITIES.indexOf(severity ?? this.#severity)
  }
}

const SEVERITIES: readonly Severity[] = ['HIGH', 'MEDIUM', 'LOW']

const amountOf = ({ expected, actual }: FindingDraft): bigint =>
  expected === null || actual === null ? 0n : abs(actual - expected)

const compare = <T extends bigint | string>(a: T, b: T): number => (a < b ? -1 : a > b ? 1 : 0)

const inOrder = ({ code, params }: Reason): unknown[] => [code, Object.entries(params ?? {}).sort()]
