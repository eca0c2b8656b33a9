import { describe, expect, it } from 'vitest'
import { createToolCalls } from '../../src/faces/tool-calls.ts'
import { displayWidth } from '../../src/render/width.ts'
import { finding, sampleReport } from '../render/sample-report.ts'
import { run } from './command-line.ts'
import { fakeServices } from './fake-tools.ts'

// Markdown escapes what a password is made of, and nobody knows it again behind a backslash.
const TOKEN = 'p_ss*w|rd<&>~`[9]'
const TASK_ID = `order ${TOKEN} of 2026`
const services = fakeServices([], [TOKEN])

/** Marks that people do not see, in the middle of a secret. */
const split = (text: string): string => `${text.slice(0, 7)}\u200b${text.slice(7)}`

function leaking() {
  const report = sampleReport()
  const [row, ...rows] = report.tasks.rows
  report.tasks.rows = [{ ...row!, userName: split(TOKEN), model: TOKEN }, ...rows]
  report.findings = [
    finding({ rule: 'B1', subject: { requestId: TASK_ID }, message: `task ${TASK_ID}: ${split(TOKEN)}` }),
  ]
  return report
}

/** What a reader sees: without backslashes and entities. */
const asRead = (markdown: string): string =>
  markdown
    .replace(/\\([!-/:-@[-`{-~])/g, '$1')
    .replaceAll('&lt;', '<')
    .replaceAll('&gt;', '>')
    .replaceAll('&amp;', '&')
    .replaceAll('¦', '|')

describe('a secret in a name or an id', () => {
  it.each(['zh', 'en'] as const)('leaves with no report as Markdown over MCP (%s)', (lang) => {
    const calls = createToolCalls(services)
    const markdown = calls.markdownOf(leaking(), lang)
    expect(asRead(markdown)).not.toContain('w|rd')
    expect(markdown).toContain('- [HIGH] B1: task order \\[redacted\\] of 2026: \\[redacted\\]')
  })

  it('leaves with no report as JSON over MCP', () => {
    const json = createToolCalls(services).jsonOf(leaking())
    expect(json).not.toContain('w|rd')
    expect(JSON.parse(json).tasks.rows[0]).toMatchObject({ userName: '[redacted]', model: '[redacted]' })
  })

  it.each(['text', 'markdown', 'json'])('leaves with no report of a command as %s', async (format) => {
    const { redact } = services
    const { stdout } = await run(['demo', '--format', format], [], { runDemo: async () => leaking(), redact })
    expect(asRead(stdout)).not.toContain('w|rd')
    expect(stdout).toContain('redacted')
  })

  it('moves no column of a table when it is blanked out', async () => {
    const { redact } = services
    const { stdout } = await run(['demo'], [], { runDemo: async () => leaking(), redact })
    const lines = stdout.split('\n')
    const rows = lines.filter((line) => /^ +\d+ +10[123] .*\d$/.test(line))
    expect(rows).toHaveLength(4)
    expect(new Set(rows.map(displayWidth)).size).toBe(1)
  })
})
