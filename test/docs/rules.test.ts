import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { RULE_IDS } from '../../schemas/report.ts'
import { thresholdTexts } from '../../src/audit/report/report.ts'
import { DEFAULT_THRESHOLDS } from '../../src/settings.ts'
import { ROOT } from '../house/sources.ts'

const FOLDER = join(ROOT, 'docs/rules')
const LINES_MAX = 40
const SECTIONS = ['What it means', 'How it is computed', 'Evidence', 'What to do', 'When it is innocent']

const read = (name: string): string => readFileSync(join(FOLDER, name), 'utf8')
const pages = readdirSync(FOLDER).filter((name) => name !== 'README.md')
const idOf = (name: string): string => name.replace(/\.md$/, '')
const all = pages.map(read).join('\n')

describe('the pages of the rules', () => {
  it('are one for each rule, and no more', () => {
    expect(pages.map(idOf).sort()).toEqual([...RULE_IDS].sort())
  })

  it.each(pages)('%s has every section, a Chinese line, and is short', (name) => {
    const page = read(name)
    const lines = page.trimEnd().split('\n')
    expect(lines[0]).toMatch(new RegExp(`^# ${idOf(name)} · \\S`))
    expect(lines[2]).toMatch(/^> \p{Script=Han}?.*\p{Script=Han}/u)
    expect(lines[4]).toMatch(/^Severity \*\*(HIGH|MEDIUM|LOW)\b/)
    const sections = lines.filter((line) => line.startsWith('## ')).map((line) => line.slice(3))
    expect(sections.filter((section) => section !== 'Sources')).toEqual(SECTIONS)
    for (const section of SECTIONS) expect(page).toMatch(new RegExp(`## ${section}\\n[^\\n#]`))
    expect(lines.length).toBeLessThanOrEqual(LINES_MAX)
  })

  it('stand in the table, each once, in order', () => {
    const rows = [...read('README.md').matchAll(/^\| \[(\w+)\]\((\w+)\.md\) \| (\w+)/gm)]
    expect(rows.map(([, id]) => id)).toEqual([...RULE_IDS])
    for (const [, id = '', target, severity] of rows) {
      expect(target).toBe(id)
      expect(read(`${id}.md`)).toContain(`Severity **${severity}`)
    }
  })

  it('link only to pages that exist', () => {
    const targets = [...all.matchAll(/\]\(([^)]+)\)/g)].map(([, target]) => target)
    expect(targets.filter((target = '') => !existsSync(join(FOLDER, target)))).toEqual([])
  })

  it('name every threshold, and none that is not there', () => {
    const settings = Object.keys(thresholdTexts(DEFAULT_THRESHOLDS))
    expect(settings.filter((setting) => !new RegExp(`\\b${setting}\\b`).test(all))).toEqual([])
    const named = [...all.matchAll(/\b((?:[ab]\d+[A-Z]|settlementL|refundL|stuckH|ledgerL)\w+)/g)].map(
      ([, name]) => name,
    )
    expect(named.filter((setting) => !settings.includes(setting ?? ''))).toEqual([])
  })
})
