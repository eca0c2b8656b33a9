import { SEVERITIES, type Severity } from '../../../schemas/report.ts'
import { LIMITS } from '../../limits.ts'
import type { RuleSettings } from '../../settings.ts'
import { abs, bitLength } from '../../units/exact.ts'
import { atOnce } from '../breathe.ts'
import type { Books, Doubt, FindingContext, FindingDraft, Reason, Rule, RuleOutcome } from '../rules/books.ts'

/** What rules said so far, piece by piece. */
export class Outcomes {
  readonly #rules: readonly Rule[]
  readonly #settings: RuleSettings
  readonly #drafts: ReadonlyMap<Rule, OutcomeDraft>

  constructor(rules: readonly Rule[], settings: RuleSettings, findingsMax: number = LIMITS.findingsPerRule) {
    this.#rules = rules
    this.#settings = settings
    this.#drafts = new Map(rules.map((rule) => [rule, new OutcomeDraft(rule, findingsMax)]))
  }

  /** Has the rules that `picks` picks judge some books. */
  judge(books: Books, picks: (rule: Rule) => boolean): void {
    atOnce(this.judging(books, picks))
  }

  /** The same, one rule a step. */
  *judging(books: Books, picks: (rule: Rule) => boolean): Generator<undefined, void, undefined> {
    for (const rule of this.#rules) {
      if (!picks(rule)) continue
      this.#drafts.get(rule)?.add(rule.evaluate(books, this.#settings))
      yield
    }
  }

  /** Has rules that judge pieces take back what all pieces together put in doubt, and tell what these leave open. */
  reconsider(books: Books, canonicalOf: (stored: string) => string): void {
    for (const rule of this.#rules) {
      const doubt = rule.doubts?.(books, canonicalOf)
      if (doubt !== undefined) this.#drafts.get(rule)?.takeBack(doubt)
      for (const each of rule.leavesOpen?.(books) ?? []) this.#drafts.get(rule)?.leaveOpen(each)
    }
  }

  /** In the order of the rules. */
  close(): Map<Rule, RuleOutcome> {
    return new Map([...this.#drafts].map(([rule, draft]) => [rule, draft.outcome()]))
  }
}

/** Findings that are counted alone: whose they are, as far as that could put them in doubt. */
interface Omitted {
  readonly context: FindingContext
  /** Of one of them. */
  readonly amount: bigint
  breaks: number
  timing: number
  critical: number
  medium: number
  readonly users: Set<number>
}

class OutcomeDraft {
  readonly #severity: Severity
  readonly #mayDoubt: boolean
  readonly #max: number
  #examined = 0
  readonly #findings: FindingDraft[] = []
  readonly #omitted = new Map<string, Omitted>()
  /** What several pieces say alike is said once. */
  readonly #notEvaluated = new Map<string, RuleOutcome['notEvaluated'][number]>()

  constructor({ severity, doubts }: Rule, max: number) {
    this.#severity = severity
    this.#mayDoubt = doubts !== undefined
    this.#max = max
  }

  add({ examined, findings, notEvaluated }: RuleOutcome): void {
    this.#examined += examined
    for (const finding of findings) {
      this.#findings.push(finding)
      if (this.#findings.length > 2 * this.#max) this.#cut()
    }
    for (const each of notEvaluated) this.leaveOpen(each)
  }

  leaveOpen(each: RuleOutcome['notEvaluated'][number]): void {
    this.#notEvaluated.set(JSON.stringify([each.subject, inOrder(each.reason)]), each)
  }

  /** What is in doubt is neither a finding any more nor examined. */
  takeBack(doubt: Doubt): void {
    const isTaken = (context: FindingContext, findings: number, amount: bigint): boolean => {
      const reason = doubt(context, amount)
      if (reason === undefined) return false
      this.#examined -= findings
      this.leaveOpen({ subject: modelOf(context), reason })
      return true
    }
    const kept = this.#findings.filter((finding) => !isTaken(finding.context ?? {}, 1, amountOf(finding)))
    this.#findings.splice(0, this.#findings.length, ...kept)
    for (const [key, { context, breaks, timing, amount }] of this.#omitted) {
      if (isTaken(context, breaks + timing, amount)) this.#omitted.delete(key)
    }
  }

  outcome(): RuleOutcome {
    this.#cut()
    const omitted = newOmitted({}, 0n)
    for (const each of this.#omitted.values()) addOmitted(omitted, each)
    const { context: _, amount: __, breaks, timing, ...others } = omitted
    return {
      examined: this.#examined,
      findings: this.#findings,
      notEvaluated: [...this.#notEvaluated.values()],
      ...(breaks + timing > 0 && { omitted: { breaks, timing, ...others } }),
    }
  }

  /** Keeps the findings that a report would name first. */
  #cut(): void {
    if (this.#findings.length <= this.#max) return
    this.#findings.sort((a, b) => this.#compare(a, b))
    for (const finding of this.#findings.splice(this.#max)) {
      const { timing, severity, context } = finding
      const omitted = this.#omittedOf(context, amountOf(finding))
      const weight = timing === true ? 'TIMING' : (severity ?? this.#severity)
      if (weight === 'TIMING') omitted.timing += 1
      else omitted.breaks += 1
      if (weight === 'HIGH') omitted.critical += 1
      if (weight === 'MEDIUM') omitted.medium += 1
      for (const userId of usersOf(finding)) omitted.users.add(userId)
    }
  }

  #omittedOf(given: FindingContext | undefined, amount: bigint): Omitted {
    const context = this.#mayDoubt ? modelOf(given ?? {}) : {}
    const key = this.#mayDoubt ? JSON.stringify([context, bitLength(amount)]) : ''
    const omitted = this.#omitted.get(key) ?? newOmitted(context, amount)
    this.#omitted.set(key, omitted)
    return omitted
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

/** The users whom a finding concerns. */
export const usersOf = ({ subject, context, users = [] }: FindingDraft): number[] =>
  [subject.userId, context?.userId, ...users].filter((userId) => userId !== undefined)

/** The account and model that a finding concerns. */
const modelOf = ({ accountId, model }: FindingContext): FindingContext => ({
  ...(accountId !== undefined && { accountId }),
  ...(model !== undefined && { model }),
})

const newOmitted = (context: FindingContext, amount: bigint): Omitted => ({
  ...{ context, amount, breaks: 0, timing: 0, critical: 0, medium: 0 },
  users: new Set(),
})

function addOmitted(to: Omitted, from: Omitted): void {
  to.breaks += from.breaks
  to.timing += from.timing
  to.critical += from.critical
  to.medium += from.medium
  for (const userId of from.users) to.users.add(userId)
}

const amountOf = ({ expected, actual }: FindingDraft): bigint =>
  expected === null || actual === null ? 0n : abs(actual - expected)

const compare = <T extends bigint | string>(a: T, b: T): number => (a < b ? -1 : a > b ? 1 : 0)

const inOrder = ({ code, params }: Reason): unknown[] => [code, Object.entries(params ?? {}).sort()]
