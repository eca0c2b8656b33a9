import { describe, expect, it } from 'vitest'
import { checklistMarkdown } from '../../src/checklist.ts'
import { TOOLS } from '../../tools/registry.ts'
import { parseBlockYaml, type Yaml } from './block-yaml.ts'
import { between, environmentNames, PACKAGE, PINNED, quoted, REFERENCES, tableOf, textOf } from './documents.ts'

const text = textOf('SKILL.md')
const [, frontmatter = '', body = ''] = /^---\n(.*?)\n---\n(.*)$/s.exec(text) ?? []
const skill = parseBlockYaml(frontmatter) as { [key: string]: Yaml }

describe('the frontmatter of SKILL.md', () => {
  it('has the keys of the Agent Skills specification and no others', () => {
    expect(Object.keys(skill)).toEqual(['name', 'description', 'license', 'compatibility', 'metadata'])
  })

  it('names the skill as its folder and the package are named', () => {
    expect(skill.name).toBe(PACKAGE)
    expect(PACKAGE).toMatch(/^[a-z0-9]+(?:-[a-z0-9]+)*$/)
  })

  it('says what it does and when, in at most 1024 characters and without angle brackets', () => {
    const description = String(skill.description)
    expect(description.length).toBeLessThanOrEqual(1024)
    expect(description).not.toMatch(/[<>]/)
    for (const word of ['消耗审计', '账单核对', 'fal 对账', '用量异常']) expect(description).toContain(word)
    for (const word of ['consumption audit', 'bill reconciliation', 'fal reconciliation', 'usage anomaly']) {
      expect(description).toContain(word)
    }
    expect(description).toContain('使用')
    expect(description).toContain('Use when')
  })

  it('names the licence, and what is needed in at most 500 characters', () => {
    expect(skill.license).toBe('MIT')
    expect(textOf('LICENSE')).toMatch(/^MIT License\n/)
    expect(String(skill.compatibility).length).toBeLessThanOrEqual(500)
    const { engines } = JSON.parse(textOf('package.json')) as { engines: { node: string } }
    expect(skill.compatibility).toContain(`Node.js ${engines.node.replace('>=', '')}`)
  })

  it('tells OpenClaw what the skill needs', () => {
    expect(skill.metadata).toEqual({
      openclaw: {
        requires: { bins: ['node', 'npx'], env: ['DATABASE_URL'] },
        primaryEnv: 'DATABASE_URL',
        install: [{ id: 'npm', kind: 'node', package: PINNED, bins: [PACKAGE], label: `Install ${PACKAGE} (npm)` }],
      },
    })
    expect(environmentNames()).toContain('DATABASE_URL')
    const { bin } = JSON.parse(textOf('package.json')) as { bin: Record<string, string> }
    expect(Object.keys(bin)).toEqual([PACKAGE])
  })

  it('has nothing that line-based readers take for the keys of the skill itself', () => {
    const nested = frontmatter
      .split('\n')
      .filter((line) => /^\s+(?:- )?(?:name|description|version|homepage):/.test(line))
    expect(nested).toEqual([])
  })
})

describe('the reader of block YAML', () => {
  it.each([
    'metadata: {"openclaw": {}}',
    'a: [b]',
    'a: "b"',
    'a: b: c',
    'a: b # c',
    'a:',
    'a: b\na: c',
    'a: b\n  c: d',
    'a:\n  b: c\n d: e',
  ])('refuses %j', (source) => {
    expect(() => parseBlockYaml(source)).toThrow()
  })

  it('reads maps, lists of scalars and lists of maps', () => {
    const source = 'a: b c\nd:\n  e:\n    - f\n    - g\n  h:\n    - i: j\n      k:\n        - l\n    - i: m'
    expect(parseBlockYaml(source)).toEqual({ a: 'b c', d: { e: ['f', 'g'], h: [{ i: 'j', k: ['l'] }, { i: 'm' }] } })
  })
})

describe('the body of SKILL.md', () => {
  it('is short', () => {
    expect(body.trim()).not.toBe('')
    expect(text.split('\n').length).toBeLessThan(500)
  })

  it('holds exactly the checklist that the prompt gives', () => {
    expect(between(body, 'checklist')).toBe(checklistMarkdown('zh'))
  })

  it('lists the tools there are', () => {
    expect(tableOf(body, '工具').flatMap(([cell]) => quoted(cell))).toEqual(TOOLS.map(({ name }) => name))
  })

  it('says how to connect in Claude Code and OpenClaw', () => {
    expect(body).toMatch(new RegExp(`^claude mcp add .*--env DATABASE_URL=.* -- npx -y ${PINNED}$`, 'm'))
    expect(body).toMatch(
      new RegExp(`^openclaw mcp add ${PACKAGE} --command npx --arg -y --arg ${PINNED} --env DATABASE_URL=`, 'm'),
    )
  })

  it('points to every reference', () => {
    for (const reference of REFERENCES) expect(body).toContain(`(${reference})`)
  })
})
