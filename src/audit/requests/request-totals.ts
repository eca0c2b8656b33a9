import type { Report } from '../../../schemas/report.ts'
import type { TraceVerdict } from '../../../schemas/task-trace.ts'
import { plus } from '../../units/instant.ts'
import { addNanoUsd, type NanoUsd, ZERO_NANO_USD } from '../../units/nano-usd.ts'
import { isAmountBreak } from '../rules/b3-amount.ts'
import type { ModelMatches } from '../rules/books.ts'
import type { RequestBook, TaskStanding, TaskVerdict } from '../rules/facts.ts'
import type { KeylessBill } from '../rules/keyless-tasks.ts'
import { ModelDays, RefundLosses } from '../rules/model-days.ts'
import { NAMELESS } from '../rules/nameless-tasks.ts'
import {
  countRequests,
  isJudgedMatch,
  isOfBilledRequest,
  readAccounts,
  unansweredAccounts,
  unrecordedRequests,
} from '../rules/request-book.ts'
import { isEndOpen } from '../rules/task-end.ts'
import { DateReader } from '../tasks/date-reader.ts'
import { canonicalModel, matchesOf } from '../tasks/model-name.ts'
import { DailyBills } from './daily-bills.ts'
import { DelayTally } from './delays.ts'
import { KeylessBills } from './keyless-bills.ts'
import { hangsOnUndated, type Placement } from './period-bill.ts'
import { type PlacementSum, PlacementSums } from './placement-sums.ts'
import type { PlainMatches } from './plain-matches.ts'
import { PlainTotals } from './plain-totals.ts'
import { PricePoints } from './price-points.ts'
import { leftOut, type RequestFrame, type RequestReconciliation } from './request-books.ts'
import type { RequestGroup } from './request-group.ts'
import { pricePoint, type RequestSource } from './request-source.ts'
import type { JoinScope } from './requests.ts'
import { TieOutTally } from './tie-out.ts'
import { TwinTaskCounts, type TwinTasks } from './twin-tasks.ts'
import { type UnbilledSum, UnbilledSums } from './unbilled-sums.ts'
import { UndatedBills } from './undated-bills.ts'
import { countVerdicts } from './verdict.ts'

/** What all requests of an audit add up to: nothing in it grows with their number but what is wrong with them. */
export interface RequestSums {
  readonly scope: JoinScope
  /** Stored model name to the endpoint ids that its matches were billed as, in order. */
  readonly matchedNames: ReadonlyMap<string, readonly string[]>
  readonly modelMatches: ModelMatches
  readonly placements: readonly PlacementSum[]
  readonly delays: Pick<DelayTally, 'count' | 'median'>
  /** As the rules see it that judge no single request. */
  readonly book: RequestBook
  readonly counts: NonNullable<Report['requests']>
  /** What was recorded of tasks that fal billed nothing for. */
  readonly unbilled: readonly UnbilledSum[]
  /** Tasks without a key that it billed to the key of an account. */
  readonly keylessBilled: readonly KeylessBill[]
  readonly twinTasks: TwinTasks
  /** What it billed for tasks that have no time. */
  readonly undated: Pick<UndatedBills, 'of' | 'links'>
  /** `openNanoUsd`: what was recorded of those of them of which nobody can tell that after all. */
  tieOut(recordedTotal: NanoUsd, openNanoUsd?: NanoUsd): Record<string, string>
  /** Recorded cost of an account's tasks that may not be billed yet; null where not all of its bill was told. */
  youngOf(accountId: number): NanoUsd | null
  /** Of it, that of tasks that still run. */
  runningOf(accountId: number): NanoUsd
  /** Of it, that of successes that may have ended long ago: their end cannot be read. */
  endOpenOf(accountId: number): NanoUsd
  /** An account's tasks that name no model and that no event was matched with. */
  namelessOpenOf(accountId: number): number
  /** What fal billed for an account's tasks of the window that tell no cost. */
  untoldOf(accountId: number): NanoUsd
  /** An account's successes of the window that tell no cost, and that fal did not bill though it should have by now. */
  untoldUnbilledOf(accountId: number): number
  /** Sum of the events of a failed task of the layer; null where its bill was not read whole. */
  billedOfFailed(task: { readonly rowId: number }, accountId: number | null): NanoUsd | null
}

/** Where no event is a task's, and none is awaited. */
const UNBILLED: readonly TaskStanding[] = ['unbilled', 'without-id', 'duplicate']

interface AccountStanding {
  youngNanoUsd: NanoUsd
  runningNanoUsd: NanoUsd
  endOpenNanoUsd: NanoUsd
  namelessOpen: number
  untoldNanoUsd: NanoUsd
  untoldUnbilled: number
  isOpen: boolean
}

/** Adds up the requests of an audit, piece by piece. */
export class RequestTotals {
  readonly #frame: RequestFrame
  readonly #names = new Map<string, Set<string>>()
  readonly #placements = new PlacementSums()
  readonly #delays = new DelayTally()
  readonly #days: DailyBills
  readonly #prices: PricePoints
  /** null: at no rate is a charge worth anything, so that no rule looks at it. */
  readonly #modelDays: ModelDays | null
  readonly #losses = new RefundLosses()
  readonly #tieOut = new TieOutTally()
  readonly #plain: PlainTotals
  readonly #accounts = new Map<number, AccountStanding>()
  readonly #unanswered = new Set<number | null>()
  readonly #orphans: RequestBook['orphans'][number][] = []
  readonly #shared: RequestBook['shared'][number][] = []
  readonly #repeated: RequestBook['repeated'][number][] = []
  readonly #counts = { matched: 0, unrecorded: 0, unbilled: 0, pending: 0, mismatched: 0 }
  readonly #unbilled = new UnbilledSums()
  readonly #undated = new UndatedBills()
  readonly #keyless: KeylessBills
  readonly #twins: TwinTaskCounts
  readonly #verdicts = new Map<TraceVerdict, number>()
  /** Failed tasks that were billed, or of which that is not known (null). */
  readonly #failed = new Map<number, NanoUsd | null>()

  constructor(frame: RequestFrame, source: RequestSource) {
    this.#frame = frame
    this.#days = new DailyBills(frame)
    this.#keyless = new KeylessBills(frame.evidence.plan)
    this.#twins = new TwinTaskCounts(frame.evidence.plan)
    this.#prices = new PricePoints((key) => source.priceChanges(key))
    const { window, settings } = frame.evidence.plan
    const canonicalOf = (stored: string): string => canonicalModel(stored, settings.modelAliases)
    this.#modelDays =
      settings.pointsPerUsd === undefined ? null : new ModelDays(new DateReader(window.zone), canonicalOf)
    this.#plain = new PlainTotals({
      placements: this.#placements,
      delays: this.#delays,
      tellsDelay: frame.scope.tellsDelay,
      days: this.#days,
      prices: this.#prices,
      modelDays: this.#modelDays,
      tieOut: this.#tieOut,
      onName: (stored, endpoint) => this.#addName(stored, [endpoint]),
    })
  }

  absorb(requests: RequestReconciliation, plain?: PlainMatches): void {
    if (plain !== undefined) this.#plain.add(plain, this.#frame.scope.accountOf)
    const { join, placements, book, scope } = requests
    const { thresholds } = this.#frame.evidence.plan.settings
    for (const [stored, models] of join.matchedNames) this.#addName(stored, models)
    for (const delay of join.delays) this.#delays.add(delay)
    const out = new Set<Placement>()
    for (const placement of placements) {
      this.#placements.add(placement)
      if (hangsOnUndated(placement)) this.#undated.add(placement, scope)
      const isLeftOut = leftOut(placement.group, scope)
      if (isLeftOut) out.add(placement)
      this.#addGroup(placement.group, isLeftOut)
    }
    for (const group of join.groups) this.#keyless.add(group)
    for (const task of join.unclaiming) this.#undated.addUnclaiming(task)
    for (const verdict of join.verdicts) this.#addVerdict(verdict)
    for (const verdict of join.outside) this.#addStanding(verdict)
    for (const verdict of [...join.verdicts, ...join.outside]) this.#twins.add(verdict)
    for (const accountId of unansweredAccounts(book)) this.#unanswered.add(accountId)
    for (const orphan of book.orphans) this.#orphans.push(orphan)
    for (const shared of book.shared) this.#shared.push(shared)
    for (const repeated of book.repeated) this.#repeated.push(repeated)
    this.#counts.unrecorded += countRequests(unrecordedRequests(book))
    countVerdicts(book, thresholds, this.#verdicts)
    this.#tieOut.add(
      placements,
      (placement) => out.size > 0 && out.has(placement),
      book.tasks,
      (verdict) => isAmountBreak(verdict, thresholds),
      readAccounts(book),
    )
  }

  #addName(stored: string, models: readonly string[]): void {
    const known = this.#names.get(stored)
    if (known === undefined) this.#names.set(stored, new Set(models))
    else for (const model of models) known.add(model)
  }

  #addGroup(group: RequestGroup, isLeftOut: boolean): void {
    this.#days.add(group)
    if (isLeftOut) return
    for (const event of group.events) {
      const point = pricePoint(group.bill, event)
      if (point !== null) this.#prices.add(point, event.at)
    }
  }

  #addVerdict(verdict: TaskVerdict): void {
    this.#addStanding(verdict)
    if (isOfBilledRequest(verdict)) this.#modelDays?.add(verdict)
    else if (verdict.selected && verdict.standing === 'not-evaluated') this.#modelDays?.addUnread(verdict)
    if (isJudgedMatch(verdict)) this.#losses.add(verdict)
    const { standing, task, billedNanoUsd } = verdict
    if (standing === 'matched') {
      this.#counts.matched += 1
      if (isAmountBreak(verdict, this.#frame.evidence.plan.settings.thresholds)) this.#counts.mismatched += 1
    }
    if (standing === 'pending') this.#counts.pending += 1
    if (standing === 'unbilled' && task.costNanoUsd > 0n) this.#addUnbilled(verdict)
    if (task.status !== 'failed' || task.chargedPoints <= 0n) return
    if (standing === 'not-evaluated' || verdict.mayBeBilledNanoUsd !== undefined) this.#failed.set(task.rowId, null)
    else if (billedNanoUsd !== 0n) this.#failed.set(task.rowId, billedNanoUsd)
  }

  #addUnbilled({ task, accountId }: TaskVerdict): void {
    this.#counts.unbilled += 1
    this.#unbilled.add(accountId, task)
  }

  #accountOf(accountId: number): AccountStanding {
    let account = this.#accounts.get(accountId)
    if (account === undefined) {
      const young = { youngNanoUsd: ZERO_NANO_USD, runningNanoUsd: ZERO_NANO_USD, endOpenNanoUsd: ZERO_NANO_USD }
      account = { ...young, untoldNanoUsd: ZERO_NANO_USD, namelessOpen: 0, untoldUnbilled: 0, isOpen: false }
      this.#accounts.set(accountId, account)
    }
    return account
  }

  #addStanding({ accountId, standing, task, billedNanoUsd }: TaskVerdict): void {
    if (accountId === null) return
    const { asOf, settings } = this.#frame.evidence.plan
    const account = this.#accountOf(accountId)
    const settledBefore = plus(asOf, -settings.thresholds.settlementLagMillis)
    const isOpenEnded = standing === 'pending' && isEndOpen(task, asOf, settings.thresholds.settlementLagMillis)
    if (task.costUntold === true) {
      account.untoldNanoUsd = addNanoUsd(account.untoldNanoUsd, billedNanoUsd)
      if (task.status === 'success' && (UNBILLED.includes(standing) || isOpenEnded)) account.untoldUnbilled += 1
    }
    if (standing === 'not-evaluated') account.isOpen = true
    if (standing !== 'matched' && canonicalModel(task.model, settings.modelAliases) === NAMELESS)
      account.namelessOpen += 1
    // A task that is still running may be too young for a bill.
    const isRunning = standing === 'unfinished' && task.createdAt > settledBefore
    if (isRunning) account.runningNanoUsd = addNanoUsd(account.runningNanoUsd, task.costNanoUsd)
    if (isOpenEnded) account.endOpenNanoUsd = addNanoUsd(account.endOpenNanoUsd, task.costNanoUsd)
    if (standing === 'pending' || isRunning) {
      account.youngNanoUsd = addNanoUsd(account.youngNanoUsd, task.costNanoUsd)
    }
  }

  #closePlain(): void {
    this.#plain.close()
    const { count } = this.#plain
    this.#counts.matched += count
    if (count > 0) this.#verdicts.set('matched', (this.#verdicts.get('matched') ?? 0) + count)
  }

  close(): RequestSums {
    const { evidence, scope, unread, billsUnread } = this.#frame
    this.#closePlain()
    const inOrder = [...this.#names].sort(([a], [b]) => (a < b ? -1 : 1))
    const matchedNames = new Map(inOrder.map(([stored, models]) => [stored, [...models].sort()]))
    const modelMatches = matchesOf(matchedNames, evidence.plan.settings.modelAliases)
    return {
      scope,
      matchedNames,
      modelMatches,
      placements: this.#placements.list(),
      delays: this.#delays,
      book: {
        tasks: [],
        orphans: this.#orphans,
        shared: this.#shared,
        repeated: this.#repeated,
        unread,
        billsUnread,
        dailyBills: this.#days.list(),
        prices: this.#prices.list(),
        modelDays: this.#modelDays?.list() ?? [],
        refundLosses: this.#losses.list(),
        undated: this.#undated.list(scope),
        unanswered: [...this.#unanswered],
      },
      counts: {
        ...this.#counts,
        verdicts: Object.fromEntries([...this.#verdicts].sort(([a], [b]) => (a < b ? -1 : 1))),
      },
      unbilled: this.#unbilled.list(),
      keylessBilled: this.#keyless.list(),
      twinTasks: this.#twins.counts(modelMatches),
      undated: this.#undated,
      tieOut: (recordedTotal, openNanoUsd) => this.#tieOut.close(recordedTotal, openNanoUsd),
      youngOf: (accountId) => {
        const account = this.#accounts.get(accountId)
        if (account?.isOpen === true) return null
        return account?.youngNanoUsd ?? ZERO_NANO_USD
      },
      namelessOpenOf: (accountId) => this.#accounts.get(accountId)?.namelessOpen ?? 0,
      untoldOf: (accountId) => this.#accounts.get(accountId)?.untoldNanoUsd ?? ZERO_NANO_USD,
      untoldUnbilledOf: (accountId) => this.#accounts.get(accountId)?.untoldUnbilled ?? 0,
      endOpenOf: (accountId) => this.#accounts.get(accountId)?.endOpenNanoUsd ?? ZERO_NANO_USD,
      runningOf: (accountId) => this.#accounts.get(accountId)?.runningNanoUsd ?? ZERO_NANO_USD,
      billedOfFailed: ({ rowId }, accountId) => {
        if (accountId !== null && !scope.eventsRead(accountId)) return null
        const known = this.#failed.get(rowId)
        return known === undefined ? ZERO_NANO_USD : known
      },
    }
  }
}
