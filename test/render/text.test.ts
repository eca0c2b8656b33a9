import { describe, expect, it } from 'vitest'
import { report as reportSchema } from '../../schemas/report.ts'
import { renderText } from '../../src/render/text.ts'
import { displayWidth } from '../../src/render/width.ts'
import { finding, HOSTILE_NAMES, ledger, sampleReport } from './sample-report.ts'

/** The tables of a text: runs of indented lines that hold a rule. */
function tablesOf(text: string): string[][] {
  const lines = text.split('\n')
  return lines.flatMap((line, index) => {
    const isTitle = lines[index + 1]?.startsWith('  ─') && !line.startsWith('  ─') && lines[index - 1]?.match(/^\S/)
    if (!isTitle) return []
    const last = lines.findLastIndex(
      (other, at) => at > index && at <= nextHeading(lines, index) && /^ {2}─/.test(other),
    )
    return [lines.slice(index, last + 2)]
  })
}

const nextHeading = (lines: readonly string[], from: number): number => {
  const found = lines.findIndex((line, at) => at > from && line === '')
  return found < 0 ? lines.length : found
}

const cellsOf = (line: string | undefined): string[] => (line ?? '').trim().split(/ {2,}/)

const zh = renderText(sampleReport(), { lang: 'zh' })

describe('the text report', () => {
  it('renders a sample that is a valid report', () => {
    expect(reportSchema.safeParse(sampleReport()).success).toBe(true)
  })

  it('has the six parts in order', () => {
    const parts = [
      'Fal 消耗审计报告',
      '审计日期: 2026-02-07',
      '审计范围: 2026-02-06 00:00:00 ~ 2026-02-06 23:59:59 (Asia/Shanghai)',
      '第一层：Fal 官方账单',
      '第二层：系统任务记录 (fal_tasks)',
      '第三层：用户扣费核对',
      '异常告警',
      '审计完成',
      '正常: 2 | 告警: 3 | 严重: 1',
    ]
    const positions = parts.map((part) => zh.indexOf(part))
    expect(positions).not.toContain(-1)
    expect(positions).toEqual([...positions].sort((a, b) => a - b))
    expect(zh.startsWith(`${'='.repeat(60)}\n`)).toBe(true)
  })

  it('puts the right numbers into the right columns', () => {
    const [official, tasks, users] = tablesOf(zh)
    expect(official?.map(cellsOf)).toEqual([
      ['账号ID', '余额(USD)', '官方消耗(USD)', '模型数', '请求数'],
      expect.anything(),
      ['5', '12.30', '99.92', '18', '1049'],
      ['12', '45.60', '8.50', '5', '120'],
      ['23', '0.15', '–', '–', '–'],
      expect.anything(),
      ['合计', '108.42', '1169'],
    ])
    expect(tasks?.map(cellsOf)).toEqual([
      ['fal账号ID', '用户ID', '用户名', '模型', '任务数', '收费(积分)', 'fal成本(USD)'],
      expect.anything(),
      ['5', '101', '张三', 'sora-2/i2v', '50', '5000', '5.00'],
      ['5', '102', '李四', 'kling/v2.1/i2v', '30', '8400', '28.00'],
      ['5', '103', '王五', 'seedream/v4/t2i', '20', '600', '0.60'],
      ['12', '101', '张三', 'flux/schnell', '80', '800', '0.80'],
      expect.anything(),
      ['合计', '180', '14800', '34.40'],
    ])
    expect(users?.map(cellsOf)).toEqual([
      ['用户ID', '用户名', 'fal任务收费', '积分消耗', '现金消耗', '积分充值', '差异(积分)', '状态'],
      expect.anything(),
      ['101', '张三', '5800', '5600', '200', '1000', '0', 'OK'],
      ['102', '李四', '8400', '8400', '0', '0', '0', 'OK'],
      ['103', '王五', '600', '400', '200', '0', '0', 'OK'],
      expect.anything(),
      ['合计', '14800', '14400', '400', '1000', '0'],
    ])
  })

  it('aligns every line of every table, in both languages, whatever the names', () => {
    const hostile = sampleReport()
    hostile.tasks.rows = HOSTILE_NAMES.map((name, index) => ({
      accountId: index % 2 === 0 ? null : 5,
      userId: index,
      userName: name,
      model: name,
      taskCount: 1,
      chargedPoints: 1,
      costUsd: '1',
      refundCount: 0,
      refundedPoints: 0,
    }))
    for (const lang of ['zh', 'en'] as const) {
      const tables = tablesOf(renderText(hostile, { lang, modelsPerAccount: true }))
      expect(tables).toHaveLength(4)
      for (const table of tables) expect(new Set(table.map(displayWidth)).size).toBe(1)
    }
  })

  it('says what could not be verified before any figure', () => {
    const notice = zh.indexOf('账号 23 fal 用量 (fal-usage): 读取失败: fal answered 401: the key is wrong')
    expect(notice).toBeGreaterThan(0)
    expect(notice).toBeLessThan(zh.indexOf('第一层'))
    expect(zh).toContain('审计完成（部分来源未能核实')
    expect(zh).not.toContain('任务表 (tasks): 完整')
    expect(zh).toContain('合计只含已读取的账号')
  })

  it('says nothing of the kind where all was read', () => {
    const whole = renderText(sampleReport({ coverage: { complete: true, sources: [] } }), { lang: 'zh' })
    expect(whole).not.toContain('未能核实')
    expect(whole).toContain('\n审计完成\n')
  })

  it('prints the basis: zone of the database, link mode, thresholds', () => {
    expect(zh).toContain('数据库时间的时区: +08:00')
    expect(zh).toContain('流水核对方式: order')
    expect(zh).toContain('阈值: a1DeviationRatio = 0.1')
    expect(zh).not.toContain('模型别名')
    const report = sampleReport()
    report.settings.learnedAliases = { 'sora-2/i2v': 'fal-ai/sora-2/image-to-video' }
    expect(renderText(report, { lang: 'zh' })).toContain(
      '由匹配得出的模型别名: sora-2/i2v → fal-ai/sora-2/image-to-video',
    )
    expect(zh).toContain('已检查项数: A1 2')
  })

  it('quotes a stored name or endpoint that could pass for more than one alias, or for a sentence', () => {
    const report = sampleReport()
    report.settings.learnedAliases = {
      'a → fal-ai/b，核对结果: 全部通过': 'fal-ai/c, fal-ai/all is “well”',
      'kling/v2': 'fal-ai/d, fal-ai/e',
    }
    expect(renderText(report, { lang: 'zh' })).toContain(
      "模型别名: “a → fal-ai/b，核对结果: 全部通过” → fal-ai/c, “fal-ai/all is 'well'”，kling/v2 → fal-ai/d, fal-ai/e\n",
    )
    expect(renderText(report, { lang: 'en' })).toContain('matches: "a → fal-ai/b，核对结果: 全部通过" → fal-ai/c, "')
  })

  it('names the ids that were left out, where any were', () => {
    expect(zh).not.toContain('略过的编号')
    const report = sampleReport()
    report.settings.readFrom = { tasks: 123456, cash: 7 }
    expect(renderText(report, { lang: 'zh' })).toContain(
      '略过的编号: 任务表 (tasks) < 123456，现金流水 (cash) < 7；按每表至多 1024 行的抽样，这些行早于审计所需的时间',
    )
    expect(renderText(report, { lang: 'en' })).toContain(
      'Ids left out: task table (tasks) < 123456, cash ledger (cash) < 7; by a sample of at most 1024 rows a table, ' +
        'those rows are older than what is audited',
    )
  })

  it('lists findings in their order, timing marked, and groups what was not evaluated', () => {
    expect(zh).toMatch(/\n\[HIGH\] A1: 账号 5 官方消耗.*\n\[MEDIUM\] A7: .*\n\[LOW\] A1 \(TIMING\): 账号 12\n/)
    expect(zh).toContain('A1 ×2: 未能读取该账号的官方账单（账号 23、账号 24）')
    expect(renderText(sampleReport({ findings: [] }), { lang: 'zh' })).toContain('异常告警\n已核实的内容中无异常\n')
  })

  it('speaks English with lang en, in its own words throughout', () => {
    const report = sampleReport({ findings: [], notEvaluated: [] })
    const en = renderText(report, { lang: 'en' })
    expect(en).toContain('Fal Consumption Audit Report')
    expect(en).toContain('OK: 2 | Warnings: 3 | Critical: 1')
    expect(en.replace(/张三|李四|王五/g, '')).not.toMatch(/\p{Script=Han}/u)
  })

  it('never prints colours', () => {
    expect(zh).not.toContain('\u001b')
  })
})

describe('what was not read', () => {
  it('is a dash in every column, never 0', () => {
    const report = sampleReport()
    report.official = {
      rows: [{ accountId: 7, balanceUsd: null, costUsd: null, modelCount: null, requestCount: null }],
      models: [],
      totals: { costUsd: null, requestCount: null },
    }
    report.ledger.rows = [ledger(101, '张三', [5800, null, null, null])]
    const [official, , users] = tablesOf(renderText(report, { lang: 'zh' }))
    expect(cellsOf(official?.[2])).toEqual(['7', '–', '–', '–', '–'])
    expect(cellsOf(official?.at(-1))).toEqual(['合计', '–', '–'])
    expect(cellsOf(users?.[2])).toEqual(['101', '张三', '5800', '–', '–', '–', '–', '未核实'])
    expect(cellsOf(users?.at(-1))).toEqual(['合计', '5800', '–', '–', '–', '–'])
  })

  it('is a dash too where no task holds a charge or a cost (NULL), and what is told beside such stands', () => {
    const report = sampleReport()
    const none = { refundCount: 0, refundedPoints: 0, untoldCharges: 1, untoldCosts: 1 }
    const row = { accountId: 5, userId: 101, userName: '张三', model: 'm', ...none }
    report.tasks.rows = [
      { ...row, taskCount: 1, chargedPoints: 0, costUsd: '0' },
      { ...row, taskCount: 2, chargedPoints: 0, costUsd: '0.5' },
    ]
    report.ledger.rows = [{ ...ledger(101, '张三', [0, 100, 0, 0]), untoldCharges: 2 }]
    const tables = tablesOf(renderText(report, { lang: 'zh' }))
    const [first, second] = [tables[1]?.[2], tables[1]?.[3]].map(cellsOf)
    expect(first?.slice(-3)).toEqual(['1', '–', '–'])
    expect(second?.slice(-3)).toEqual(['2', '0', '0.50'])
    const users = tables.find((table) => table[0]?.includes('积分充值'))
    expect(cellsOf(users?.[2])[2]).toBe('–')
    expect(cellsOf(users?.at(-1))[1]).toBe('–')
    report.ledger.rows.push(ledger(102, '李四', [0, 0, 0, 0]), ledger(103, '王五', [70, 70, 0, 0]))
    const more = tablesOf(renderText(report, { lang: 'zh' })).find((table) => table[0]?.includes('积分充值'))
    expect(cellsOf(more?.at(-1))[1]).toBe('70')
  })
})

describe('long tables', () => {
  const report = sampleReport()
  report.ledger.rows = [
    ...Array.from({ length: 30 }, (_, index) => ledger(index + 1, 'n', [1000 + index, 1000 + index, 0, 0])),
    ledger(501, 'small', [100, 99, 0, 0]),
    ledger(502, 'large', [100, 5, 0, 0]),
    ledger(503, 'unread', [1, null, null, null]),
  ]

  it('show the largest rows, say how many were left out, and total all rows', () => {
    const text = renderText(report, { lang: 'zh', rowsMax: 4 })
    const users = tablesOf(text).at(-1)
    expect(users?.slice(2, 6).map((line) => cellsOf(line)[0])).toEqual(['502', '501', '503', '30'])
    expect(text).toContain('只列出最大的 4 行，另有 29 行未列出')
    expect(cellsOf(users?.at(-1))[1]).toBe(String(30 * 1000 + 435 + 201))
  })

  it('show 20 rows by default, and say nothing where nothing was left out', () => {
    expect(renderText(report, { lang: 'en' })).toContain('Only the largest 20 rows; 13 more left out')
    expect(zh).not.toContain('未列出')
  })

  it('caps a flood of findings and says so', () => {
    const flooded = renderText(sampleReport({ findings: Array.from({ length: 510 }, () => finding({})) }), {
      lang: 'zh',
    })
    expect(flooded.match(/^\[HIGH\]/gm)).toHaveLength(500)
    expect(flooded).toContain('另有 10 条较轻的告警未列出')
  })
})
