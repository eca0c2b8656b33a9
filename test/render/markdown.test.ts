import { describe, expect, it } from 'vitest'
import { escapeMarkdown, renderMarkdown } from '../../src/render/markdown.ts'
import { finding, HOSTILE_NAMES, sampleReport } from './sample-report.ts'

describe('escapeMarkdown', () => {
  it.each([
    ['张三', '张三'],
    ['kling/v2.1/i2v', 'kling/v2.1/i2v'],
    ['a|b', 'a\\|b'],
    ['a\\|b', 'a\\\\\\|b'],
    ['`x`', '\\`x\\`'],
    ['[x](y)', '\\[x\\](y)'],
    ['<b>&amp;', '&lt;b&gt;&amp;amp;'],
    ['# h', '\\# h'],
    ['-200', '-200'],
    ['see https://evil.example|`x`', "`see https://evil.example¦'x'`"],
    ['@octocat', '`@octocat`'],
  ])('%j becomes %j', (text, escaped) => {
    expect(escapeMarkdown(text)).toBe(escaped)
  })
})

describe('the Markdown report', () => {
  const markdown = renderMarkdown(sampleReport(), { lang: 'zh', modelsPerAccount: true })

  it('has the parts as headings and the rows as tables', () => {
    expect(markdown).toContain('# Fal 消耗审计报告')
    expect(markdown).toContain(
      '| 账号ID | 余额(USD) | 官方消耗(USD) | 模型数 | 请求数 |\n| ---: | ---: | ---: | ---: | ---: |',
    )
    expect(markdown).toContain('| 5 | 12.30 | 99.92 | 18 | 1049 |')
    expect(markdown).toContain('| 23 | 0.15 | – | – | – |')
    expect(markdown).toContain('| 12 | flux/schnell | 80 | image | 8.50 |')
    expect(markdown).toContain('- [HIGH] A1: 账号 5 官方消耗 99.92 USD')
    expect(markdown.indexOf('401')).toBeLessThan(markdown.indexOf('## 第一层'))
    expect(markdown).toContain('正常: 2 | 告警: 3 | 严重: 1')
  })

  it('lets no name inject structure, links or HTML', () => {
    const report = sampleReport()
    const [template] = report.tasks.rows
    report.tasks.rows = HOSTILE_NAMES.map((name) => ({ ...template!, userName: name, model: name }))
    report.findings = HOSTILE_NAMES.map((name) => finding({ message: name }))
    report.settings.modelAliases = { '<b>': '[x](http://e)' }
    const hostile = renderMarkdown(report, { lang: 'en' })
    for (const line of hostile.split('\n')) {
      const outsideCode = line.replace(/`[^`]*`/g, '')
      expect(outsideCode).not.toMatch(/<[a-z!/]/i)
      expect(outsideCode).not.toMatch(/https?:\/\/|www\.|@/)
      expect(outsideCode).not.toMatch(/(?<!\\)\](?:\(|\[)/)
    }
    const rows = hostile.split('\n').filter((line) => line.startsWith('| 5 | 101 |'))
    expect(rows).toHaveLength(HOSTILE_NAMES.length)
    for (const row of rows) expect(row.match(/(?<!\\)\|/g)).toHaveLength(8)
    expect(hostile.match(/^#+ /gm)).toHaveLength(5)
  })
})
