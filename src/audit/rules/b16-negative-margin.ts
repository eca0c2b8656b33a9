import { NANO_PER_USD } from '../../units/nano-usd.ts'
import { formatRatio, type Ratio } from '../../units/ratio.ts'
import { type Books, type FindingDraft, type Reason, type Rule, type RuleOutcome, unknown } from './books.ts'
import type { ModelDay, UndatedBill } from './facts.ts'
import { modelUntold, NAMELESS } from './nameless-tasks.ts'
import { notRead, unjudgedAccounts } from './request-book.ts'
import { hasOtherDays, type UnplacedTasks } from './unplaced-tasks.ts'
import { tasksUntold } from './untold-tasks.ts'

/**
 * B16, per model and day of the tasks' creation: at the configured rate, the charges of the tasks whose requests are
 * billed, net of refunds, are worth less than fal billed for them. Of a request that several tasks bear all charges count,
 * and its cost once. A model is one however tasks write it, as for A2 and A3. Nothing is said of a day that such tasks may tip
 * whose time cannot be read, nor of a loss that the charges of tasks may make up for whose bill was not read. Tasks that name no model
 * may be of any: they are none of their own. All of these together may make up for a loss. Nano-USD, compared exactly.
 * Source: rule B16 of the specification.
 */
export const b16NegativeMargin: Rule = {
  id: 'B16',
  severity: 'MEDIUM',
  perWindow: false,
  evaluate(books, { pointsPerUsd }) {
    const { requests, unplaced, untold } = books
    if (!requests.known) return notRead(requests.reason)
    if (pointsPerUsd === undefined) return notRead(unknown('rate-missing').reason)
    const { modelDays, undated = [] } = requests.value
    const findings: FindingDraft[] = []
    const unjudged = unjudgedAccounts(requests.value)
    const notEvaluated = [...unjudged]
    const margins = unplaced === undefined ? NO_MARGINS : marginsOf(unplaced, undated, pointsPerUsd)
    const nameless = new Map(modelDays.filter(isNameless).map((day) => [day.date, day]))
    let examined = 0
    for (const day of modelDays) {
      if (isNameless(day)) {
        if (day.taskCount > 0) notEvaluated.push({ subject: { date: day.date }, reason: modelUntold(day.taskCount) })
        continue
      }
      const finding = lossOf(day, pointsPerUsd)
      const others = nameless.get(day.date)
      // How little of their bill is that of its tasks nobody can tell.
      const theirs = others === undefined ? 0n : gainOf(others, pointsPerUsd)
      // What is not told may make up for it.
      if (finding !== undefined && (day.untoldCharges ?? 0) > 0) {
        notEvaluated.push({ subject: finding.subject, reason: tasksUntold('charge-untold', untold?.charges) })
      } else if (finding !== undefined && others !== undefined && madeUpBy(day, theirs, pointsPerUsd)) {
        const isAny = others.taskCount > 0
        const reason = isAny ? modelUntold(others.taskCount) : unreadReason(others, unjudged)
        notEvaluated.push({ subject: finding.subject, reason })
      } else if (finding !== undefined && mayMakeUp(day, theirs, pointsPerUsd)) {
        notEvaluated.push({ subject: finding.subject, reason: unreadReason(day, unjudged) })
      } else if (
        unplaced !== undefined &&
        mayTip(day, isTold(unplaced) ? marginsFor(day, margins) : ANY_MARGIN, theirs, pointsPerUsd)
      ) {
        notEvaluated.push({ subject: { model: day.model, date: day.date }, reason: unplaced.reason })
      } else {
        examined += 1
        if (finding !== undefined) findings.push(finding)
      }
    }
    return { examined, findings, notEvaluated: [...notEvaluated, ...otherDays(books, modelDays, margins)] }
  },
}

/** What tasks of a model whose time cannot be read would add to a margin, and take from it; null: any amount. */
interface Margins {
  /** Of the names that they store for the model the first. */
  model: string
  gained: bigint | null
  lost: bigint | null
}

const NO_MARGINS: ReadonlyMap<string, Margins> = new Map()

/** By canonical name of the model. Of those that fal did not bill, no charge counts; of too many it is not known which of them it billed. */
function marginsOf(
  { sorts, byRequest }: UnplacedTasks,
  undated: readonly UndatedBill[],
  rate: Ratio,
): ReadonlyMap<string, Margins> {
  const margins = new Map<string, Margins>()
  const of = (canonical: string, stored: string): Margins => {
    const known = margins.get(canonical) ?? { model: stored, gained: 0n, lost: 0n }
    margins.set(canonical, known)
    if (stored < known.model) known.model = stored
    return known
  }
  // What several tasks may be billed for is billed once.
  const worst = new Map<string, bigint>()
  for (const { task, canonical, billedNanoUsd, userOpen, orOther } of undated) {
    // Nor does a day count tasks that have a time and name no user, where users are asked for.
    if (userOpen === true) continue
    const known = of(canonical, task.model)
    const keptPoints = task.refunded ? 0n : task.chargedPoints
    const margin = marginOf({ keptPoints, billedNanoUsd }, rate)
    // With another that is billed in its stead its charge counts alone.
    const gain = orOther === true ? marginOf({ keptPoints, billedNanoUsd: 0n }, rate) : margin
    if (task.chargeUntold === true && !task.refunded) known.gained = null
    else if (gain > 0n && known.gained !== null) known.gained += gain
    const request = `${task.requestId} ${canonical}`
    const before = orOther === true ? (worst.get(request) ?? 0n) : 0n
    if (known.lost === null || margin >= before) continue
    known.lost += margin - before
    if (orOther === true) worst.set(request, margin)
  }
  if (byRequest) return margins
  for (const { stored, model, selected, keptPoints } of sorts ?? []) {
    if (!selected) continue
    const known = of(model, stored)
    known.lost = null
    if (keptPoints === null) known.gained = null
    else if (known.gained !== null) known.gained += marginOf({ keptPoints, billedNanoUsd: 0n }, rate)
  }
  return margins
}

/** Whether it is known of which models they are. */
const isTold = ({ sorts, byRequest }: UnplacedTasks): boolean => byRequest || sorts !== null

const ANY_MARGIN: Pick<Margins, 'gained' | 'lost'> = { gained: null, lost: null }

/** Of those of a model, and for what they would gain also of those that name none. */
function marginsFor(
  { canonical }: ModelDay,
  margins: ReadonlyMap<string, Margins>,
): Pick<Margins, 'gained' | 'lost'> | undefined {
  const [own, nameless] = [margins.get(canonical), margins.get(NAMELESS)]
  if (own === undefined || nameless === undefined) return own ?? (nameless && { gained: nameless.gained, lost: 0n })
  return { gained: added(own.gained, nameless.gained), lost: own.lost }
}

/** null: any amount. */
const added = (a: bigint | null, b: bigint | null): bigint | null => (a === null || b === null ? null : a + b)

/** Whether they may make of a loss none, or of none one. `theirs`: what tasks of the day would gain that name no model. */
function mayTip(
  day: ModelDay,
  margins: Pick<Margins, 'gained' | 'lost'> | undefined,
  theirs: bigint | null,
  rate: Ratio,
): boolean {
  if (margins === undefined) return false
  const margin = marginOf(day, rate)
  return margin < 0n
    ? mayMakeUp(day, added(margins.gained, theirs), rate)
    : margins.lost === null || margin + margins.lost < 0n
}

/** Whether a loss is none with so much more, and with the charges of tasks that fal may have billed next to nothing: nobody could tell. */
function mayMakeUp(day: ModelDay, gained: bigint | null, rate: Ratio): boolean {
  const keptPoints = day.unread === undefined ? 0n : day.unread.keptPoints
  return madeUpBy(
    day,
    keptPoints === null ? null : added(marginOf({ keptPoints, billedNanoUsd: 0n }, rate), gained),
    rate,
  )
}

const madeUpBy = (day: ModelDay, gained: bigint | null, rate: Ratio): boolean =>
  gained === null || marginOf(day, rate) + gained >= 0n

const isNameless = ({ canonical }: ModelDay): boolean => canonical === NAMELESS

/** What charges of the tasks of a day are worth, also of those of which it was not read what fal billed; null: any amount. */
function gainOf({ keptPoints, untoldCharges = 0, unread }: ModelDay, rate: Ratio): bigint | null {
  const ofUnread = unread === undefined ? 0n : unread.keptPoints
  if (untoldCharges > 0 || ofUnread === null) return null
  return marginOf({ keptPoints: keptPoints + ofUnread, billedNanoUsd: 0n }, rate)
}

/** Why the bill of such tasks was not read: as it is said of their account. */
function unreadReason({ unread }: ModelDay, unjudged: ReturnType<typeof unjudgedAccounts>): Reason {
  const accountId = unread?.accountId ?? undefined
  const said = unjudged.find(({ subject }) => subject.accountId === accountId)
  return said?.reason ?? unknown('events-unread').reason
}

/**
 * Days of the window on which no task of a model was billed: one that cost more than it was worth would be all there is. One that names
 * no model may be of any.
 */
function otherDays(
  books: Books,
  modelDays: readonly ModelDay[],
  margins: ReadonlyMap<string, Margins>,
): RuleOutcome['notEvaluated'] {
  const { unplaced } = books
  if (unplaced === undefined) return []
  if (!isTold(unplaced)) return [{ subject: {}, reason: unplaced.reason }]
  return [...margins]
    .filter(
      ([canonical, { lost }]) =>
        lost !== 0n &&
        hasOtherDays(
          books,
          modelDays.filter((day) => day.canonical === canonical),
        ),
    )
    .map(([canonical, { model }]) => ({ subject: canonical === NAMELESS ? {} : { model }, reason: unplaced.reason }))
}

/** What charges are worth beyond what fal billed, in nano-USD times the numerator of the rate: exactly, before it is rounded. */
const marginOf = (
  { keptPoints, billedNanoUsd }: { readonly keptPoints: bigint; readonly billedNanoUsd: bigint },
  { numerator, denominator }: Ratio,
): bigint => keptPoints * denominator * NANO_PER_USD - billedNanoUsd * numerator

function lossOf(day: ModelDay, rate: Ratio): FindingDraft | undefined {
  const { model, date, taskCount, keptPoints, billedNanoUsd, evidence } = day
  if (marginOf(day, rate) >= 0n) return undefined
  return {
    subject: { model, date },
    expected: billedNanoUsd,
    actual: (keptPoints * rate.denominator * NANO_PER_USD) / rate.numerator,
    unit: 'USD',
    count: taskCount,
    evidence,
    detail: { chargedPoints: String(keptPoints), pointsPerUsd: formatRatio(rate) },
  }
}
