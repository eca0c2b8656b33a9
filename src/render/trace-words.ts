import type { TraceVerdict } from '../../schemas/task-trace.ts'
import { LIMITS } from '../limits.ts'
import { cleanText } from './clean.ts'
import { usdCell } from './money.ts'
import { type Lang, nonZero } from './vocabulary.ts'

/** What is known of one task or request, for the sentence about it. Amounts in USD as exact decimals. */
export interface TraceFacts {
  readonly billedUsd: string
  readonly recordedUsd: string
  /** Recorded − billed. */
  readonly differenceUsd: string
  readonly events: number
  readonly status: 'success' | 'failed' | 'unfinished' | null
  readonly refunded: boolean
  /** Whether fal bills the very same event more than once. */
  readonly repeated: boolean
  /** The task that claims the shared request id; '' where it is not known. */
  readonly claimedBy: string
  readonly lagHours: number
  /** Billed to a key or login that no account row holds. */
  readonly unattributed: boolean
  /** Whether fal was asked of it; of a task without a request id it cannot be. */
  readonly asked: boolean
  /** Whether every bill that may hold it was read. */
  readonly allRead: boolean
  /** Why nothing is said of the bill; '' where the task's key is in no account row. */
  readonly reason: string
  /** Whether the events were read all the same, and it is something else that leaves the bill open. */
  readonly eventsRead: boolean
  /** Whether its end cannot be read, or lies in the future by no more than zones differ. */
  readonly end: 'told' | 'unread' | 'ahead'
  /** Whether the bill was read and the task tells no cost. */
  readonly costUntold: boolean
}

type Sentences = Readonly<Record<TraceVerdict, (facts: TraceFacts) => string>>

/** One plain sentence on how the books of a task or request stand to each other; amounts read as in the findings beside it. */
export const traceSentence = (verdict: TraceVerdict, facts: TraceFacts, lang: Lang): string =>
  SENTENCES[lang][verdict]({
    ...facts,
    billedUsd: usdCell(facts.billedUsd),
    recordedUsd: usdCell(facts.recordedUsd),
    differenceUsd: usdCell(facts.differenceUsd),
  })

/** The sentence on the bill alone, with the rules that found something beside it: fal and the task may agree where the user paid twice. */
export function withFindings(sentence: string, rules: readonly string[], lang: Lang): string {
  if (rules.length === 0) return sentence
  const named = [...new Set(rules)].join(', ')
  return lang === 'zh' ? `${sentence}；告警：${named}` : `${sentence}; findings: ${named}`
}

const NO_ID_EN = 'it has no request id by which fal could be asked, so nothing is said of its bill'
const NO_ID_ZH = '没有可向 fal 查询的请求编号，因此不对账单作判断'
const whereReadEn = ({ allRead }: TraceFacts): string => (allRead ? '' : ' in the bills that could be read')
const whereReadZh = ({ allRead }: TraceFacts): string => (allRead ? '' : '在可读取的账单中')

const billedEn = (facts: TraceFacts): string =>
  `fal billed ${facts.billedUsd} USD in ${facts.events} event${facts.events === 1 ? '' : 's'}${whereReadEn(facts)}`
const billedZh = (facts: TraceFacts): string =>
  `fal ${whereReadZh(facts)}计费 ${facts.billedUsd} USD（${facts.events} 条明细）`

/** What is within tolerance is not said to be equal. */
const toleratedEn = ({ differenceUsd }: TraceFacts): string =>
  nonZero(differenceUsd) === undefined ? '' : ` within tolerance, ${differenceUsd} USD recorded − billed`
const agreedZh = ({ differenceUsd }: TraceFacts): string =>
  nonZero(differenceUsd) === undefined ? '一致' : `在容差以内，差异（记录 − 计费）${differenceUsd} USD`

const EN: Sentences = {
  matched: (facts) =>
    `${billedEn(facts)} and the task recorded ${facts.recordedUsd} USD: they agree${toleratedEn(facts)}${facts.status === 'unfinished' ? ', but the task is not marked as finished' : ''}`,
  amount: (facts) =>
    `${billedEn(facts)}, but the task recorded ${facts.recordedUsd} USD: ${facts.differenceUsd} USD recorded − billed`,
  unrecorded: (facts) =>
    `${billedEn(facts)}, and no task of any time records this request${facts.unattributed ? '; it was billed to a key or login that no account row holds' : ''}`,
  unbilled: (facts) =>
    `the task succeeded and recorded ${facts.recordedUsd} USD, but fal bills nothing for it${whereReadEn(facts)}, also not when asked for its id`,
  pending: (facts) => {
    if (facts.end !== 'told') {
      const billed = facts.asked ? `fal bills nothing for it so far${whereReadEn(facts)}` : NO_ID_EN
      const end = facts.end === 'unread' ? 'cannot be read' : 'lies in the future'
      return `when the task ended (completed_at) ${end}, so it may be less than ${facts.lagHours} hours ago, and ${billed}`
    }
    return facts.asked
      ? `the task ended less than ${facts.lagHours} hours ago and fal has not billed it yet${whereReadEn(facts)}, which is usual`
      : `the task ended less than ${facts.lagHours} hours ago, and ${NO_ID_EN}`
  },
  unfinished: (facts) =>
    facts.asked
      ? `the task is not finished, and fal bills nothing for it so far${whereReadEn(facts)}`
      : `the task is not finished, and ${NO_ID_EN}`,
  duplicate: (facts) =>
    facts.repeated
      ? `fal bills the very same event of this request more than once: ${facts.billedUsd} USD in ${facts.events} events`
      : `its request id belongs to another task too${facts.claimedBy === '' ? '' : ` (${cleanText(facts.claimedBy)})`}, which the bill is counted for`,
  'failed-but-billed': (facts) =>
    `the task failed, and still ${billedEn(facts)}; ${facts.refunded ? 'it is marked as refunded' : 'it is not marked as refunded'}`,
  'refunded-but-billed': (facts) => `the task is marked as refunded to the user, and ${billedEn(facts)}`,
  'without-id': () => 'the task succeeded but has no request id, so its bill cannot be looked up',
  'nothing-due': (facts) => {
    if (facts.status === null) return `${billedEn(facts)}, and no task records this request: nothing is due for it`
    const what = facts.status === 'failed' ? 'the task failed' : 'the task recorded no cost'
    if (!facts.asked) return `${what}, and ${NO_ID_EN}`
    const expected = facts.status === 'failed' ? ', as it should be' : ''
    return `${what} and fal bills nothing for it${whereReadEn(facts)}${expected}`
  },
  'ledger-only': ({ asked }) =>
    `only ledger rows bear this order id: no task does${asked ? ', and fal bills no such request' : ''}; it may be a recharge or another product`,
  'not-evaluated': ({ reason, eventsRead, costUntold }) =>
    costUntold
      ? 'the task holds no cost (NULL), so the bill cannot be held against it'
      : reason === ''
        ? 'the key of the task is in no account row, so its bill cannot be read and nothing is said of it'
        : `${eventsRead ? '' : 'the billing events could not be read, so '}nothing is said of the bill: ${cleanText(reason, LIMITS.reasonChars)}`,
}

const ZH: Sentences = {
  matched: (facts) =>
    `${billedZh(facts)}，任务记录成本 ${facts.recordedUsd} USD，${agreedZh(facts)}${facts.status === 'unfinished' ? '，但任务未标记完成' : ''}`,
  amount: (facts) =>
    `${billedZh(facts)}，但任务记录成本 ${facts.recordedUsd} USD，差异（记录 − 计费）${facts.differenceUsd} USD`,
  unrecorded: (facts) =>
    `${billedZh(facts)}，但没有任何任务记录该请求${facts.unattributed ? '；计费的密钥或登录不属于任何账号' : ''}`,
  unbilled: (facts) =>
    `任务已成功，记录成本 ${facts.recordedUsd} USD，但 fal ${whereReadZh(facts)}未计费，按请求编号查询也没有`,
  pending: (facts) => {
    if (facts.end !== 'told') {
      const billed = facts.asked ? `fal ${whereReadZh(facts)}目前未计费` : NO_ID_ZH
      const end = facts.end === 'unread' ? '无法读取' : '在未来'
      return `任务的结束时间（completed_at）${end}，可能结束不到 ${facts.lagHours} 小时；${billed}`
    }
    return facts.asked
      ? `任务结束不到 ${facts.lagHours} 小时，fal ${whereReadZh(facts)}尚未计费，属正常`
      : `任务结束不到 ${facts.lagHours} 小时，${NO_ID_ZH}`
  },
  unfinished: (facts) => (facts.asked ? `任务未完成，fal ${whereReadZh(facts)}目前未计费` : `任务未完成，${NO_ID_ZH}`),
  duplicate: (facts) =>
    facts.repeated
      ? `fal 对该请求的同一明细重复计费：共 ${facts.billedUsd} USD（${facts.events} 条明细）`
      : `请求编号与另一任务${facts.claimedBy === '' ? '' : `（${cleanText(facts.claimedBy)}）`}相同，账单计入该任务`,
  'failed-but-billed': (facts) =>
    `任务失败，但 ${billedZh(facts)}；${facts.refunded ? '任务已标记退款' : '任务未标记退款'}`,
  'refunded-but-billed': (facts) => `任务已标记退款给用户，但 ${billedZh(facts)}`,
  'without-id': () => '任务已成功但没有请求编号，无法查到对应的账单',
  'nothing-due': (facts) => {
    if (facts.status === null) return `${billedZh(facts)}，没有任务记录该请求，也无需记录`
    const what = facts.status === 'failed' ? '任务失败' : '任务没有记录成本'
    if (!facts.asked) return `${what}，${NO_ID_ZH}`
    return `${what}，fal ${whereReadZh(facts)}${facts.status === 'failed' ? '未计费，属正常' : '也未计费'}`
  },
  'ledger-only': ({ asked }) =>
    `只有流水使用该订单号：没有对应的任务${asked ? '，fal 也没有该请求的计费' : ''}；可能是充值或其他产品`,
  'not-evaluated': ({ reason, eventsRead, costUntold }) =>
    costUntold
      ? '任务没有记录成本（NULL），无法与账单核对'
      : reason === ''
        ? '任务的密钥不属于任何账号，无法读取账单，因此不作判断'
        : `${eventsRead ? '' : '未能读取计费明细，因此'}不对账单作判断：${cleanText(reason, LIMITS.reasonChars)}`,
}

const SENTENCES: Readonly<Record<Lang, Sentences>> = { en: EN, zh: ZH }
