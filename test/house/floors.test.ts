import { describe, expect, it } from 'vitest'
import { sourcesIn } from './sources.ts'

/**
 * The rooms of the house, most special first. A room may import its own files, and the rooms it names. The names before
 * the slash of `types` may be imported as types only.
 */
interface Room {
  readonly name: string
  readonly holds: RegExp
  readonly imports: readonly string[]
  readonly types?: readonly string[]
}

const GROUND = ['units', 'ground']
const CONTRACTS = [...GROUND, 'schemas', 'settings']
const WINGS = ['rules', 'fal', 'ledger', 'render']
const UPSTAIRS = ['audit', 'billing', 'billing-store', 'operation', 'tool', 'paging', 'registry', 'checklist']

const ROOMS: readonly Room[] = [
  // Floor 0
  { name: 'units', holds: /^src\/units\//, imports: GROUND },
  { name: 'ground', holds: /^src\/(errors|limits|nearest)\.ts$/, imports: GROUND },
  { name: 'rows', holds: /^src\/rows\//, imports: GROUND, types: ['fal', 'ledger'] },
  { name: 'spool', holds: /^src\/spool\//, imports: [...GROUND, 'rows'] },
  // Floor 1
  { name: 'schemas', holds: /^schemas\//, imports: [...GROUND, 'settings'] },
  { name: 'settings', holds: /^src\/(settings|validation)\.ts$/, imports: GROUND },
  // Floor 2: wings that know nothing of each other
  { name: 'rules', holds: /^src\/audit\/rules\//, imports: [...CONTRACTS, 'rows'], types: ['audit', 'fal', 'ledger'] },
  { name: 'fal', holds: /^src\/fal\//, imports: [...CONTRACTS, 'rows'] },
  { name: 'ledger', holds: /^src\/ledger\//, imports: [...CONTRACTS, 'rows'] },
  { name: 'render', holds: /^src\/render\//, imports: CONTRACTS },
  // Floor 3
  {
    name: 'audit',
    holds: /^src\/audit\//,
    imports: [...CONTRACTS, 'rules', 'render', 'rows', 'spool'],
    types: ['fal', 'ledger'],
  },
  {
    name: 'billing',
    holds: /^src\/billing\//,
    imports: [...CONTRACTS, 'audit', 'render'],
    types: ['rules', 'fal', 'ledger'],
  },
  // Floor 4
  { name: 'tool', holds: /^src\/tool\.ts$/, imports: CONTRACTS, types: ['fal', 'ledger', 'billing'] },
  { name: 'billing-store', holds: /^src\/billing-store\.ts$/, imports: [...GROUND, 'audit', 'ledger', 'billing'] },
  {
    name: 'operation',
    holds: /^src\/(operation\.ts$|operations\/)/,
    imports: [...CONTRACTS, 'rules', 'audit', 'billing', 'render', 'rows', 'spool', 'tool'],
    types: ['fal', 'ledger'],
  },
  { name: 'checklist', holds: /^src\/checklist\.ts$/, imports: CONTRACTS },
  { name: 'paging', holds: /^src\/(paging|reports)\.ts$/, imports: [...CONTRACTS, 'tool'] },
  { name: 'registry', holds: /^tools\/registry\.ts$/, imports: ['tools', 'tool'] },
  {
    name: 'tools',
    holds: /^tools\//,
    imports: [...CONTRACTS, 'render', 'audit', 'operation', 'tool'],
    types: ['fal', 'ledger'],
  },
  // Floor 5
  {
    name: 'faces',
    holds: /^src\/faces\//,
    imports: [...CONTRACTS, 'render', 'registry', 'operation', 'tool', 'checklist', 'paging'],
  },
  { name: 'demo', holds: /^src\/demo\//, imports: [...CONTRACTS, ...WINGS, ...UPSTAIRS] },
  { name: 'import', holds: /^src\/import\//, imports: [...CONTRACTS, 'ledger'], types: ['tool'] },
  // Floor 6
  {
    name: 'main',
    holds: /^src\/(main|program|garbage|serve|config|dot-env|dependencies|secrets)\.ts$/,
    imports: [...CONTRACTS, ...WINGS, ...UPSTAIRS, 'faces', 'demo', 'import', 'rows'],
  },
]

const roomOf = (path: string): Room | undefined => ROOMS.find(({ holds }) => holds.test(path))

const SOURCES = sourcesIn(['src', 'schemas', 'tools'], ['.ts'])
const isOurs = (target: string): boolean => /^(src|schemas|tools|test|scripts|bench)\//.test(target)

describe('the floors', () => {
  it('give every file a room', () => {
    expect(SOURCES.map(({ path }) => path).filter((path) => roomOf(path) === undefined)).toEqual([])
  })

  it('are only climbed downwards', () => {
    const wrong = SOURCES.flatMap(({ path, imports }) => {
      const room = roomOf(path)
      return imports
        .filter(({ target }) => isOurs(target))
        .filter(({ target, typeOnly }) => {
          const other = roomOf(target)?.name ?? ''
          const allowed =
            other === room?.name || room?.imports.includes(other) || (typeOnly && room?.types?.includes(other))
          return !allowed
        })
        .map(({ target, typeOnly }) => `${path} imports ${target}${typeOnly ? ' (types)' : ''}`)
    })
    expect(wrong).toEqual([])
  })

  it('are seen by this test: an import that breaks them is found', () => {
    const ledger = SOURCES.find(({ path }) => path === 'src/ledger/open-store.ts')
    expect(ledger?.imports).toContainEqual({ target: 'src/errors.ts', typeOnly: false })
    expect(ledger?.imports).toContainEqual({ target: 'src/ledger/mapping.ts', typeOnly: true })
    expect(roomOf('src/audit/rules/a1.ts')?.name).toBe('rules')
    expect(roomOf('src/audit/plan.ts')?.name).toBe('audit')
  })
})

describe('the stages of an audit', () => {
  const BEFORE: Readonly<Record<string, readonly string[]>> = {
    bills: [],
    tasks: ['bills'],
    requests: ['bills', 'tasks'],
    ledgers: ['tasks'],
    report: ['bills', 'tasks', 'requests', 'ledgers'],
  }
  const stageOf = (path: string): string | undefined => {
    const folder = /^src\/audit\/(\w+)\//.exec(path)?.[1]
    return folder === 'rules' ? undefined : folder
  }

  it('load only those before them', () => {
    const wrong = SOURCES.flatMap(({ path, imports }) => {
      const stage = stageOf(path)
      if (stage === undefined) return []
      const allowed = [stage, ...(BEFORE[stage] ?? [])]
      return imports
        .filter(({ target, typeOnly }) => !typeOnly && !allowed.includes(stageOf(target) ?? stage))
        .map(({ target }) => `${path} imports ${target}`)
    })
    expect(wrong).toEqual([])
  })

  it('are the folders of the audit, but for the rules', () => {
    const folders = SOURCES.flatMap(({ path }) => stageOf(path) ?? [])
    expect([...new Set(folders)].sort()).toEqual(Object.keys(BEFORE).sort())
  })
})

describe('some things are done in one place only', () => {
  const usersOf = (pattern: RegExp): string[] =>
    SOURCES.filter(({ code }) => pattern.test(code)).map(({ path }) => path)
  const importersOf = (pattern: RegExp): string[] =>
    SOURCES.filter(({ imports }) => imports.some(({ target }) => pattern.test(target))).map(({ path }) => path)

  it('only main touches the process', () => {
    expect(usersOf(/(?<![.\w])process\s*[.[]/)).toEqual(['src/main.ts'])
    expect(importersOf(/^(node:)?process$/)).toEqual([])
  })

  it('only faces/mcp.ts knows the MCP SDK, and for HTTP its neighbour', () => {
    expect(importersOf(/^@modelcontextprotocol\//)).toEqual(['src/faces/mcp-http.ts', 'src/faces/mcp.ts'])
  })

  it('nothing prints to the console: stdout belongs to the protocol or to data', () => {
    expect(usersOf(/(?<![.\w])console\s*[.[]/)).toEqual([])
  })

  it('the wall clock is read at the edge', () => {
    const edge = /^src\/(main\.ts$|demo\/|fal\/)/
    expect(usersOf(/\bDate\.now\(|new Date\(\)/).filter((path) => !edge.test(path))).toEqual([])
  })
})
