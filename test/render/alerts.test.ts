import { describe, expect, it } from 'vitest'
import type { Finding } from '../../schemas/report.ts'
import { renderMarkdown } from '../../src/render/markdown.ts'
import { renderText } from '../../src/render/text.ts'
import { finding, sampleReport } from './sample-report.ts'

const many = (count: number, overrides: Partial<Finding>): Finding[] =>
  Array.from({ length: count }, (_, index) => finding({ ...overrides, message: `${overrides.rule} number ${index}` }))

/** The lines of the alerts alone: those of findings, and those that stand for others. */
const alertsOf = (findings: readonly Finding[], lang: 'zh' | 'en' = 'en'): string[] =>
  renderText(sampleReport({ findings: [...findings] }), { lang })
    .split('\n')
    .filter((line) => /^(\[|…)/.test(line))

const LEAK = { rule: 'B1', severity: 'HIGH', difference: '-0.25', unit: 'USD' } as const

describe('many findings of one rule about single requests', () => {
  it('are cut to ten, and one line says how many more there are and what all of the rule come to', () => {
    const lines = alertsOf([...many(41, LEAK), finding({ rule: 'A3', severity: 'HIGH' })])
    expect(lines.filter((line) => line.startsWith('[HIGH] B1:'))).toHaveLength(10)
    expect(lines[10]).toBe('… B1: 31 more; all 41 come to 10.25 USD')
    expect(lines[11]).toMatch(/^\[HIGH\] A3:/)
    expect(lines).toHaveLength(12)
    expect(alertsOf(many(41, LEAK), 'zh').at(-1)).toBe('… B1：另有 31 条；全部 41 条合计 10.25 USD')
  })

  it('are cut of every rule whose subject is a request or a task, of B22 too, and do not bury what is lesser', () => {
    const charges = many(600, { rule: 'B22', severity: 'MEDIUM', difference: '-100', unit: 'points' })
    const lines = alertsOf([...charges, finding({ rule: 'A8', severity: 'LOW' })])
    expect(lines.slice(10).map((line) => line.slice(0, 60))).toEqual([
      '… B22: 590 more; all 600 come to 60000 points',
      expect.stringMatching(/^\[LOW\] A8:/),
    ])
  })

  it('are all there up to ten, and of rules about accounts and users always', () => {
    expect(alertsOf(many(10, LEAK))).toHaveLength(10)
    for (const rule of ['A4', 'B15', 'B11'] as const) expect(alertsOf(many(30, { rule }))).toHaveLength(30)
  })

  it('count over severities; the rest of the graver ones stands before the lesser', () => {
    const points = { rule: 'B7', unit: 'points', difference: '100' } as const
    const findings = [
      ...many(12, { ...points, severity: 'HIGH' }),
      ...many(2, LEAK),
      ...many(3, { ...points, severity: 'MEDIUM' }),
    ]
    const lines = alertsOf(findings)
    expect(lines.map((line) => line.slice(0, 10))).toEqual([
      ...Array.from({ length: 10 }, () => '[HIGH] B7:'),
      '… B7: 5 mo',
      '[HIGH] B1:',
      '[HIGH] B1:',
    ])
    expect(lines[10]).toBe('… B7: 5 more; all 15 come to 1500 points')
  })

  it('are added up without their signs, and each sign is told where there are both, so that the sum can be traced', () => {
    const mixed = [...many(6, { ...LEAK, rule: 'B3' }), ...many(6, { ...LEAK, rule: 'B3', difference: '0.5' })]
    expect(alertsOf(mixed).at(-1)).toBe('… B3: 2 more; all 12 come to 4.50 USD, signs left out (+3.00, -1.50)')
    const charges = [
      ...many(10, { rule: 'B10', difference: '-80', unit: 'points' }),
      ...many(1, { rule: 'B10', difference: '280', unit: 'points' }),
    ]
    expect(alertsOf(charges, 'zh').at(-1)).toBe('… B10：另有 1 条；全部 11 条合计 1080 积分（不计正负：+280，-800）')
    const zeros = [...many(10, LEAK), ...many(1, { ...LEAK, difference: '0' })]
    expect(alertsOf(zeros).at(-1)).toBe('… B1: 1 more; all 11 come to 2.50 USD')
  })

  it('are without an amount where one is not known or counts are meant', () => {
    expect(alertsOf([...many(11, LEAK), ...many(1, { ...LEAK, difference: null })]).at(-1)).toBe('… B1: 2 more')
    expect(alertsOf(many(12, { ...LEAK, rule: 'B4', unit: 'count', difference: '1' })).at(-1)).toBe('… B4: 2 more')
  })

  it('are cut in Markdown too', () => {
    const text = renderMarkdown(sampleReport({ findings: many(11, LEAK) }), { lang: 'en' })
    expect(text.match(/^- \[HIGH\] B1:/gm)).toHaveLength(10)
    expect(text).toContain('\n- … B1: 1 more; all 11 come to 2.75 USD\n')
  })
})

describe('a report without findings', () => {
  it('says that there are none, and where not all was read that there are none in what was', () => {
    const written = (lang: 'zh' | 'en', complete: boolean) => {
      const coverage = { ...sampleReport().coverage, complete }
      return renderText(sampleReport({ findings: [], coverage }), { lang }).split('\n')
    }
    expect(written('zh', true)).toContain('无异常')
    expect(written('en', true)).toContain('None')
    expect(written('zh', false)).toContain('已核实的内容中无异常')
    expect(written('en', false)).toContain('None in what could be verified')
  })
})
