import { describe, expect, it } from 'vitest'
import { renderMarkdown } from '../../src/render/markdown.ts'
import { renderText } from '../../src/render/text.ts'
import { displayWidth } from '../../src/render/width.ts'
import { EN } from '../../src/render/words-en.ts'
import { sampleReport } from './sample-report.ts'

const requests = { matched: 1049, unrecorded: 1, unbilled: 2, pending: 3, mismatched: 4, verdicts: {} }
const TIE_OUT_KEYS = Object.keys(EN.tieOutItems)
const sums = Object.fromEntries(TIE_OUT_KEYS.map((key) => [key, key.endsWith('Residual') ? '0' : '12.5']))

const text = (tieOut: Record<string, string> | null, lang: 'zh' | 'en' = 'en'): string =>
  renderText(sampleReport({ requests, tieOut }), { lang })

/** The lines between a heading and the blank line after it. */
function part(report: string, heading: string): string[] {
  const lines = report.split('\n')
  const from = lines.indexOf(heading)
  return from < 0 ? [] : lines.slice(from + 1, lines.indexOf('', from))
}

describe('the requests', () => {
  it('have a heading and a column each, in both languages', () => {
    const zh = part(text(sums, 'zh'), '请求核对').map((line) => line.trim().split(/ {2,}/))
    expect(zh[0]).toEqual(['已匹配', '系统无记录', 'fal 未计费', '待结算', '金额不一致'])
    expect(zh[2]).toEqual(['1049', '1', '2', '3', '4'])
    expect(part(text(sums), 'Requests: bill against tasks')).toHaveLength(3)
  })

  it('are said to be of all users where layer 2 is of some', () => {
    const { settings } = sampleReport()
    const told = (userIds: number[], lang: 'zh' | 'en') => {
      const filters = { ...settings.filters, userIds }
      return renderText(sampleReport({ requests, settings: { ...settings, filters } }), { lang })
    }
    expect(told([42], 'en')).toContain('Requests and tie-out are of all users, since a bill names none; layer 2 is of')
    expect(told([42], 'zh')).toContain('请求核对与勾稽核对包含全部用户')
    expect(told([], 'en')).not.toContain('of all users')
  })

  it('are said to be unread where they are', () => {
    const unread = renderText(sampleReport({ requests: null }), { lang: 'zh' })
    expect(unread).toContain('请求核对：未读取 fal 计费明细')
    expect(unread).not.toContain('勾稽')
  })
})

describe('the tie-out', () => {
  it('prints the three identities and the bridge, with signs and residuals', () => {
    const lines = part(text({ ...sums, eventsCarried: '-0.000000001', eventsResidual: '0.25' }), 'Tie-out')
    expect(lines.slice(2, 9).map((line) => line.trim().split(/ {2,}/))).toEqual([
      ['Billing events of the period or of its tasks', '12.500000000'],
      ['= matched to tasks of the period', '12.500000000'],
      ['+ not evaluated', '12.500000000'],
      ['+ carried, of tasks outside it', '-0.000000001'],
      ['+ unrecorded', '12.500000000'],
      ['+ unattributed, of keys without an account', '12.500000000'],
      ['residual, must be 0', '0.250000000'],
    ])
    const signs = lines.slice(2).map((line) => /^ {4}([=+−]) /.exec(line)?.[1] ?? '')
    expect(signs.join('')).toBe('=++++' + '=++++++' + '=++' + '−+=')
    expect(lines.filter((line) => line.includes('residual'))).toHaveLength(4)
  })

  it.each(['zh', 'en'] as const)('is aligned, and has words for every sum (%s)', (lang) => {
    const lines = part(text(sums, lang), lang === 'zh' ? '勾稽核对' : 'Tie-out')
    expect(lines).toHaveLength(2 + TIE_OUT_KEYS.length)
    expect(new Set(lines.map(displayWidth)).size).toBe(1)
    for (const key of TIE_OUT_KEYS) expect(lines.join('\n')).not.toContain(key)
  })

  it('prints sums it does not know as they are, clean, after the others', () => {
    const lines = part(text({ newSum: '1.50', ...sums, 'bad\nkey': 'x\u001b[31my' }), 'Tie-out')
    expect(lines.slice(-2).map((line) => line.trim().split(/ {2,}/))).toEqual([
      ['newSum', '1.50'],
      ['bad key', 'xy'],
    ])
  })

  it('leaves out what is missing, and itself where there is nothing', () => {
    expect(part(text({ eventsTotal: '1', eventsMatched: '1' }), 'Tie-out')).toHaveLength(4)
    expect(text({})).not.toContain('Tie-out')
    expect(text(null)).not.toContain('Tie-out')
  })

  it('is a table in Markdown', () => {
    const markdown = renderMarkdown(sampleReport({ requests, tieOut: sums }), { lang: 'zh' })
    expect(markdown).toContain(
      '## 勾稽核对\n\n| 项目 | USD |\n| :--- | ---: |\n| 计费明细（范围内或属于范围内任务） | 12.50 |',
    )
  })
})
