import { paidBy, threshold, untoldAmounts } from './rules-en-a.ts'
import {
  advised,
  type FurtherRuleId,
  given,
  joined,
  leakThresholds,
  nonZero,
  type RuleWords,
  type SpokenFacts,
} from './vocabulary.ts'

const list = (...phrases: readonly string[]): string => joined(phrases, ', ')

/** A count with its noun, such as "3 rows"; the bare noun where the count is not known. */
const number = (count: number, one: string, many: string): string =>
  count === 1 ? `1 ${one}` : count > 0 ? `${count} ${many}` : many

const difference = (facts: SpokenFacts, tolerance?: string): string =>
  given(facts.difference, (amount) => `difference ${amount}${given(tolerance, (limit) => ` (tolerance ${limit})`)}`)

const moreRows = (facts: SpokenFacts): string =>
  facts.count > 1 ? `and ${number(facts.count - 1, 'more row', 'more rows')} of this user` : ''

const billed = (amount: string): string =>
  nonZero(amount) === undefined ? 'fal billed nothing' : `fal billed ${amount}`

/** Tasks that a finding is about besides its subject; '' where there are none. */
const sharedWith = (facts: SpokenFacts): string =>
  given(facts.ids('sharedWith'), (ids) => `together with ${ids}, as they share an id`)

/** What was given back of what was taken too much; '' where nothing was. */
const givenBack = (facts: SpokenFacts): string =>
  given(facts.points('givenBackPoints'), (amount) => `its refund rows gave back ${amount}`)

/** What came in that may be the refund of this task or of others: of all of them it is not. */
const orRefunded = (facts: SpokenFacts): string =>
  given(
    facts.ids('orRefunded'),
    (ids) => `what came in without a task's order may be its refund or that of ${ids}, and does not reach all of them`,
  )

/** The rules beyond the skill in English: one entry a rule. */
export const RULES_EN_B: Readonly<Record<FurtherRuleId, RuleWords>> = {
  B1: {
    name: 'billed by fal, recorded by no task',
    phrases: (facts) => [
      given(facts.expected, (amount) => `fal billed ${amount}${given(facts.text('at'), (at) => ` at ${at}`)}`),
      'but no task has this request id',
    ],
  },
  B2: {
    name: 'recorded with a cost, not billed by fal',
    phrases: (facts) => [
      'the task succeeded',
      given(facts.actual, (amount) => `recorded cost ${amount}`),
      'but fal has no billing event for it, also not when asked for its request id',
    ],
  },
  B3: {
    name: 'billed and recorded with different amounts',
    phrases: (facts) => [
      given(
        facts.expected,
        (amount) => `fal billed ${amount}${facts.count > 1 ? ` in ${facts.count} billing events` : ''}`,
      ),
      given(facts.actual, (amount) => `recorded cost ${amount}`),
      difference(facts, facts.usd('toleranceUsd')),
    ],
  },
  B4: {
    name: 'one request id on several charged tasks',
    phrases: (facts) => [
      `${facts.actual ?? (facts.count > 1 ? facts.count : 'several')} charged tasks have this one request id${given(facts.ids('taskIds'), (ids) => ` (${ids})`)}`,
      given(facts.points('chargedPoints'), (amount) => `charged ${amount} in all`),
    ],
  },
  B5: {
    name: 'billed more than once by fal for the same event',
    phrases: (facts) => [
      repeated(facts),
      given(facts.actual, (amount) => `${amount} in all`),
      given(facts.expected, (amount) => `once would be ${amount}`),
    ],
  },
  B6: {
    name: 'the same ledger row more than once',
    phrases: (facts) => {
      const isRefund = facts.text('kind') === 'refund'
      const rows = isRefund ? number(facts.count, 'refund row', 'refund rows') : number(facts.count, 'row', 'rows')
      return [
        `the ledger repeats ${rows} of this task${given(facts.ids('rowIds'), (ids) => ` (${ids})`)}`,
        given(facts.actual, (amount) => `${isRefund ? 'gave back' : 'took'} ${amount}`),
        given(facts.expected, (amount) => `the task charged ${amount}`),
        given(facts.difference, (amount) => `${amount} too much`),
        givenBack(facts),
      ]
    },
  },
  B7: {
    name: 'failed, but charged and not refunded',
    phrases: (facts) => [
      'the task failed',
      given(facts.actual, (amount) => `charged ${amount}`),
      facts.text('case') === 'mark'
        ? 'not marked as refunded (in link mode total no refund row of a ledger counts)'
        : facts.ids('orRefunded') === undefined
          ? 'not refunded'
          : orRefunded(facts),
      given(facts.usd('billedUsd'), billed),
      sharedWith(facts),
    ],
  },
  B8: {
    name: 'refund mark and refund row do not agree',
    phrases: (facts) => {
      const which = facts.text('case')
      if (which === 'unposted') {
        return [
          `marked as refunded${given(facts.expected, (amount) => `, charged ${amount}`)}, but no ledger has a refund row of this user ${facts.ids('orRefunded') === undefined ? 'for it' : 'that names it'}`,
          orRefunded(facts),
        ]
      }
      if (which === 'returned') {
        return [
          `marked as refunded${given(facts.expected, (amount) => `, charged ${amount}`)}, but its refund rows come to ${facts.actual ?? 'nothing'}`,
          sharedWith(facts),
          orRefunded(facts),
        ]
      }
      if (which !== 'unmarked') return []
      return [`the ledgers refunded ${facts.actual ?? 'it'}, but the task is not marked as refunded`, sharedWith(facts)]
    },
  },
  B9: {
    name: 'refunded more than was ever paid',
    phrases: (facts) => [
      given(facts.actual, (amount) => `refunded ${amount} in ${number(facts.count, 'row', 'rows')}`),
      given(facts.expected, (amount) => `paid only ${amount}`),
      given(facts.difference, (amount) => `${amount} too much`),
      sharedWith(facts),
    ],
  },
  B10: {
    name: 'the ledger rows of the task are not its charge',
    phrases: (facts) => [
      given(facts.expected, (amount) => `the task charged ${amount}`),
      given(facts.actual, (amount) => `the ledger rows of this user that name it took ${amount}${paidBy(facts)}`),
      difference(facts),
      givenBack(facts),
    ],
  },
  B11: {
    name: 'a ledger row does not add up',
    phrases: (facts) => [
      given(facts.expected, (amount) => `the balance before and the points of the row come to ${amount}`),
      given(facts.actual, (amount) => `but the row says ${amount} after`),
      difference(facts),
      moreRows(facts),
    ],
  },
  B12: {
    name: "a ledger row does not start where the user's last one ended",
    phrases: (facts) => [
      given(facts.expected, (amount) => `the previous row ended at ${amount}`),
      given(facts.actual, (amount) => `this one starts at ${amount}`),
      difference(facts),
      moreRows(facts),
    ],
  },
  B13: {
    name: 'the balance of the user went below zero',
    phrases: (facts) => [given(facts.actual, (amount) => `the balance after this row is ${amount}`), moreRows(facts)],
  },
  B14: {
    name: 'tasks with a key that no account has',
    phrases: (facts) => [
      `${facts.actual ?? 'some'} ${facts.actual === '1' ? 'task uses' : 'tasks use'} a key that is in no account row`,
      given(facts.usd('costUsd'), (amount) => `recorded cost ${amount}`),
      untoldAmounts(facts),
    ],
  },
  B15: {
    name: 'much billed on the key that no task records',
    phrases: (facts) =>
      advised(
        [
          given(
            facts.expected,
            (amount) => `fal billed ${amount} for ${number(facts.count, 'request', 'requests')} that no task records`,
          ),
          given(
            facts.percent('sharePercent'),
            (share) =>
              `${share} of the bill${given(facts.usd('billUsd'), (amount) => ` of ${amount}`)}${leakThreshold(facts)}`,
          ),
          facts.text('disabled') === 'yes' ? 'although the account is disabled' : '',
        ],
        'check who uses the key',
      ),
  },
  B16: {
    name: "the charges are worth less than fal's cost",
    phrases: (facts) => [
      given(facts.expected, (amount) => `fal cost ${amount} for ${number(facts.count, 'task', 'tasks')}`),
      given(facts.actual, (amount) => `charges net of refunds are worth ${amount}${worth(facts)}`),
      difference(facts),
    ],
  },
  B17: {
    name: "fal's unit price changed",
    phrases: (facts) => [priceChange(facts)],
  },
  B18: {
    name: 'unfinished for too long',
    phrases: (facts) => [
      `unfinished${given(facts.text('hours'), (hours) => ` ${hours} hours after it was created`)}`,
      given(nonZero(facts.usd('billedUsd') ?? facts.actual), (amount) => `yet fal billed ${amount}`),
    ],
  },
  B19: {
    name: "fal's usage rows and billing events do not agree",
    phrases: (facts) => [
      given(facts.expected, (amount) => `usage rows say ${amount}`),
      given(facts.actual, (amount) => `billing events say ${amount}`),
      difference(facts, facts.usd('toleranceUsd')),
    ],
    timing: '; the day beside it differs the other way',
  },
  B20: {
    name: 'refunded to the user, billed by fal',
    phrases: (facts) => [
      `${number(facts.count, 'task was', 'tasks were')} refunded to the user${given(facts.points('refundedPoints'), (amount) => ` (${amount})`)}`,
      given(facts.actual, billed),
    ],
  },
  B21: {
    name: 'billed to keys that no account has',
    phrases: (facts) => [
      given(
        facts.expected,
        (amount) =>
          `fal billed ${amount} to ${number(facts.count, 'key or token', 'keys or tokens')} that no account row holds${threshold(facts.usd('thresholdUsd'))}`,
      ),
    ],
  },
  B22: {
    name: 'charged otherwise than the price rule asks',
    phrases: (facts) => [
      given(facts.actual, (amount) => `charged ${amount}`),
      given(
        facts.expected,
        (amount) =>
          `the price rule${given(facts.word('ruleId'), (ruleId) => ` ${ruleId}`)} asks for ${amount}${workings(facts)}`,
      ),
      difference(facts, facts.points('tolerancePoints')),
    ],
  },
  TZ_MISCONFIGURED: {
    name: "the stored times and fal's clock disagree",
    phrases: (facts) =>
      advised(
        [
          given(
            facts.actual,
            (minutes) =>
              `fal's billing events and the stored times of completion are ${minutes} minutes apart${median(facts)}`,
          ),
        ],
        'check DB_TIMEZONE',
      ),
  },
}

const leakThreshold = (facts: SpokenFacts): string => threshold(leakThresholds(facts).join(' and ') || undefined)

/** The prices that are shown, and how often they changed; then of others how often all did. */
function priceChange(facts: SpokenFacts): string {
  const shown = Number(facts.text('shownChanges') ?? facts.count)
  const unit = given(facts.word('unit'), (each) => ` per ${each}`)
  const first = given(facts.expected, (amount) => ` from ${amount}`)
  const last = given(facts.actual, (amount) => {
    const meanwhile = facts.usd('meanwhileUsd')
    return ` to ${meanwhile === undefined ? amount : `${meanwhile}, and is ${amount} again`}`
  })
  const change = last === '' ? '' : `the billed price${unit} went${first}${last}`
  const told = list(change, shown > 1 ? `in ${shown} changes` : '')
  if (shown === facts.count) return told
  return `${told}; with other prices of the model, those of other workspaces, units or discounts, ${facts.count} changes`
}

/** Of one event how often it came, or of several how often they did in all. */
function repeated(facts: SpokenFacts): string {
  const times = facts.count > 1 ? `${facts.count} times` : 'more than once'
  const events = facts.text('events')
  const what = events === undefined ? `the same event ${times}` : `${events} events of it ${times} in all`
  return `fal bills ${what} in one answer`
}

/** How the rule comes to its charge. */
function workings(facts: SpokenFacts): string {
  const price = given(facts.text('price'), (each) => `at ${each}${given(facts.word('currency'), (name) => ` ${name}`)}`)
  const exact = facts.points('exactPoints')
  const parts = list(
    joined([facts.text('quantity') ?? '', price], ' '),
    facts.word('billingUnit') ?? '',
    given(facts.word('level'), (level) => `level ${level}`),
    given(exact === facts.expected ? undefined : exact, (amount) => `exactly ${amount}`),
  )
  return parts === '' ? '' : ` (${parts})`
}

function worth(facts: SpokenFacts): string {
  const rate = given(facts.text('pointsPerUsd'), (perUsd) => `at ${perUsd} points per USD`)
  const parts = joined([facts.points('chargedPoints') ?? '', rate], ' ')
  return parts === '' ? '' : ` (${parts})`
}

function median(facts: SpokenFacts): string {
  const requests = number(facts.count, 'matched request', 'matched requests')
  const middle = given(facts.text('medianMinutes'), (minutes) => `median ${minutes} minutes`)
  const parts = joined([middle, requests], ' of ')
  return parts === '' ? '' : ` (${parts})`
}
