import { describe, expect, it } from 'vitest'
import type { Report } from '../../schemas/report.ts'
import { renderMarkdown } from '../../src/render/markdown.ts'
import { renderText } from '../../src/render/text.ts'
import { finding, sampleReport } from './sample-report.ts'

const ofB1 = (count: number) =>
  Array.from({ length: count }, (_, index) =>
    finding({ rule: 'B1', difference: '-0.25', unit: 'USD', message: `B1 number ${index}` }),
  )

/** Twelve findings of B1 are in the report, and as many more as given are not. */
const cutOfB1 = (omitted: number): Report =>
  sampleReport({
    rules: [
      { rule: 'A1', examined: 2, findings: 1 },
      { rule: 'B1', examined: 90, findings: 12 + omitted, ...(omitted > 0 && { omitted }) },
    ],
    findings: [...ofB1(12), finding({})],
  })

const withoutRows = (omittedRows: number): Report => {
  const { tasks } = sampleReport()
  return sampleReport({ tasks: { ...tasks, totals: { ...tasks.totals, omittedRows } } })
}

describe('findings that the report leaves out', () => {
  it('are told by rule with both counts, and how to see them', () => {
    const en = renderText(cutOfB1(2345), { lang: 'en' })
    expect(en).toContain(
      [
        'Counted, but too many for the report, in JSON too',
        '  B1: 2345 of 2357 alerts left out, the lesser ones',
        '  To see them, audit a shorter period, or only some accounts or users\n',
      ].join('\n'),
    )
    const zh = renderText(cutOfB1(2345), { lang: 'zh' })
    expect(zh).toContain('B1：2357 条中有 2345 条未列出（较轻的部分）')
    expect(zh).toContain('要看到这些告警，请缩短审计范围，或只选部分账号或用户')
    expect(renderMarkdown(cutOfB1(1), { lang: 'en' })).toContain('B1: 1 of 13 alerts left out')
  })

  it('count among those that the line of their rule stands for; the amount is that of the listed ones', () => {
    expect(renderText(cutOfB1(2345), { lang: 'en' })).toContain('… B1: 2347 more; the gravest 12 come to 3.00 USD\n')
    expect(renderText(cutOfB1(2345), { lang: 'zh' })).toContain('… B1：另有 2347 条；最重的 12 条合计 3.00 USD\n')
    expect(renderText(cutOfB1(0), { lang: 'en' })).toContain('… B1: 2 more; all 12 come to 3.00 USD\n')
  })

  it('are not spoken of where there are none', () => {
    expect(renderText(cutOfB1(0), { lang: 'en' })).not.toContain('too many for the report')
    expect(renderText(cutOfB1(0), { lang: 'zh' })).not.toContain('未写入报告')
  })
})

describe('findings that are not printed', () => {
  it('are counted once: what the line of a rule stands for is not among the lesser ones', () => {
    const points = { rule: 'B7', unit: 'points', difference: '1' } as const
    const many = <T>(count: number, item: T): T[] => Array.from({ length: count }, () => item)
    const findings = [
      ...many(12, finding({ ...points, severity: 'HIGH' })),
      ...many(500, finding({ rule: 'A4', severity: 'MEDIUM' })),
      ...many(5, finding({ ...points, severity: 'MEDIUM' })),
    ]
    const text = renderText(sampleReport({ findings }), { lang: 'en' })
    expect(text).toContain('… B7: 7 more; all 17 come to 17 points\n')
    // 500 lines: 10 of B7, one for the rest of it, 489 of A4.
    expect(text).toContain('\n11 lesser alerts left out\n')
  })
})

describe('rows of layer 2 that the report leaves out', () => {
  const EN = '12 of all 16 rows, those of least cost, are too many for the report, in JSON too; the total counts them.'

  it('count among the rows that are not shown, and are told with how to see them', () => {
    const en = renderText(withoutRows(12), { lang: 'en', rowsMax: 3 })
    expect(en).toContain(`Only the largest 3 rows; 13 more left out. The total is over all rows\n`)
    expect(en).toContain(`${EN} To see them, use tasks-by-user, or audit a shorter period`)
    const zh = renderText(withoutRows(12), { lang: 'zh', rowsMax: 3 })
    expect(zh).toContain('只列出最大的 3 行，另有 13 行未列出')
    expect(zh).toContain('全部 16 行中，成本最低的 12 行因数量过多未写入报告')
    expect(renderMarkdown(withoutRows(12), { lang: 'en' })).toContain('12 of all 16 rows')
  })

  it('are told where all rows of the report are shown too', () => {
    const en = renderText(withoutRows(12), { lang: 'en' })
    expect(en).toContain('Only the largest 4 rows; 12 more left out')
    expect(en).toContain(EN)
  })

  it('are not spoken of where there are none', () => {
    expect(renderText(sampleReport(), { lang: 'en' })).not.toMatch(/left out|too many/)
  })
})

describe('what the view leaves out and the report has', () => {
  const told = { en: 'Left out of this view', zh: '本视图未列出的内容' }
  const { ledger, notEvaluated } = sampleReport()
  const [user] = ledger.rows
  const [check] = notEvaluated
  const source = { source: 'fal-usage', accountId: 5, status: 'failed' } as const

  it.each<[string, Partial<Report>]>([
    ['rows of a table', { ledger: { rows: Array.from({ length: 21 }, (_, userId) => ({ ...user!, userId })) } }],
    ['findings of a rule', { findings: ofB1(11) }],
    ['findings', { findings: Array.from({ length: 501 }, () => finding({ rule: 'A4' })) }],
    ['sources', { coverage: { complete: false, sources: Array.from({ length: 101 }, () => source) } }],
    ['reasons', { notEvaluated: Array.from({ length: 51 }, (_, at) => ({ ...check!, reason: `reason ${at}` })) }],
    [
      'subjects',
      { notEvaluated: Array.from({ length: 6 }, (_, accountId) => ({ ...check!, subject: { accountId } })) },
    ],
  ])('is told with where to see it: %s', (_, over) => {
    const en = renderText(sampleReport(over), { lang: 'en' })
    expect(en).toContain(
      `${told.en}\n  The report as JSON lists it: --format json, or the resource audit://reports/{id} without .md\n`,
    )
    expect(renderText(sampleReport(over), { lang: 'zh' })).toContain(told.zh)
    expect(renderMarkdown(sampleReport(over), { lang: 'en' })).toContain(`**${told.en}**`)
  })

  it('is not spoken of where nothing is, nor where the report does not have it either', () => {
    for (const report of [sampleReport(), withoutRows(7)]) {
      expect(renderText(report, { lang: 'en' })).not.toContain(told.en)
      expect(renderMarkdown(report, { lang: 'zh' })).not.toContain(told.zh)
    }
  })
})
