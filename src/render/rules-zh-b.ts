import { paidBy, threshold, untoldAmounts } from './rules-zh-a.ts'
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

const list = (...phrases: readonly string[]): string => joined(phrases, '，')

/** A count with its measure word, such as "3 个"; '' where not known. */
const number = (count: number, measure: string): string => (count > 0 ? ` ${count} ${measure}` : '')

const difference = (facts: SpokenFacts, tolerance?: string): string =>
  given(facts.difference, (amount) => `差异 ${amount}${given(tolerance, (limit) => `（容差 ${limit}）`)}`)

const moreRows = (facts: SpokenFacts): string => (facts.count > 1 ? `该用户共有 ${facts.count} 行如此` : '')

const billed = (amount: string): string => (nonZero(amount) === undefined ? 'fal 未计费' : `fal 计费 ${amount}`)

/** Tasks that a finding is about besides its subject; '' where there are none. */
const sharedWith = (facts: SpokenFacts): string => given(facts.ids('sharedWith'), (ids) => `与同编号任务 ${ids} 合计`)

/** What was given back of what was taken too much; '' where nothing was. */
const givenBack = (facts: SpokenFacts): string =>
  given(facts.points('givenBackPoints'), (amount) => `该任务的退款流水共退 ${amount}`)

/** What came in that may be the refund of this task or of others: of all of them it is not. */
const orRefunded = (facts: SpokenFacts): string =>
  given(facts.ids('orRefunded'), (ids) => `未标明任务的入账可能是该任务或 ${ids} 的退款，但不够全部退还`)

/** The rules beyond the skill in Chinese: one entry a rule. */
export const RULES_ZH_B: Readonly<Record<FurtherRuleId, RuleWords>> = {
  B1: {
    name: 'fal 已计费但系统无此请求',
    phrases: (facts) => [
      given(facts.expected, (amount) => `fal ${given(facts.text('at'), (at) => `于 ${at} `)}计费 ${amount}`),
      '但系统没有任务记录该请求',
    ],
  },
  B2: {
    name: '任务有成本但 fal 未计费',
    phrases: (facts) => [
      '任务已成功',
      given(facts.actual, (amount) => `记录成本 ${amount}`),
      '但 fal 没有计费明细，按请求编号查询也没有',
    ],
  },
  B3: {
    name: 'fal 计费与记录成本不一致',
    phrases: (facts) => [
      given(facts.expected, (amount) => `fal 计费 ${amount}${facts.count > 1 ? `（${facts.count} 条明细）` : ''}`),
      given(facts.actual, (amount) => `记录成本 ${amount}`),
      difference(facts, facts.usd('toleranceUsd')),
    ],
  },
  B4: {
    name: '多个收费任务使用同一请求编号',
    phrases: (facts) => [
      `有 ${facts.actual ?? (facts.count > 1 ? facts.count : '多')} 个收费任务使用同一请求编号${given(facts.ids('taskIds'), (ids) => `（${ids}）`)}`,
      given(facts.points('chargedPoints'), (amount) => `收费共 ${amount}`),
    ],
  },
  B5: {
    name: 'fal 对同一请求重复计费',
    phrases: (facts) => [
      repeated(facts),
      given(facts.actual, (amount) => `共 ${amount}`),
      given(facts.expected, (amount) => `计一次应为 ${amount}`),
    ],
  },
  B6: {
    name: '任务的流水重复',
    phrases: (facts) => {
      const isRefund = facts.text('kind') === 'refund'
      const verb = isRefund ? '退' : '扣'
      return [
        `该任务的${isRefund ? '退款' : ''}流水重复${number(facts.count, '行')}${given(facts.ids('rowIds'), (ids) => `（${ids}）`)}`,
        given(facts.actual, (amount) => `共${verb} ${amount}`),
        given(facts.expected, (amount) => `任务收费 ${amount}`),
        given(facts.difference, (amount) => `多${verb} ${amount}`),
        givenBack(facts),
      ]
    },
  },
  B7: {
    name: '任务失败但已收费且未退款',
    phrases: (facts) => [
      '任务失败',
      given(facts.actual, (amount) => `已收费 ${amount}`),
      facts.text('case') === 'mark'
        ? '未标记退款（按总额核对时不看退款流水）'
        : facts.ids('orRefunded') === undefined
          ? '未退款'
          : orRefunded(facts),
      given(facts.usd('billedUsd'), billed),
      sharedWith(facts),
    ],
  },
  B8: {
    name: '退款标记与退款流水不一致',
    phrases: (facts) => {
      const which = facts.text('case')
      if (which === 'unposted') {
        return [
          '已标记退款',
          given(facts.expected, (amount) => `收费 ${amount}`),
          facts.ids('orRefunded') === undefined ? '但没有退给该用户的流水' : '但没有标明该任务的退款流水',
          orRefunded(facts),
        ]
      }
      if (which === 'returned') {
        return [
          '已标记退款',
          given(facts.expected, (amount) => `收费 ${amount}`),
          facts.actual === undefined ? '但退款流水未退回积分' : `但退款流水合计 ${facts.actual}`,
          sharedWith(facts),
          orRefunded(facts),
        ]
      }
      if (which !== 'unmarked') return []
      return [
        facts.actual === undefined ? '有退款流水' : `退款流水 ${facts.actual}`,
        '但任务未标记退款',
        sharedWith(facts),
      ]
    },
  },
  B9: {
    name: '退款多于实际扣费',
    phrases: (facts) => [
      given(facts.actual, (amount) => `退款 ${amount}${facts.count > 0 ? `（${facts.count} 行）` : ''}`),
      given(facts.expected, (amount) => `实际扣费仅 ${amount}`),
      given(facts.difference, (amount) => `多退 ${amount}`),
      sharedWith(facts),
    ],
  },
  B10: {
    name: '任务收费与其流水不一致',
    phrases: (facts) => [
      given(facts.expected, (amount) => `任务收费 ${amount}`),
      given(facts.actual, (amount) => `该用户以此任务为订单的流水扣费 ${amount}${paidBy(facts)}`),
      difference(facts),
      givenBack(facts),
    ],
  },
  B11: {
    name: '流水余额计算有误',
    phrases: (facts) => [
      given(facts.expected, (amount) => `变动前余额加变动积分应为 ${amount}`),
      given(facts.actual, (amount) => `变动后余额记为 ${amount}`),
      difference(facts),
      moreRows(facts),
    ],
  },
  B12: {
    name: '流水余额前后不衔接',
    phrases: (facts) => [
      given(facts.expected, (amount) => `上一行变动后余额 ${amount}`),
      given(facts.actual, (amount) => `本行变动前余额 ${amount}`),
      difference(facts),
      moreRows(facts),
    ],
  },
  B13: {
    name: '用户余额出现负数',
    phrases: (facts) => [given(facts.actual, (amount) => `变动后余额为 ${amount}`), moreRows(facts)],
  },
  B14: {
    name: '任务使用了账号表中没有的密钥',
    phrases: (facts) => [
      `${given(facts.actual, (count) => `有 ${count} 个`)}任务使用了账号表中没有的密钥`,
      given(facts.usd('costUsd'), (amount) => `记录成本 ${amount}`),
      untoldAmounts(facts),
    ],
  },
  B15: {
    name: '密钥有大量系统无记录的消耗',
    phrases: (facts) =>
      advised(
        [
          given(
            facts.expected,
            (amount) => `fal 计费 ${amount} 在系统中没有任务记录${facts.count > 0 ? `（${facts.count} 个请求）` : ''}`,
          ),
          given(
            facts.percent('sharePercent'),
            (share) =>
              `占账单${given(facts.usd('billUsd'), (amount) => ` ${amount} `)}的 ${share}${leakThreshold(facts)}`,
          ),
          facts.text('disabled') === 'yes' ? '而账号已停用' : '',
        ],
        '请核查密钥由谁使用',
      ),
  },
  B16: {
    name: '收费低于 fal 成本',
    phrases: (facts) => [
      given(facts.expected, (amount) => `fal 成本 ${amount}${facts.count > 0 ? `（${facts.count} 个任务）` : ''}`),
      given(facts.actual, (amount) => `扣除退款后的收费折合 ${amount}${worth(facts)}`),
      difference(facts),
    ],
  },
  B17: {
    name: 'fal 单价变动',
    phrases: (facts) => [priceChange(facts)],
  },
  B18: {
    name: '任务长时间未完成',
    phrases: (facts) => [
      `任务${given(facts.text('hours'), (hours) => `创建 ${hours} 小时后`)}仍未完成`,
      given(nonZero(facts.usd('billedUsd') ?? facts.actual), (amount) => `但 fal 已计费 ${amount}`),
    ],
  },
  B19: {
    name: 'fal 的用量汇总与计费明细不一致',
    phrases: (facts) => [
      given(facts.expected, (amount) => `用量汇总 ${amount}`),
      given(facts.actual, (amount) => `计费明细 ${amount}`),
      difference(facts, facts.usd('toleranceUsd')),
    ],
    timing: '；可由相邻一日的相反差异解释',
  },
  B20: {
    name: '已退款给用户但 fal 已计费',
    phrases: (facts) => [
      `${facts.count > 0 ? `有 ${facts.count} 个任务` : '任务'}已退款给用户${given(facts.points('refundedPoints'), (amount) => `（${amount}）`)}`,
      given(facts.actual, billed),
    ],
  },
  B21: {
    name: 'fal 计费给账号表中没有的密钥',
    phrases: (facts) => [
      given(
        facts.expected,
        (amount) =>
          `fal 向账号表中没有的${number(facts.count, '个')}密钥或令牌计费 ${amount}${threshold(facts.usd('thresholdUsd'))}`,
      ),
    ],
  },
  B22: {
    name: '收费与价格规则不符',
    phrases: (facts) => [
      given(facts.actual, (amount) => `收费 ${amount}`),
      given(
        facts.expected,
        (amount) =>
          `按价格规则${given(facts.word('ruleId'), (ruleId) => ` ${ruleId} `)}应收 ${amount}${workings(facts)}`,
      ),
      difference(facts, facts.points('tolerancePoints')),
    ],
  },
  TZ_MISCONFIGURED: {
    name: '数据库时间与 fal 时间不一致',
    phrases: (facts) =>
      advised(
        [given(facts.actual, (minutes) => `fal 计费时间与任务完成时间相差 ${minutes} 分钟${median(facts)}`)],
        '请检查 DB_TIMEZONE',
      ),
  },
}

const leakThreshold = (facts: SpokenFacts): string => threshold(leakThresholds(facts).join(' 且 ') || undefined)

/** The prices that are shown, and how often they changed; then of others how often all did. */
function priceChange(facts: SpokenFacts): string {
  const shown = Number(facts.text('shownChanges') ?? facts.count)
  const unit = given(facts.word('unit'), (each) => `（每 ${each}）`)
  const first = given(facts.expected, (amount) => `由 ${amount} `)
  const last = given(facts.actual, (amount) => {
    const meanwhile = facts.usd('meanwhileUsd')
    return `变为 ${meanwhile === undefined ? amount : `${meanwhile}，后又回到 ${amount}`}`
  })
  const change = last === '' ? '' : `计费单价${unit}${first}${last}`
  const told = list(change, shown > 1 ? `共变动 ${shown} 次` : '')
  return shown === facts.count ? told : `${told}；连同该模型其他工作区、单位或折扣的价格共变动 ${facts.count} 次`
}

/** Of one event how often it came, or of several how often they did in all. */
function repeated(facts: SpokenFacts): string {
  const times = facts.count > 1 ? `出现 ${facts.count} 次` : '重复出现'
  const events = facts.text('events')
  return events === undefined
    ? `同一计费明细在一次查询结果中${times}`
    : `${events} 条计费明细在一次查询结果中共${times}`
}

/** How the rule comes to its charge. */
function workings(facts: SpokenFacts): string {
  const price = given(
    facts.text('price'),
    (each) => `单价 ${each}${given(facts.word('currency'), (name) => ` ${name}`)}`,
  )
  const exact = facts.points('exactPoints')
  const parts = list(
    given(facts.text('quantity'), (quantity) => `用量 ${quantity}`),
    price,
    given(facts.word('billingUnit'), (unit) => `单位 ${unit}`),
    given(facts.word('level'), (level) => `等级 ${level}`),
    given(exact === facts.expected ? undefined : exact, (amount) => `精确值 ${amount}`),
  )
  return parts === '' ? '' : `（${parts}）`
}

function worth(facts: SpokenFacts): string {
  const rate = given(facts.text('pointsPerUsd'), (perUsd) => `每 USD ${perUsd} 积分`)
  const parts = joined([facts.points('chargedPoints') ?? '', rate], '，')
  return parts === '' ? '' : `（${parts}）`
}

function median(facts: SpokenFacts): string {
  const requests = facts.count > 0 ? `${facts.count} 个已匹配请求` : ''
  const middle = given(facts.text('medianMinutes'), (minutes) => `中位数 ${minutes} 分钟`)
  const parts = joined([requests, middle], '，')
  return parts === '' ? '' : `（${parts}）`
}
