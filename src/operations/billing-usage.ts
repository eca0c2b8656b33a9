import type { z } from 'zod'
import type { input, output, UsageFigures, UsageItem } from '../../schemas/billing-usage.ts'
import type { SourceStatus } from '../../schemas/report.ts'
import { unknownUser } from '../audit/ledgers/asked-users.ts'
import { type AuditPlan, planWindow, withoutHistory } from '../audit/plan.ts'
import { mayYetBeBilled } from '../audit/tasks/task-standing.ts'
import type { MoneyTerms } from '../billing/charge-money.ts'
import { usageFigures } from '../billing/usage-figures.ts'
import { UsageSums } from '../billing/usage-sums.ts'
import { type KeyUsage, type UsageBook, type UsageDimension, UsageTally } from '../billing/usage-tally.ts'
import type { AccountRow } from '../ledger/reader.ts'
import { withPlan } from '../operation.ts'
import { cleanText } from '../render/clean.ts'
import type { CallContext, Dependencies } from '../tool.ts'
import { shortKeyId } from '../units/api-key.ts'
import type { Instant } from '../units/instant.ts'
import { datesOf, type Window } from '../units/window.ts'
import type { Zone } from '../units/zone.ts'
import { coverageOf } from './billing-coverage.ts'
import { usageNext } from './billing-next.ts'
import { periodWindow } from './billing-period.ts'
import { readVerdicts } from './task-verdicts.ts'

type UsageInput = z.output<typeof input>
type UsageOutput = z.input<typeof output>
type Group = UsageInput['group_by']

const DIMENSIONS: Readonly<Record<Group, readonly UsageDimension[]>> = {
  none: [],
  day: ['day'],
  model: ['model'],
  key: ['key'],
}

/** What usage comes from: ledgers and balances have no part in it. */
const SOURCES: ReadonlySet<SourceStatus['source']> = new Set(['accounts', 'tasks', 'fal-events'])

/** app_name has 150 characters. */
const MODEL_CHARS = 150

/**
 * What users were charged, what fal cost and what is left of it, over all tasks of a period that the filters leave. Throws
 * where accounts or tasks cannot be read; where a bill was not read, cost is null and coverage names it.
 */
export function billingUsage(
  given: UsageInput,
  dependencies: Dependencies,
  context: CallContext,
): Promise<UsageOutput> {
  const { period, timezone, ids = [], user_id: userId, group_by: groupBy } = given
  const filters = { ids, userIds: userId === undefined ? [] : [userId], depth: 'requests' } as const
  const check = (zone: Zone, asOf: Instant): Window => periodWindow(given, zone, asOf)
  return withPlan({ timezone, ...filters, check }, dependencies, context, async (today, snapshot) => {
    const { asOf, settings, accountLimit } = today
    const { zone } = today.window
    const window = check(zone, asOf)
    const plan = withoutHistory(planWindow(window, filters, asOf, settings, accountLimit))
    const unknownId = userId === undefined ? undefined : await unknownUser(userId, snapshot, context.signal)
    const tally = tallyFor(plan, DIMENSIONS[groupBy])
    const { report, accounts } = await readVerdicts(plan, snapshot, dependencies.fal, context, tally)
    const book = tally.close()
    const terms = { currency: dependencies.settings.billing.currency, pointsPerUsd: settings.pointsPerUsd }
    const [total] = usageFigures([book.total], terms)
    if (total === undefined) throw new Error('usage has a total')
    const coverage = coverageOf(report, book, (source) => SOURCES.has(source))
    const unknown = unknownId !== undefined && { unknown_user_id: unknownId }
    return {
      period,
      window: { start: zone.format(window.start), end: zone.format(window.end), timezone: zone.id },
      asOf: zone.format(asOf),
      currency: terms.currency,
      ...unknown,
      totals: total,
      ...(groupBy !== 'none' && { items: itemsOf(groupBy, book, plan, accounts, terms) }),
      coverage,
      next: usageNext(given, { totals: total, coverage, ...unknown }),
    }
  })
}

/** A tally for what a plan reads. */
export const tallyFor = (plan: AuditPlan, by: readonly UsageDimension[]): UsageTally =>
  new UsageTally({
    zone: plan.window.zone,
    by,
    aliases: plan.settings.modelAliases,
    mayYetBeBilled: (task) => mayYetBeBilled(task, plan),
    clean: (untrusted) => cleanText(untrusted, MODEL_CHARS),
  })

function itemsOf(
  groupBy: Exclude<Group, 'none'>,
  book: UsageBook,
  plan: AuditPlan,
  accounts: readonly AccountRow[],
  terms: MoneyTerms,
): UsageItem[] {
  if (groupBy === 'day') {
    // A day that has not come yet is no day without usage; but what is dated so is part of the whole.
    const dates = [...new Set([...datesOf({ ...plan.window, end: plan.knownEnd }), ...book.days.keys()])].sort()
    const groups = dates.map((date) => ({ named: { date }, sums: book.days.get(date) ?? new UsageSums() }))
    return itemsWith(groups, terms)
  }
  if (groupBy === 'model') {
    const groups = book.models.map(({ modelId, modelName, sums }) => ({
      named: { model_id: modelId, model_name: modelName },
      sums,
    }))
    return itemsWith(groups, terms)
  }
  const names = new Map(accounts.map(({ accountId, ...account }) => [accountId, account]))
  return itemsWith(
    book.keys.map((key) => ({ named: keyNames(key, names), sums: key.sums })),
    terms,
  )
}

type ItemNames = Omit<UsageItem, keyof UsageFigures>

const itemsWith = (
  groups: readonly { readonly named: ItemNames; readonly sums: UsageSums }[],
  terms: MoneyTerms,
): UsageItem[] => {
  const figures = usageFigures(
    groups.map(({ sums }) => sums),
    terms,
  )
  return groups.flatMap(({ named }, index) => {
    const own = figures[index]
    return own === undefined ? [] : [{ ...named, ...own }]
  })
}

/** A key by the form in which alone one is shown; by its account where it has one. Tasks that hold none have no name of one. */
function keyNames(
  { accountId, apiKey }: KeyUsage,
  accounts: ReadonlyMap<number, Pick<AccountRow, 'apiKey' | 'name'>>,
): ItemNames {
  if (accountId === null && apiKey === '') return { key_id: null, key_name: null, key_prefix: null, account_id: null }
  const account = accountId === null ? undefined : accounts.get(accountId)
  const keyId = shortKeyId(account?.apiKey ?? apiKey)
  return {
    key_id: keyId,
    key_name: account === undefined ? null : cleanText(account.name),
    key_prefix: `${keyId.replace(/…$/, '')}****`,
    account_id: accountId,
  }
}
