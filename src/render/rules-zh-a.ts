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

export const threshold = (value: string | undefined): string => given(value, (limit) => `（阈值 ${limit}）`)

function bridge(facts: SpokenFacts): string {
  const told = bridgeOf(facts)
  if (told === undefined) return ''
  return `桥接 ${told.bill} − 转入 ${told.carriedIn} + 转出 ${told.carriedOut} = ${told.byTask}`
}

function deviation(facts: SpokenFacts): string {
  const percent = facts.percent('deviationPercent')
  if (percent === undefined) return given(facts.difference, (amount) => `相差 ${amount}`)
  return `偏差 ${percent}${threshold(facts.percent('thresholdPercent'))}`
}

/** The rules A1 to A8 in Chinese: one entry a rule. */
export const RULES_ZH_A: Readonly<Record<SkillRuleId, RuleWords>> = {
  A1: {
    name: '官方消耗与系统记录偏差过大',
    phrases: (facts) => [
      given(facts.expected, (amount) => `官方消耗 ${amount}`),
      given(facts.actual, (amount) => `系统记录 ${amount}`),
      deviation(facts),
      bridge(facts),
      given(pendingLeftOut(facts), (amount) => `待结算未计入 ${amount}`),
      given(nonZero(facts.usd('runningUsd')), (amount) => `仍在运行未计入 ${amount}`),
    ],
  },
  A2: {
    name: '有任务但 fal 未计费',
    phrases: (facts) => [
      `有 ${facts.text('taskCount') ?? facts.count} 个任务`,
      given(costOf(facts), (amount) => `记录成本 ${amount}`),
      given(facts.points('chargedPoints'), (amount) => `收费 ${amount}`),
      untoldAmounts(facts),
      '但 fal 没有该模型的账单',
    ],
  },
  A3: {
    name: 'fal 已计费但系统无任务',
    phrases: (facts) => [given(facts.expected, (amount) => `官方消耗 ${amount}`), '但系统没有任何该模型的任务记录'],
  },
  A4: {
    name: '用户扣费与任务收费不一致',
    phrases: (facts) => [
      given(facts.expected, (amount) => `任务收费 ${amount}`),
      given(facts.actual, (amount) => `实际扣费${paidBound(facts)} ${amount}${paidBy(facts)}`),
      given(facts.difference, (amount) => `差异${paidBound(facts)} ${amount}`),
    ],
    timing: '；可由审计范围边界两侧的扣费或尚未写入的流水解释',
  },
  A5: {
    name: '当日退款比例过高',
    phrases: (facts) => [
      given(facts.actual, (amount) => `退款任务 ${amount}`),
      given(facts.points('chargedPoints'), (amount) => `当日收费 ${amount}`),
      given(
        facts.percent('ratioPercent'),
        (share) => `退款占比 ${share}${threshold(facts.percent('thresholdPercent'))}`,
      ),
    ],
  },
  A6: {
    name: '用户当日消费突增',
    phrases: (facts) => [
      given(facts.actual, (amount) => `当日收费 ${amount}`),
      given(facts.points('meanPoints'), (amount) => `此前 30 天活跃日均值 ${amount}${activeDays(facts)}`),
      given(facts.points('medianPoints'), (amount) => `此前 30 天活跃日中位数 ${amount}${activeDays(facts)}`),
      given(facts.text('thresholdMultiple'), (limit) => `阈值 ${limit} 倍`),
    ],
  },
  A7: {
    name: '有成本但未收费',
    phrases: (facts) => [
      `有 ${facts.count} 个任务收费为 0 但 fal 成本大于 0`,
      given(costOf(facts), (amount) => `成本共 ${amount}`),
    ],
  },
  A8: {
    name: '账号余额过低',
    phrases: (facts) => [
      given(facts.actual, (amount) => `余额 ${amount}`),
      given(facts.expected, (limit) => `低于 ${limit}${balanceSource(facts)}`),
    ],
  },
}

const activeDays = (facts: SpokenFacts): string => given(facts.text('activeDays'), (days) => `（${days} 天）`)

/** How many of the tasks hold no cost, and no charge; '' where all do. */
export const untoldAmounts = (facts: SpokenFacts): string =>
  joined(
    [
      given(facts.text('untoldCosts'), (count) => `${count} 个没有记录成本（NULL）`),
      given(facts.text('untoldCharges'), (count) => `${count} 个没有记录收费（NULL）`),
    ],
    '，',
  )

/** Where rows may have paid other tasks as well, what is told is a bound. */
function paidBound(facts: SpokenFacts): string {
  const bound = facts.text('paidBound')
  if (bound === 'least') return '至少'
  return bound === 'most' ? '至多' : ''
}

export function paidBy(facts: SpokenFacts): string {
  const byPoints = given(facts.text('pointsConsumed'), (amount) => `积分 ${amount}`)
  const byCash = given(facts.text('cashConsumed'), (amount) => `现金 ${amount}`)
  const parts = joined([byPoints, byCash], ' + ')
  return parts === '' ? '' : `（${parts}）`
}

function balanceSource(facts: SpokenFacts): string {
  const source = facts.text('balanceSource')
  if (source === 'live') return '（实时余额）'
  return source === 'table' ? '（账号表中的余额）' : ''
}
