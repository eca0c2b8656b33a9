import { apiKeyOf, SHANGHAI } from '../../../src/demo/mini-world.ts'
import type { Depth } from '../../../src/settings.ts'
import { DAY, earlier, HOUR, type Instant, instant, MINUTE, plus, SECOND } from '../../../src/units/instant.ts'
import type { Window } from '../../../src/units/window.ts'
import type { CalendarDate } from '../../../src/units/zone.ts'
import { chargesByDate, dateOf, spikeLimit } from './arithmetic.ts'
import { addBenignLife } from './benign.ts'
import type { Draft, DraftAccount, DraftSettings, DraftUser, DraftWorkspace } from './draft.ts'
import { addTask } from './life.ts'
import { chargeOf, FREE_MODEL, MODELS, type Model } from './models.ts'
import { addPrices } from './prices.ts'
import { createPrng, type Prng, seedOf } from './prng.ts'

/** What a world must be like; the seed decides the rest. */
export interface WorldNeeds {
  /** At depth summary nothing may be later than an hour, and every alias is configured: only events tell the rest. */
  readonly depth?: Depth
  /** Read days after the window, or within its last day. */
  readonly reading?: 'late' | 'early'
  readonly links?: DraftSettings['links']
  readonly attribution?: DraftSettings['attribution']
  readonly rate?: boolean
  /** Whether there are price rules, with a model at least that they judge. */
  readonly prices?: boolean
  readonly daysMin?: number
  readonly disabledAccount?: boolean
  /** Whether the configuration knows every alias; at depth summary it does. */
  readonly aliasesConfigured?: boolean
}

const HISTORY_DAYS = 31
/** Left below the limit of A6, so that a small task more does not make a spike. */
const SPIKE_MARGIN = 0.7

/** One world from one seed: a reseller's few days, in which everything is as it should be. */
export function generate(seed: number, needs: WorldNeeds = {}): Draft {
  const random = createPrng(seedOf(seed, 'world'))
  const depth = needs.depth ?? 'requests'
  const reading = needs.reading ?? (random.chance(0.7) ? 'late' : 'early')
  const { window, firstDate, lastDate, now } = windowOf(random, reading, needs.daysMin ?? 1)
  const { accounts, workspaces } = accountsOf(random, needs.disabledAccount === true)
  const links =
    needs.links ?? random.pick(['all', 'all', 'all', 'all', 'all', 'all', 'all', 'all', 'most', 'none'] as const)
  const aliased = MODELS.filter(() => random.chance(0.15))
  const outside = accounts.length > 2 && random.chance(0.2)
  const draft: Draft = {
    seed,
    depth,
    window,
    firstDate,
    lastDate,
    now,
    accounts,
    workspaces,
    users: usersOf(random),
    tasks: [],
    events: [],
    entries: [],
    settings: {
      links,
      ledgerLink: 'auto',
      attribution: needs.attribution ?? (random.chance(0.85) ? 'keys' : 'none'),
      accountLimit: outside ? accounts.length - 1 : 20,
      pointsPerUsd: (needs.rate ?? random.chance(0.5)) ? '400' : undefined,
      modelAliases: new Map(
        aliased
          .filter(() => random.chance(0.5) || depth === 'summary' || needs.aliasesConfigured === true)
          .map(({ alias, endpoint }) => [alias, endpoint]),
      ),
    },
    storedNames: new Map(aliased.map(({ alias, endpoint }) => [endpoint, alias])),
    discounts: new Map(
      workspaces.flatMap(({ username }) =>
        MODELS.filter(() => random.chance(0.1)).map(
          ({ endpoint }) => [`${username} ${endpoint}`, random.pick([5, 10, 20])] as const,
        ),
      ),
    ),
    prices: [],
    priced: new Map(),
    serial: 0,
    storedShift: 0,
    claimed: new Set(),
  }
  addTasks(draft, random)
  addBenignLife(draft, random)
  addPrices(draft, createPrng(seedOf(seed, 'prices')), needs.prices)
  return draft
}

function windowOf(random: Prng, reading: 'late' | 'early', daysMin: number) {
  const zone = SHANGHAI
  const days = Math.max(daysMin, reading === 'early' ? random.int(3, 4) : random.int(1, 4))
  const firstDate = zone.addDays('2026-01-10' as CalendarDate, random.int(0, 150))
  const lastDate = zone.addDays(firstDate, days - 1)
  const start = zone.startOfDate(firstDate)
  const end = zone.startOfDate(zone.addDays(lastDate, 1))
  const since = reading === 'late' ? random.int(50 * 3600, 5 * 86_400) : -random.int(3600, 20 * 3600)
  const window: Window = { start, end, zone }
  return { window, firstDate, lastDate, now: plus(end, since * SECOND) }
}

function accountsOf(random: Prng, disabledAccount: boolean) {
  const count = random.int(2, 6)
  const accounts: DraftAccount[] = []
  const workspaces: DraftWorkspace[] = []
  let id = random.int(1, 9)
  for (let index = 0; index < count; index++) {
    const shared = workspaces.length > 0 && random.chance(0.3)
    const workspace = shared ? random.pick(workspaces) : { username: `space-${id}`, balance: liveBalance(random) }
    if (!shared) workspaces.push(workspace)
    const last = index === count - 1
    // The newest account is enabled and audited, the one before it disabled where a fault needs that.
    const disabled = !last && (random.chance(0.15) || (disabledAccount && index === count - 2))
    accounts.push({
      id,
      apiKey: apiKeyOf(id),
      workspace: workspace.username,
      balance: `${random.int(1, 90)}.${random.int(10, 99)}`,
      status: disabled ? 0 : 1,
    })
    id += random.int(1, 5)
  }
  return { accounts, workspaces }
}

const liveBalance = (random: Prng): string | null => (random.chance(0.6) ? `${random.int(1, 200)}.5` : null)

function usersOf(random: Prng): DraftUser[] {
  return Array.from({ length: random.int(5, 20) }, (_, index) => {
    const from = random.int(0, MODELS.length - 3)
    return { id: 101 + index, opening: random.int(500_000, 900_000), models: MODELS.slice(from, from + 3) }
  })
}

/** Thin history, the days of the window, and what came after it until the moment of reading. */
function addTasks(draft: Draft, random: Prng): void {
  const { window, now, firstDate } = draft
  const { zone } = window
  const perDay = random.int(4, 22)
  let date = zone.addDays(firstDate, -HISTORY_DAYS)
  const habits = new Map(draft.users.map(({ id }) => [id, random.next() * 0.25]))
  for (let day = 0; day < HISTORY_DAYS + 10 && zone.startOfDate(date) < now; day++) {
    const start = zone.startOfDate(date)
    if (start < window.start) {
      for (const user of draft.users) if (random.chance(habits.get(user.id) ?? 0)) addTaskOn(draft, random, start, user)
    } else {
      const count = start < window.end ? perDay : random.int(0, 2)
      for (let made = 0; made < count; made++) addTaskOn(draft, random, start, random.pick(draft.users))
    }
    date = zone.addDays(date, 1)
  }
}

function addTaskOn(draft: Draft, random: Prng, start: Instant, user: DraftUser): void {
  const { now } = draft
  const from = start
  const until = earlier(plus(start, DAY - SECOND), plus(now, -MINUTE))
  if (until <= from) return
  const at = instant(from + random.int(0, Math.floor((until - from) / SECOND)) * SECOND)
  const model: Model = random.chance(0.04) ? FREE_MODEL : random.pick(user.models)
  const quantity = random.pick(model.quantities)
  const limit = spikeLimit(draft, user.id, dateOf(draft, at))
  const charged = chargesByDate(draft, user.id).get(dateOf(draft, at)) ?? 0
  if (limit !== null && charged + chargeOf(model, quantity) > limit * SPIKE_MARGIN) return
  const enabled = draft.accounts.filter(({ status }) => status === 1 || random.chance(0.1))
  addTask(draft, random, { userId: user.id, account: random.pick(enabled), model, at, quantity })
}

/** A moment of the window that has come, at least `before` the moment of reading. Undefined where there is none. */
export function momentIn(draft: Draft, random: Prng, before = 30 * HOUR): Instant | undefined {
  const until = earlier(plus(draft.window.end, -10 * MINUTE), plus(draft.now, -before))
  const from = plus(draft.window.start, 10 * MINUTE)
  if (until <= from) return undefined
  return instant(from + random.int(0, Math.floor((until - from) / SECOND)) * SECOND)
}
