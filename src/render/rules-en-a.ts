import {
  bridgeOf,
  costOf,
  given,
  joined,
  nonZero,
  pendingLeftOut,
  type RuleWords,
  type SkillRuleId,
  type SpokenFacts,
} from './vocabulary.ts'

export const threshold = (value: string | undefined): string => given(value, (limit) => ` (threshold ${limit})`)

function bridge(facts: SpokenFacts): string {
  const told = bridgeOf(facts)
  if (told === undefined) return ''
  return `bridge ${told.bill} − carried in ${told.carriedIn} + carried out ${told.carriedOut} = ${told.byTask}`
}

function deviation(facts: SpokenFacts): string {
  const percent = facts.percent('deviationPercent')
  if (percent === undefined) return given(facts.difference, (amount) => `difference ${amount}`)
  return `off by ${percent}${threshold(facts.percent('thresholdPercent'))}`
}

/** The rules A1 to A8 in English: one entry a rule. */
export const RULES_EN_A: Readonly<Record<SkillRuleId, RuleWords>> = {
  A1: {
    name: 'the official cost and the record are too far apart',
    phrases: (facts) => [
      given(facts.expected, (amount) => `fal billed ${amount}`),
      given(facts.actual, (amount) => `the system recorded ${amount}`),
      deviation(facts),
      bridge(facts),
      given(pendingLeftOut(facts), (amount) => `pending and left out ${amount}`),
      given(nonZero(facts.usd('runningUsd')), (amount) => `still running and left out ${amount}`),
    ],
  },
  A2: {
    name: 'tasks that fal did not bill',
    phrases: (facts) => [
      `tasks: ${facts.text('taskCount') ?? facts.count}`,
      given(costOf(facts), (amount) => `recorded cost ${amount}`),
      given(facts.points('chargedPoints'), (amount) => `charged ${amount}`),
      untoldAmounts(facts),
      'but fal billed nothing for this model',
    ],
  },
  A3: {
    name: 'billed by fal without any task',
    phrases: (facts) => [given(facts.expected, (amount) => `fal billed ${amount}`), 'but no task records this model'],
  },
  A4: {
    name: 'what the user paid is not what the tasks charged',
    phrases: (facts) => [
      given(facts.expected, (amount) => `tasks charged ${amount}`),
      given(facts.actual, (amount) => `paid ${paidBound(facts)}${amount}${paidBy(facts)}`),
      given(facts.difference, (amount) => `difference ${paidBound(facts)}${amount}`),
    ],
    timing: '; explained by ledger rows that pay across an edge of the window, or that may come yet',
  },
  A5: {
    name: 'a large share of the day was refunded',
    phrases: (facts) => [
      given(facts.actual, (amount) => `refunded tasks ${amount}`),
      given(facts.points('chargedPoints'), (amount) => `charged that day ${amount}`),
      given(
        facts.percent('ratioPercent'),
        (share) => `refunded share ${share}${threshold(facts.percent('thresholdPercent'))}`,
      ),
    ],
  },
  A6: {
    name: 'the user spent unusually much in one day',
    phrases: (facts) => [
      given(facts.actual, (amount) => `charged that day ${amount}`),
      given(
        facts.points('meanPoints'),
        (amount) => `mean of the active days in the 30 days before ${amount}${activeDays(facts)}`,
      ),
      given(
        facts.points('medianPoints'),
        (amount) => `median of the active days in the 30 days before ${amount}${activeDays(facts)}`,
      ),
      given(facts.text('thresholdMultiple'), (limit) => `threshold ${limit} times`),
    ],
  },
  A7: {
    name: 'tasks with a cost but no charge',
    phrases: (facts) => [
      `tasks charged 0 although they cost more than 0: ${facts.count}`,
      given(costOf(facts), (amount) => `cost ${amount}`),
    ],
  },
  A8: {
    name: 'the balance of the account is low',
    phrases: (facts) => [
      given(facts.actual, (amount) => `balance ${amount}`),
      given(facts.expected, (limit) => `below ${limit}${balanceSource(facts)}`),
    ],
  },
}

const activeDays = (facts: SpokenFacts): string =>
  given(facts.text('activeDays'), (days) => ` (${days} ${days === '1' ? 'day' : 'days'})`)

/** How many of the tasks hold no cost, and no charge; '' where all do. */
export const untoldAmounts = (facts: SpokenFacts): string =>
  joined(
    [
      given(facts.text('untoldCosts'), (count) => `${count} without a cost (NULL)`),
      given(facts.text('untoldCharges'), (count) => `${count} without a charge (NULL)`),
    ],
    ', ',
  )

/** Where rows may have paid other tasks as well, what is told is a bound. */
function paidBound(facts: SpokenFacts): string {
  const bound = facts.text('paidBound')
  if (bound === 'least') return 'at least '
  return bound === 'most' ? 'at most ' : ''
}

export function paidBy(facts: SpokenFacts): string {
  const byPoints = given(facts.text('pointsConsumed'), (amount) => `points ${amount}`)
  const byCash = given(facts.text('cashConsumed'), (amount) => `cash ${amount}`)
  const parts = joined([byPoints, byCash], ' + ')
  return parts === '' ? '' : ` (${parts})`
}

function balanceSource(facts: SpokenFacts): string {
  const source = facts.text('balanceSource')
  if (source === 'live') return ' (live balance)'
  return source === 'table' ? ' (balance in the account table)' : ''
}
