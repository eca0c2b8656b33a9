import { describe, expect, it } from 'vitest'
import { RULE_IDS } from '../../schemas/report.ts'
import {
  type FindingFacts,
  findingMessage,
  notEvaluatedText,
  subjectText,
  vocabulary,
} from '../../src/render/messages.ts'
import { EN } from '../../src/render/words-en.ts'

const facts = (over: Partial<FindingFacts>): FindingFacts => ({
  rule: 'A1',
  severity: 'HIGH',
  classification: 'BREAK',
  subject: { accountId: 5 },
  expected: '99.92',
  actual: '33.6',
  difference: '-66.32',
  unit: 'USD',
  count: 1,
  detail: {},
  ...over,
})

const A1 = facts({ detail: { deviationPercent: '66.4', thresholdPercent: '10' } })
const A2 = facts({
  rule: 'A2',
  subject: { accountId: 5, model: 'kling/v2.1/i2v' },
  detail: { taskCount: 30, chargedPoints: '8400', costUsd: '28' },
})
const A3 = facts({ rule: 'A3', subject: { accountId: 5, model: 'm' }, expected: '12', actual: '0' })
const A4 = facts({
  rule: 'A4',
  subject: { userId: 101 },
  expected: '5800',
  actual: '5600',
  difference: '-200',
  unit: 'points',
  detail: { pointsConsumed: '5400', cashConsumed: '200', userName: '张三' },
})
const A5 = facts({
  rule: 'A5',
  subject: { date: '2026-02-06' },
  actual: '450',
  unit: 'points',
  detail: { ratioPercent: '45%', thresholdPercent: 30 },
})
const A6 = facts({
  rule: 'A6',
  subject: { userId: 101, date: '2026-02-06' },
  actual: '5800',
  unit: 'points',
  detail: { meanPoints: '500', activeDays: 12, thresholdMultiple: '5' },
})
const A7 = facts({ rule: 'A7', subject: { userId: 103 }, unit: 'count', count: 3, detail: { costUsd: '0.3' } })
const A8 = facts({
  rule: 'A8',
  subject: { accountId: 23 },
  expected: '1',
  actual: '0.15',
  detail: { balanceSource: 'live' },
})

describe('findingMessage', () => {
  it.each([
    [A1, '账号 5 官方消耗 99.92 USD，系统记录 33.60 USD，偏差 66.4%（阈值 10%）'],
    [A2, '账号 5 模型 “kling/v2.1/i2v” 有 30 个任务，记录成本 28.00 USD，收费 8400 积分，但 fal 没有该模型的账单'],
    [A3, '账号 5 模型 “m” 官方消耗 12.00 USD，但系统没有任何该模型的任务记录'],
    [A4, '用户 101（“张三”） 任务收费 5800 积分，实际扣费 5600 积分（积分 5400 + 现金 200），差异 -200 积分'],
    [A5, '2026-02-06 退款任务 450 积分，退款占比 45%（阈值 30%）'],
    [A6, '用户 101 2026-02-06 当日收费 5800 积分，此前 30 天活跃日均值 500 积分（12 天），阈值 5 倍'],
    [A7, '用户 103 有 3 个任务收费为 0 但 fal 成本大于 0，成本共 0.30 USD'],
    [A8, '账号 23 余额 0.15 USD，低于 1.00 USD（实时余额）'],
  ])('says it in Chinese (%#)', (input, message) => {
    expect(findingMessage(input, 'zh')).toBe(message)
  })

  it.each([
    [A1, 'account 5: fal billed 99.92 USD, the system recorded 33.60 USD, off by 66.4% (threshold 10%)'],
    [A3, 'account 5, model "m": fal billed 12.00 USD, but no task records this model'],
    [A7, 'user 103: tasks charged 0 although they cost more than 0: 3, cost 0.30 USD'],
    [A8, 'account 23: balance 0.15 USD, below 1.00 USD (live balance)'],
  ])('says it in English (%#)', (input, message) => {
    expect(findingMessage(input, 'en')).toBe(message)
  })

  it('holds a day of A6 against the median where the threshold is a multiple of that', () => {
    const robust = { ...A6, detail: { medianPoints: '107.5', activeDays: 8, thresholdMultiple: '3' } }
    expect(findingMessage(robust, 'zh')).toBe(
      '用户 101 2026-02-06 当日收费 5800 积分，此前 30 天活跃日中位数 107.5 积分（8 天），阈值 3 倍',
    )
    expect(findingMessage(robust, 'en')).toContain(
      'charged that day 5800 points, median of the active days in the 30 days before 107.5 points (8 days), threshold 3 times',
    )
  })

  it('explains findings of timing', () => {
    expect(findingMessage({ ...A1, classification: 'TIMING' }, 'en')).toMatch(
      /tasks that cross the edge of the window$/,
    )
    expect(findingMessage({ ...A1, classification: 'TIMING' }, 'zh')).toMatch(/跨越审计范围边界的任务解释$/)
    expect(findingMessage({ ...A4, classification: 'TIMING' }, 'en')).toMatch(/ or that may come yet$/)
    expect(findingMessage({ ...A4, classification: 'TIMING' }, 'zh')).toMatch(/尚未写入的流水解释$/)
  })

  it('prints the bridge with A1 where it is known', () => {
    const detail = {
      billByEventTimeUsd: '10',
      carriedInUsd: '1',
      carriedOutUsd: '0.5',
      billByTaskPeriodUsd: '9.5',
      pendingUsd: '0.2',
    }
    expect(findingMessage(facts({ detail }), 'en')).toContain(
      'bridge 10.00 USD − carried in 1.00 USD + carried out 0.50 USD = 9.50 USD, pending and left out 0.20 USD',
    )
    expect(findingMessage(facts({ detail: { ...detail, pendingUsd: '0' } }), 'zh')).not.toContain('待结算')
    const running = { ...detail, runningUsd: '5' }
    expect(findingMessage(facts({ detail: running }), 'en')).toContain(
      'pending and left out 0.20 USD, still running and left out 5.00 USD',
    )
    expect(findingMessage(facts({ detail: { ...running, pendingUsd: '0' } }), 'zh')).toContain(
      '待结算未计入 0.00 USD，仍在运行未计入 5.00 USD',
    )
    expect(findingMessage(facts({ detail: { ...detail, runningUsd: '0' } }), 'en')).not.toContain('running')
    expect(findingMessage(facts({ detail: { ...detail, runningUsd: '0' } }), 'zh')).not.toContain('运行')
  })

  it.each(RULE_IDS)('says something sensible of %s when nothing is known', (rule) => {
    for (const lang of ['zh', 'en'] as const) {
      const bare = facts({ rule, expected: null, actual: null, difference: null, detail: {}, count: 0 })
      const message = findingMessage(bare, lang)
      expect(message).not.toMatch(/undefined|null|NaN|（）|\(\)|，，|, ,|，$|, $/)
      expect(message.length).toBeGreaterThan(8)
    }
  })

  it('says something sensible when any one detail is missing', () => {
    for (const whole of [A1, A2, A3, A4, A5, A6, A7, A8]) {
      for (const missing of Object.keys(whole.detail)) {
        const detail = Object.fromEntries(Object.entries(whole.detail).filter(([name]) => name !== missing))
        for (const lang of ['zh', 'en'] as const) {
          expect(findingMessage({ ...whole, detail }, lang)).not.toMatch(
            /undefined|（）|\(\)|，，|, ,|[，,] ?[（(]|[，,] ?$/,
          )
        }
      }
    }
  })

  it('takes the cost of unbilled tasks from the amount where no detail gives it', () => {
    const input = facts({ rule: 'A2', subject: { accountId: 5, model: 'm' }, expected: '0', actual: '28', count: 30 })
    expect(findingMessage(input, 'en')).toBe(
      'account 5, model "m": tasks: 30, recorded cost 28.00 USD, but fal billed nothing for this model',
    )
  })

  it.each([
    ['en', 'user 1 ("Ann\'), ignore this"), model "m\': fine"'],
    ['zh', "用户 1（“Ann'), ignore this”） 模型 “m': fine”"],
  ] as const)('sets texts from outside apart in %s, and lets none out of its quotes', (lang, said) => {
    const quote = lang === 'en' ? '"' : '”'
    const subject = { userId: 1, model: `m${quote}: fine` }
    expect(subjectText(subject, lang, `Ann${quote}), ignore this`)).toBe(said)
  })

  it('cleans what it quotes, and asks details only for their own properties', () => {
    const hostile = facts({ subject: { accountId: 5, model: 'a\u001b[31m\nb\u202e' }, detail: {} })
    expect(findingMessage(hostile, 'en')).toMatch(/^account 5, model "a b": /)
    expect(notEvaluatedText('toString', {}, 'en')).toContain('(toString)')
  })
})

describe('subjectText', () => {
  it('names every key, and shows a key id only in part', () => {
    expect(subjectText({ workspace: 'w', keyId: '3f2b8c1e-9a4d-4e5f', rowId: 9 }, 'en')).toBe(
      'workspace "w", key 3f2b8c1e…, row 9',
    )
    expect(subjectText({}, 'zh')).toBe('')
  })
})

describe('notEvaluatedText', () => {
  it.each(Object.keys(EN.reasons))('has words for %s with and without parameters', (code) => {
    for (const lang of ['zh', 'en'] as const) {
      const params = { detail: 'd', book: 'points', unlinkedCharged: 5, unlinkedPaid: 6, activeDays: 2, neededDays: 3 }
      expect(notEvaluatedText(code, {}, lang)).not.toMatch(/undefined|\(code/)
      expect(notEvaluatedText(code, params, lang)).not.toContain('undefined')
    }
  })

  it('names several ledgers', () => {
    expect(notEvaluatedText('ledger-unread', { book: 'cash, points' }, 'zh')).toBe('未能完整读取现金、积分流水')
  })

  it('loses no reason it does not know', () => {
    expect(notEvaluatedText('new-code', { a: 1, b: 'x\ny' }, 'zh')).toBe('证据不足 (new-code)：a 1, b x y')
  })
})

describe('vocabularies', () => {
  const keysOf = (value: unknown, path: string): string[] =>
    typeof value === 'object' && value !== null
      ? Object.entries(value).flatMap(([key, inner]) => keysOf(inner, `${path}.${key}`))
      : [`${path} ${typeof value}`]

  it('have the same keys', () => {
    expect(keysOf(vocabulary('zh'), '').sort()).toEqual(keysOf(vocabulary('en'), '').sort())
  })

  it('leave no word empty, and English holds no Chinese', () => {
    const texts = (value: unknown): string[] =>
      typeof value === 'string'
        ? [value]
        : typeof value === 'object' && value
          ? Object.values(value).flatMap(texts)
          : []
    expect(texts(vocabulary('zh')).filter((text) => text.trim() === '' && text !== ' ')).toEqual([])
    expect(texts(vocabulary('en')).filter((text) => text.trim() === '' || /\p{Script=Han}/u.test(text))).toEqual([])
  })
})
