import { describe, expect, it } from 'vitest'
import { runDemo } from '../../src/demo/run.ts'
import { commandsOf } from '../../src/faces/commands.ts'
import { EXIT, FAIL_ON } from '../../src/faces/exit-code.ts'
import { parseFlags } from '../../src/faces/flags.ts'
import { DEFAULT_MAPPING } from '../../src/ledger/mapping.ts'
import { renderText } from '../../src/render/text.ts'
import { TOOLS } from '../../tools/registry.ts'
import { between, blocks, PINNED, PROSE, quoted, READMES, tableOf, tables, textOf } from './documents.ts'

const COMMANDS = commandsOf(TOOLS)
const depthOf = (command: string): string =>
  COMMANDS.find(({ name }) => name === command)
    ?.flags()
    .find(({ key }) => key === 'depth')?.fallback ?? ''
const LANGUAGES = { 'README.md': 'en', 'README.zh-CN.md': 'zh' } as const

/** Whether a line of the excerpt is this printed one; an excerpt may cut a line with an ellipsis. */
const shows = (line: string, printed: string): boolean =>
  line.endsWith('…') ? printed.startsWith(line.slice(0, -1).trimEnd()) : printed === line

describe.each(READMES)('%s', (document) => {
  const text = textOf(document)

  it('lists the tools there are, with inputs they have', () => {
    const table = tableOf(text, 'tool', '工具')
    expect(table.flatMap(([cell]) => quoted(cell))).toEqual(TOOLS.map(({ name }) => name))
    table.forEach(([, , inputs], index) => {
      expect(Object.keys(TOOLS[index]?.input.shape ?? {})).toEqual(expect.arrayContaining(quoted(inputs)))
    })
  })

  it('lists the commands there are, and flags that audit has', () => {
    const table = tableOf(text, 'command', '命令')
    expect(table.flatMap(([cell]) => quoted(cell))).toEqual(COMMANDS.map(({ name }) => name))
    const flags = quoted(table[0]?.[1])
    expect(flags.length).toBeGreaterThan(5)
    for (const flag of flags) {
      const [name = '', value = ''] = flag.replaceAll('\\|', '|').split(' ')
      const known = COMMANDS[0]?.flags().find(({ names }) => names.includes(name.replace('--', '')))
      expect(known, flag).toBeDefined()
      if (value.includes('|')) expect(known?.values.join('|')).toBe(value)
    }
    expect(flags).toContain(`--fail-on ${FAIL_ON.join('\\|')}`)
  })

  it('lists the exit codes', () => {
    const codes = tableOf(text, 'exit code', '退出码').map(([code]) => Number(code))
    expect(codes).toEqual(Object.values(EXIT))
  })

  it('names the npm scripts there are, and all of them', () => {
    const { scripts } = JSON.parse(textOf('package.json')) as { scripts: Record<string, string> }
    const named = [...text.matchAll(/\bnpm (?:run (\w+)|(test))\b/g)].map(([, run, test]) => run ?? test ?? '')
    const called = Object.keys(scripts).filter((name) => !/^(?:pre|post)/.test(name))
    expect([...new Set(named)].sort()).toEqual(called.sort())
  })

  it('grants SELECT on the five tables and nothing else', () => {
    const [sql = ''] = blocks(text, 'sql')
    const granted = [...sql.matchAll(/^GRANT (.+) ON shop\.(\w+) TO 'fal_audit'@'%';$/gm)].map(([, what, table]) => [
      what,
      table,
    ])
    expect(granted).toEqual(Object.values(DEFAULT_MAPPING.tables).map((table) => ['SELECT', table]))
    expect(sql.match(/\bGRANT\b/g)).toHaveLength(granted.length)
  })

  it('shows lines of the demo as it prints them, in that order', async () => {
    const lang = LANGUAGES[document]
    const context = { signal: new AbortController().signal, progress: () => {} }
    const printed = renderText(await runDemo({ lang, context }), { lang }).split('\n')
    const [excerpt = ''] = blocks(between(text, 'demo'), 'text')
    const lines = excerpt.trimEnd().split('\n')
    expect(lines.length).toBeGreaterThan(10)
    let at = 0
    for (const line of lines.filter((each) => each !== '…')) {
      const found = printed.slice(at).findIndex((each) => shows(line, each.trimEnd()))
      expect(found, `${line} is not in the demo, or not in this order`).toBeGreaterThanOrEqual(0)
      at += found + 1
    }
  })
})

describe('the default depth', () => {
  it.each([
    ['README.md', 'Depth is'],
    ['README.zh-CN.md', '深度默认为'],
    ['SKILL.md', '深度默认为'],
  ])('is the same for the command and the tool, and told in %s', (document, words) => {
    expect(depthOf('audit-reconcile')).toBe(depthOf('audit'))
    expect(textOf(document)).toContain(`${words} \`${depthOf('audit')}\``)
  })
})

describe('the two languages', () => {
  it('have the same headings, tables and commands', () => {
    const [english, chinese] = READMES.map((document) => {
      const text = textOf(document)
      return {
        headings: [...text.matchAll(/^(#+) /gm)].map(([, level]) => level),
        tables: tables(text).map((table) => [table.length, ...new Set(table.map((row) => row.length))]),
        points: text.match(/^(?:-|\d+\.) /gm)?.length,
        commands: [
          ...blocks(text, 'bash'),
          ...blocks(text, 'json'),
          ...blocks(text, 'toml'),
          ...blocks(text, 'sql'),
        ].map((block) => block.replaceAll(' --lang en', '')),
      }
    })
    expect(chinese).toEqual(english)
  })
})

describe('command lines in the texts', () => {
  const lines = PROSE.flatMap((document) =>
    [...textOf(document).matchAll(new RegExp(`^npx -y ${PINNED} (.+)$`, 'gm'))].map(([, line]) => [
      document,
      line ?? '',
    ]),
  )

  it('are there', () => {
    expect(new Set(lines.map(([document]) => document))).toEqual(new Set(['SKILL.md', ...READMES]))
  })

  it.each(lines)('%s: %s', (_document, line = '') => {
    const [name, ...args] = line.split(' ')
    const command = COMMANDS.find((each) => each.name === name)
    expect(command).toBeDefined()
    if (command === undefined) return
    const { input } = parseFlags(args, command.flags(), command.name)
    const tool = TOOLS.find((each) => each.name === name)
    // The form of the output is the command's own flag.
    const { format: _, ...inputs } = input
    if (tool !== undefined) expect(tool.input.safeParse(inputs).error).toBeUndefined()
  })
})
