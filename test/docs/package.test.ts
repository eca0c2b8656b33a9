import { existsSync, readdirSync } from 'node:fs'
import { dirname, join, normalize } from 'node:path'
import { describe, expect, it } from 'vitest'
import { readConfig } from '../../src/config.ts'
import { blocks, environmentNames, PACKAGE, PINNED, PROSE, READMES, ROOT, textOf, VERSION } from './documents.ts'

interface Entry {
  readonly command: string
  readonly args: readonly string[]
  readonly env: Record<string, string>
}

const EVERYTHING = [...PROSE, 'mcp.config.json', 'LICENSE']

describe('the version', () => {
  it.each(['SKILL.md', ...READMES, 'mcp.config.json'])('is pinned in %s, and to that of the package', (document) => {
    const text = textOf(document)
    const pinned = [...text.matchAll(/fal-consumption-audit@([\w.-]+)/g)].map(([, version]) => version)
    expect(pinned.length).toBeGreaterThan(0)
    expect(new Set(pinned)).toEqual(new Set([VERSION]))
    expect(text).not.toMatch(/(?:npx -y |--arg |"-y", ")fal-consumption-audit(?!@)/)
  })
})

describe('mcp.config.json', () => {
  const { mcpServers } = JSON.parse(textOf('mcp.config.json')) as { mcpServers: Record<string, Entry> }
  const entry = mcpServers[PACKAGE]

  it('starts the pinned package with npx', () => {
    expect(Object.keys(mcpServers)).toEqual([PACKAGE])
    expect(entry).toMatchObject({ command: 'npx', args: ['-y', PINNED] })
  })

  it('names variables that the program reads, with placeholders that count as unset', async () => {
    const env = entry?.env ?? {}
    // All of them: a client hands on what its entry names, and may hand on nothing else. Tokens are of serve alone; and of a
    // proxy named by a placeholder npx, which starts the program, makes "Invalid URL", and ends.
    const others = ['SERVE_TOKEN', 'ADMIN_TOKEN', 'HTTPS_PROXY', 'HTTP_PROXY', 'NO_PROXY']
    expect(Object.keys(env).sort()).toEqual(
      environmentNames()
        .filter((name) => !others.includes(name))
        .sort(),
    )
    for (const [name, value] of Object.entries(env)) expect(value).toBe(`$\{${name}}`)
    const none = () => {}
    const plain = async (environment: Record<string, string>): Promise<string> => {
      const { operation, ...config } = await readConfig(environment, ROOT, none)
      return JSON.stringify([config, operation], (_key, value) => (typeof value === 'bigint' ? String(value) : value))
    }
    expect(await plain(env)).toBe(await plain({}))
  })

  it.each(READMES)('is what %s shows for every client', (document) => {
    const shown = blocks(textOf(document), 'json').map((block) => JSON.parse(block) as Record<string, unknown>)
    expect(shown.map((each) => Object.keys(each).at(-1))).toEqual(['mcpServers', 'servers'])
    for (const config of shown) {
      const servers = (config.mcpServers ?? config.servers) as Record<string, Entry>
      const { command, args, env } = servers[PACKAGE] ?? { command: '', args: [], env: {} }
      expect({ command, args }).toEqual({ command: entry?.command, args: entry?.args })
      expect(environmentNames()).toEqual(expect.arrayContaining(Object.keys(env)))
    }
  })
})

describe('the package', () => {
  it('ships every text, and all that it says it ships but dist is there', () => {
    const { files } = JSON.parse(textOf('package.json')) as { files: string[] }
    expect(files).toEqual(expect.arrayContaining(['SKILL.md', 'references', 'mcp.config.json', ...READMES, 'LICENSE']))
    for (const file of files.filter((each) => each !== 'dist')) expect(existsSync(join(ROOT, file)), file).toBe(true)
  })

  it('tells the licence of every package whose code it holds', () => {
    const programs = readdirSync(join(ROOT, 'dist')).filter((name) => name.endsWith('.mjs'))
    const code = programs.map((name) => textOf(join('dist', name))).join('\n')
    const held = new Set(
      [...code.matchAll(/^(?:\/\/| {2}") ?node_modules\/((?:@[^/]+\/)?[^/]+)\//gm)].map(([, name]) => name),
    )
    const notices = textOf('dist/THIRD-PARTY-LICENSES.txt')
      .split(`\n\n${'-'.repeat(80)}\n`)
      .slice(1)
    expect(held.size).toBeGreaterThan(20)
    const named = notices.map((notice) => /^(\S+) [\d.]+/.exec(notice)?.[1])
    expect(named).toEqual(expect.arrayContaining([...held]))
    expect(notices.find((notice) => notice.startsWith('mysql2 '))).toMatch(
      /Copyright .*\n[\s\S]*Permission is hereby granted/,
    )
    // A text of its own, or at least whose it is.
    expect(notices.filter((notice) => notice.length < 20)).toEqual([])
  })
})

describe.each(PROSE)('links of %s', (document) => {
  const links = [...textOf(document).matchAll(/\]\(([^)\s]+)\)/g)].map(([, target]) => target ?? '')

  it('lead to a file and a heading that are there', () => {
    for (const link of links.filter((target) => !target.includes('://'))) {
      const [path = '', anchor] = link.split('#')
      const file = path === '' ? document : normalize(join(dirname(document), path))
      expect(existsSync(join(ROOT, file)), link).toBe(true)
      if (anchor !== undefined) expect(anchorsOf(textOf(file)), link).toContain(anchor)
    }
  })
})

/** The anchors that GitHub gives to headings. */
const anchorsOf = (text: string): string[] =>
  [...text.matchAll(/^#+ (.+)$/gm)].map(([, title = '']) =>
    title
      .toLowerCase()
      .replace(/[^\p{L}\p{N}\s_-]/gu, '')
      .replaceAll(' ', '-'),
  )

describe.each(EVERYTHING)('%s', (document) => {
  const text = textOf(document)

  it('names no host but those of fal, and the loopback address that serve listens on', () => {
    const hosts = [...text.matchAll(/\bhttps?:\/\/([^\s/)>`"']+)/g)].map(([, host]) => host ?? '')
    expect(hosts.filter((host) => !['fal.ai', 'api.fal.ai', '127.0.0.1:8080'].includes(host))).toEqual([])
  })

  it('names no path of a machine', () => {
    expect(text).not.toMatch(/(?:^|[\s"'`(=:])\/(?:work|root|home|tmp|Users|var|opt|mnt)\b/m)
    expect(text).not.toMatch(/\blocalhost\b/)
  })

  it('holds nothing that looks like a key', () => {
    expect(text).not.toMatch(/[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}/i)
    expect(text).not.toMatch(/\b[0-9a-f]{32}\b/i)
  })
})
