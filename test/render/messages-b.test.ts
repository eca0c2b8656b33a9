import { describe, expect, it } from 'vitest'
import { RULE_IDS, type RuleId } from '../../schemas/report.ts'
import { type FindingFacts, findingMessage, subjectText, vocabulary } from '../../src/render/messages.ts'
import type { FurtherRuleId } from '../../src/render/vocabulary.ts'

/** Adds what every finding has; the difference follows from the amounts, as whole numbers or hundredths of them. */
const facts = (
  rule: RuleId,
  subject: FindingFacts['subject'],
  amounts: readonly [expected: string, actual: string, difference: string, unit: FindingFacts['unit']],
  more: Partial<FindingFacts> = {},
): FindingFacts => {
  const [expected, actual, difference, unit] = amounts
  const whole = {
    rule,
    severity: 'HIGH',
    classification: 'BREAK',
    subject,
    expected,
    actual,
    difference,
    unit,
  } as const
  return { ...whole, count: 1, detail: {}, ...more }
}

const TASK = { taskId: 't1', requestId: 'r1' }
const owner = { accountId: 5, userId: 101, model: 'kling' }

/** A finding of each rule with all that the rule knows, and what is said of it in both languages. */
const FULL: Readonly<Record<FurtherRuleId, readonly [FindingFacts, zh: string, en: string]>> = {
  B1: [
    facts('B1', { requestId: 'r1' }, ['0.28', '0', '-0.28', 'USD'], {
      detail: { accountId: 5, model: 'kling', at: '2026-02-06T10:00:00+08:00' },
    }),
    '账号 5 模型 “kling” 请求 r1 fal 于 2026-02-06T10:00:00+08:00 计费 0.28 USD，但系统没有任务记录该请求',
    'account 5, model "kling", request r1: fal billed 0.28 USD at 2026-02-06T10:00:00+08:00, but no task has this request id',
  ],
  B2: [
    facts('B2', TASK, ['0', '0.28', '0.28', 'USD'], { detail: owner }),
    '账号 5 用户 101 模型 “kling” 任务 t1 请求 r1 任务已成功，记录成本 0.28 USD，但 fal 没有计费明细，按请求编号查询也没有',
    'account 5, user 101, model "kling", task t1, request r1: the task succeeded, recorded cost 0.28 USD, but fal has no billing event for it, also not when asked for its request id',
  ],
  B3: [
    facts('B3', TASK, ['0.28', '0.3', '0.02', 'USD'], { count: 2, detail: { ...owner, toleranceUsd: '0.0014' } }),
    '账号 5 用户 101 模型 “kling” 任务 t1 请求 r1 fal 计费 0.28 USD（2 条明细），记录成本 0.30 USD，差异 0.02 USD（容差 0.0014 USD）',
    'account 5, user 101, model "kling", task t1, request r1: fal billed 0.28 USD in 2 billing events, recorded cost 0.30 USD, difference 0.02 USD (tolerance 0.0014 USD)',
  ],
  B4: [
    facts('B4', { requestId: 'r1' }, ['1', '3', '2', 'count'], {
      count: 3,
      detail: { taskIds: 't1, t2, t3', chargedPoints: '840' },
    }),
    '请求 r1 有 3 个收费任务使用同一请求编号（t1, t2, t3），收费共 840 积分',
    'request r1: 3 charged tasks have this one request id (t1, t2, t3), charged 840 points in all',
  ],
  B5: [
    facts('B5', TASK, ['0.28', '0.56', '0.28', 'USD'], { count: 2, detail: { model: 'kling' } }),
    '模型 “kling” 任务 t1 请求 r1 同一计费明细在一次查询结果中出现 2 次，共 0.56 USD，计一次应为 0.28 USD',
    'model "kling", task t1, request r1: fal bills the same event 2 times in one answer, 0.56 USD in all, once would be 0.28 USD',
  ],
  B6: [
    facts('B6', TASK, ['280', '560', '280', 'points'], {
      detail: { userId: 101, rowIds: 'points:7, points:8', kind: 'consume' },
    }),
    '用户 101 任务 t1 请求 r1 该任务的流水重复 1 行（points:7, points:8），共扣 560 积分，任务收费 280 积分，多扣 280 积分',
    'user 101, task t1, request r1: the ledger repeats 1 row of this task (points:7, points:8), took 560 points, the task charged 280 points, 280 points too much',
  ],
  B7: [
    facts('B7', TASK, ['0', '280', '280', 'points'], { detail: { userId: 101, model: 'kling', billedUsd: '0.28' } }),
    '用户 101 模型 “kling” 任务 t1 请求 r1 任务失败，已收费 280 积分，未退款，fal 计费 0.28 USD',
    'user 101, model "kling", task t1, request r1: the task failed, charged 280 points, not refunded, fal billed 0.28 USD',
  ],
  B8: [
    facts('B8', TASK, ['280', '0', '-280', 'points'], { detail: { userId: 101, case: 'unposted' } }),
    '用户 101 任务 t1 请求 r1 已标记退款，收费 280 积分，但没有退给该用户的流水',
    'user 101, task t1, request r1: marked as refunded, charged 280 points, but no ledger has a refund row of this user for it',
  ],
  B9: [
    facts('B9', TASK, ['280', '560', '280', 'points'], { count: 2, detail: { userId: 101 } }),
    '用户 101 任务 t1 请求 r1 退款 560 积分（2 行），实际扣费仅 280 积分，多退 280 积分',
    'user 101, task t1, request r1: refunded 560 points in 2 rows, paid only 280 points, 280 points too much',
  ],
  B10: [
    facts('B10', TASK, ['280', '200', '-80', 'points'], {
      detail: { userId: 101, pointsConsumed: '150', cashConsumed: '50' },
    }),
    '用户 101 任务 t1 请求 r1 任务收费 280 积分，该用户以此任务为订单的流水扣费 200 积分（积分 150 + 现金 50），差异 -80 积分',
    'user 101, task t1, request r1: the task charged 280 points, the ledger rows of this user that name it took 200 points (points 150 + cash 50), difference -80 points',
  ],
  B11: [
    facts('B11', { userId: 101, rowId: 7 }, ['500', '480', '-20', 'points'], { count: 3 }),
    '用户 101 记录 7 变动前余额加变动积分应为 500 积分，变动后余额记为 480 积分，差异 -20 积分，该用户共有 3 行如此',
    'user 101, row 7: the balance before and the points of the row come to 500 points, but the row says 480 points after, difference -20 points, and 2 more rows of this user',
  ],
  B12: [
    facts('B12', { userId: 101, rowId: 7 }, ['500', '480', '-20', 'points']),
    '用户 101 记录 7 上一行变动后余额 500 积分，本行变动前余额 480 积分，差异 -20 积分',
    'user 101, row 7: the previous row ended at 500 points, this one starts at 480 points, difference -20 points',
  ],
  B13: [
    facts('B13', { userId: 101, rowId: 7 }, ['0', '-20', '-20', 'points'], { count: 2 }),
    '用户 101 记录 7 变动后余额为 -20 积分，该用户共有 2 行如此',
    'user 101, row 7: the balance after this row is -20 points, and 1 more row of this user',
  ],
  B14: [
    facts('B14', { keyId: '3f2b8c1e…' }, ['0', '12', '12', 'count'], { count: 12, detail: { costUsd: '3.4' } }),
    '密钥 3f2b8c1e… 有 12 个任务使用了账号表中没有的密钥，记录成本 3.40 USD',
    'key 3f2b8c1e…: 12 tasks use a key that is in no account row, recorded cost 3.40 USD',
  ],
  B15: [
    facts('B15', { accountId: 5 }, ['8', '0', '-8', 'USD'], {
      count: 40,
      detail: {
        billUsd: '100',
        sharePercent: '8.0',
        thresholdUsd: '1',
        thresholdPercent: '5',
        disabled: 'no',
      },
    }),
    '账号 5 fal 计费 8.00 USD 在系统中没有任务记录（40 个请求），占账单 100.00 USD 的 8.0%（阈值 1.00 USD 且 5%），请核查密钥由谁使用',
    'account 5: fal billed 8.00 USD for 40 requests that no task records, 8.0% of the bill of 100.00 USD (threshold 1.00 USD and 5%), check who uses the key',
  ],
  B16: [
    facts('B16', { model: 'kling', date: '2026-02-06' }, ['10', '7', '-3', 'USD'], {
      count: 20,
      detail: { chargedPoints: '2800', pointsPerUsd: '400' },
    }),
    '模型 “kling” 2026-02-06 fal 成本 10.00 USD（20 个任务），扣除退款后的收费折合 7.00 USD（2800 积分，每 USD 400 积分），差异 -3.00 USD',
    'model "kling", 2026-02-06: fal cost 10.00 USD for 20 tasks, charges net of refunds are worth 7.00 USD (2800 points at 400 points per USD), difference -3.00 USD',
  ],
  B17: [
    facts('B17', { model: 'kling' }, ['0.05', '0.056', '0.006', 'USD'], {
      count: 2,
      detail: { unit: 'second', workspace: 'w' },
    }),
    '工作区 “w” 模型 “kling” 计费单价（每 second）由 0.05 USD 变为 0.056 USD，共变动 2 次',
    'workspace "w", model "kling": the billed price per second went from 0.05 USD to 0.056 USD, in 2 changes',
  ],
  B18: [
    facts('B18', TASK, ['0', '0.28', '0.28', 'USD'], {
      detail: { userId: 101, model: 'kling', hours: '30', billedUsd: '0.28' },
    }),
    '用户 101 模型 “kling” 任务 t1 请求 r1 任务创建 30 小时后仍未完成，但 fal 已计费 0.28 USD',
    'user 101, model "kling", task t1, request r1: unfinished 30 hours after it was created, yet fal billed 0.28 USD',
  ],
  B19: [
    facts('B19', { accountId: 5, model: 'kling', date: '2026-02-06' }, ['10', '9.5', '-0.5', 'USD'], {
      detail: { toleranceUsd: '0.00004' },
    }),
    '账号 5 模型 “kling” 2026-02-06 用量汇总 10.00 USD，计费明细 9.50 USD，差异 -0.50 USD（容差 0.00004 USD）',
    'account 5, model "kling", 2026-02-06: usage rows say 10.00 USD, billing events say 9.50 USD, difference -0.50 USD (tolerance 0.00004 USD)',
  ],
  B20: [
    facts('B20', { userId: 101 }, ['0', '1.4', '1.4', 'USD'], { count: 5, detail: { refundedPoints: '1400' } }),
    '用户 101 有 5 个任务已退款给用户（1400 积分），fal 计费 1.40 USD',
    'user 101: 5 tasks were refunded to the user (1400 points), fal billed 1.40 USD',
  ],
  B21: [
    facts('B21', { workspace: 'w' }, ['4', '0', '-4', 'USD'], { count: 2, detail: { thresholdUsd: '1' } }),
    '工作区 “w” fal 向账号表中没有的 2 个密钥或令牌计费 4.00 USD（阈值 1.00 USD）',
    'workspace "w": fal billed 4.00 USD to 2 keys or tokens that no account row holds (threshold 1.00 USD)',
  ],
  B22: [
    facts('B22', TASK, ['980', '1000', '20', 'points'], {
      detail: {
        ...owner,
        ...{ ruleId: 'br_001', billingUnit: 'per_second', quantity: '4.902', price: '2.00', currency: 'CNY' },
        ...{ level: 'vip', exactPoints: '980.4', tolerancePoints: '1' },
      },
    }),
    '账号 5 用户 101 模型 “kling” 任务 t1 请求 r1 收费 1000 积分，按价格规则 br_001 应收 980 积分（用量 4.902，单价 2.00 CNY，单位 per_second，等级 vip，精确值 980.4 积分），差异 20 积分（容差 1 积分）',
    'account 5, user 101, model "kling", task t1, request r1: charged 1000 points, the price rule br_001 asks for 980 points (4.902 at 2.00 CNY, per_second, level vip, exactly 980.4 points), difference 20 points (tolerance 1 point)',
  ],
  TZ_MISCONFIGURED: [
    facts('TZ_MISCONFIGURED', {}, ['0', '480', '480', 'count'], { count: 25, detail: { medianMinutes: '481' } }),
    'fal 计费时间与任务完成时间相差 480 分钟（25 个已匹配请求，中位数 481 分钟），请检查 DB_TIMEZONE',
    "fal's billing events and the stored times of completion are 480 minutes apart (median 481 minutes of 25 matched requests), check DB_TIMEZONE",
  ],
}

const ALL = Object.entries(FULL).map(([rule, [input, zh, en]]) => ({ rule, input, zh, en }))
const LANGS = ['zh', 'en'] as const
const BROKEN = /undefined|null|NaN|（）|\(\)|，，|, ,|[，,] ?[（(]|[，,] ?$|: *$|^[，,]| {2}/

describe('the messages of the rules beyond the skill', () => {
  it('has a sample of each', () => {
    expect(ALL.map(({ rule }) => rule)).toEqual(RULE_IDS.filter((rule) => !rule.startsWith('A')))
  })

  it.each(ALL)('says $rule in both languages', ({ input, zh, en }) => {
    expect(findingMessage(input, 'zh')).toBe(zh)
    expect(findingMessage(input, 'en')).toBe(en)
  })

  it.each(ALL)('says something sensible of $rule when any one detail or amount is missing', ({ input }) => {
    const without = Object.keys(input.detail).map((missing) => ({
      ...input,
      detail: Object.fromEntries(Object.entries(input.detail).filter(([name]) => name !== missing)),
    }))
    const amountless = (['expected', 'actual', 'difference'] as const).map((amount) => ({ ...input, [amount]: null }))
    for (const facts of [...without, ...amountless, { ...input, count: 0 }]) {
      for (const lang of LANGS) expect(findingMessage(facts, lang)).not.toMatch(BROKEN)
    }
  })

  it.each(ALL)('falls back to what $rule looks for when nothing is known', ({ input }) => {
    const bare = { ...input, subject: {}, expected: null, actual: null, difference: null, count: 0, detail: {} }
    for (const lang of LANGS) {
      const message = findingMessage(bare, lang)
      expect(message).not.toMatch(BROKEN)
      expect(message.length).toBeGreaterThan(5)
    }
    expect(findingMessage(bare, 'en')).not.toMatch(/\p{Script=Han}|\d/u)
  })

  it('says refund rows without a mark, too', () => {
    const unmarked = facts('B8', TASK, ['0', '280', '280', 'points'], { detail: { case: 'unmarked' } })
    expect(findingMessage(unmarked, 'zh')).toBe('任务 t1 请求 r1 退款流水 280 积分，但任务未标记退款')
    expect(findingMessage(unmarked, 'en')).toBe(
      'task t1, request r1: the ledgers refunded 280 points, but the task is not marked as refunded',
    )
  })

  it('says what refund rows of a marked task come to where that is nothing', () => {
    const returned = facts('B8', TASK, ['280', '0', '-280', 'points'], { detail: { case: 'returned' } })
    expect(findingMessage(returned, 'zh')).toBe('任务 t1 请求 r1 已标记退款，收费 280 积分，但退款流水合计 0 积分')
    expect(findingMessage(returned, 'en')).toBe(
      'task t1, request r1: marked as refunded, charged 280 points, but its refund rows come to 0 points',
    )
    const bare = { ...returned, expected: null, actual: null, difference: null }
    expect(findingMessage(bare, 'en')).toBe(
      'task t1, request r1: marked as refunded, but its refund rows come to nothing',
    )
    expect(findingMessage(bare, 'zh')).toBe('任务 t1 请求 r1 已标记退款，但退款流水未退回积分')
  })

  it('says beside what was taken too much what was given back', () => {
    const [repeated] = FULL.B6
    const [mismatch] = FULL.B10
    const returned = (of: typeof repeated) => ({ ...of, detail: { ...of.detail, givenBackPoints: '280' } })
    expect(findingMessage(returned(repeated), 'zh')).toMatch(/，多扣 280 积分，该任务的退款流水共退 280 积分$/)
    expect(findingMessage(returned(repeated), 'en')).toMatch(
      /, 280 points too much, its refund rows gave back 280 points$/,
    )
    expect(findingMessage(returned(mismatch), 'zh')).toMatch(/，差异 -80 积分，该任务的退款流水共退 280 积分$/)
    expect(findingMessage(returned(mismatch), 'en')).toMatch(
      /, difference -80 points, its refund rows gave back 280 points$/,
    )
  })

  it('says what was given back twice, too', () => {
    const refunded = facts('B6', TASK, ['280', '560', '280', 'points'], { detail: { kind: 'refund' } })
    expect(findingMessage(refunded, 'zh')).toBe(
      '任务 t1 请求 r1 该任务的退款流水重复 1 行，共退 560 积分，任务收费 280 积分，多退 280 积分',
    )
    expect(findingMessage(refunded, 'en')).toBe(
      'task t1, request r1: the ledger repeats 1 refund row of this task, gave back 560 points, the task charged 280 points, 280 points too much',
    )
  })

  it('names no threshold where a disabled account was billed at all', () => {
    const [leak] = FULL.B15
    const disabled = { ...leak, detail: { ...leak.detail, disabled: 'yes' } }
    expect(findingMessage(disabled, 'en')).toContain('although the account is disabled, check who uses the key')
    expect(findingMessage(disabled, 'zh')).toContain('而账号已停用，请核查密钥由谁使用')
    for (const lang of LANGS) expect(findingMessage(disabled, lang)).not.toMatch(/threshold|阈值/)
  })

  it('says that fal billed nothing rather than 0', () => {
    const [failed] = FULL.B7
    const free = { ...failed, detail: { ...failed.detail, billedUsd: '0' } }
    expect(findingMessage(free, 'en')).toMatch(/, fal billed nothing$/)
    const [stuck] = FULL.B18
    expect(findingMessage({ ...stuck, actual: '0', detail: { hours: '30', billedUsd: '0' } }, 'en')).toBe(
      'task t1, request r1: unfinished 30 hours after it was created',
    )
  })

  it('says of several repeated events how many they are', () => {
    const [bill] = FULL.B5
    const several = { ...bill, count: 5, detail: { ...bill.detail, events: 2 } }
    expect(findingMessage(several, 'zh')).toContain('2 条计费明细在一次查询结果中共出现 5 次，')
    expect(findingMessage(several, 'en')).toContain('fal bills 2 events of it 5 times in all in one answer, ')
  })

  it('says prices of B17 that no amount holds, that are back where they were, or of which there are more', () => {
    const [change] = FULL.B17
    const { detail } = change
    const fine = { ...change, expected: '0.0000000002', actual: '0.0000000004', difference: '0.0000000002', count: 1 }
    expect(findingMessage(fine, 'en')).toMatch(/went from 0.0000000002 USD to 0.0000000004 USD$/)
    expect(findingMessage(fine, 'zh')).toMatch(/由 0.0000000002 USD 变为 0.0000000004 USD$/)
    const back = { ...change, expected: '1', actual: '1', difference: '0', detail: { ...detail, meanwhileUsd: '2.5' } }
    expect(findingMessage(back, 'en')).toMatch(/went from 1.00 USD to 2.50 USD, and is 1.00 USD again, in 2 changes$/)
    expect(findingMessage(back, 'zh')).toMatch(/由 1.00 USD 变为 2.50 USD，后又回到 1.00 USD，共变动 2 次$/)
    const more = { ...change, count: 3, detail: { ...detail, shownChanges: 1 } }
    expect(findingMessage(more, 'en')).toMatch(
      /to 0.056 USD; with other prices of the model, those of other workspaces, units or discounts, 3 changes$/,
    )
    expect(findingMessage(more, 'zh')).toMatch(/变为 0.056 USD；连同该模型其他工作区、单位或折扣的价格共变动 3 次$/)
  })

  it('counts tasks of B14 in good words', () => {
    const [key] = FULL.B14
    expect(findingMessage({ ...key, actual: '1', count: 1 }, 'en')).toContain(
      ': 1 task uses a key that is in no account',
    )
  })

  it('explains B19 by the day beside it, not by the edge of the window', () => {
    const [bill] = FULL.B19
    expect(findingMessage({ ...bill, classification: 'TIMING' }, 'en')).toMatch(/; the day beside it differs/)
    expect(findingMessage({ ...bill, classification: 'TIMING' }, 'zh')).not.toContain(vocabulary('zh').timing)
  })
})

describe('whose a request is', () => {
  it('comes from the subject before the detail', () => {
    const [request] = FULL.B1
    const message = findingMessage({ ...request, subject: { accountId: 7, requestId: 'r1' } }, 'en')
    expect(message).toMatch(/^account 7, model "kling", request r1: /)
  })

  it('leaves the digest of a key without id whole', () => {
    expect(subjectText({ keyId: 'sha256:0a1b2c3d' }, 'en')).toBe('key sha256:0a1b2c3d')
    expect(subjectText({ keyId: 'sha256:0a1b2c3d4e5f' }, 'en')).toBe('key sha256:0…')
  })
})
