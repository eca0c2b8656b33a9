import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, describe, expect, it } from 'vitest'
import { configFile } from '../../schemas/config.ts'
import { thresholdTexts } from '../../src/audit/report/report.ts'
import { RULES } from '../../src/audit/rules/table.ts'
import { readConfig } from '../../src/config.ts'
import { DEFAULT_MAPPING, mappingWith } from '../../src/ledger/mapping.ts'
import { LIMITS } from '../../src/limits.ts'
import { DEFAULT_BILLING, DEFAULT_THRESHOLDS } from '../../src/settings.ts'
import { SECOND } from '../../src/units/instant.ts'
import { between, blocks, environmentNames, PROSE, quoted, READMES, type Table, tableOf, textOf } from './documents.ts'

const directory = mkdtempSync(join(tmpdir(), 'audit-docs-'))
afterAll(() => rmSync(directory, { recursive: true }))

const configuration = textOf('references/configuration.md')
const tablesPage = textOf('references/tables.md')

const firstCells = (table: Table): string[] => table.flatMap(([cell]) => quoted(cell))
const rowOf = (table: Table, name: string): readonly string[] =>
  table.find(([cell]) => quoted(cell).includes(name)) ?? []

describe('the environment as the texts tell it', () => {
  const names = environmentNames()

  it('is found in the configuration', () => {
    expect(names).toContain('DATABASE_URL')
    expect(names.length).toBeGreaterThanOrEqual(10)
  })

  it.each([...READMES, 'references/configuration.md'])('is the whole of it in %s', (document) => {
    expect(firstCells(tableOf(textOf(document), 'variable', '变量')).sort()).toEqual([...names].sort())
  })

  it.each(PROSE)('is nowhere else than in the configuration: %s', (document) => {
    const named = quoted(textOf(document)).filter((word) => /^[A-Z]+(?:_[A-Z]+)+$/.test(word))
    const known = [...names, ...RULES.map(({ id }): string => id)]
    expect(named.filter((word) => !known.includes(word))).toEqual([])
  })

  it.each([...READMES, 'references/configuration.md'])('has its true defaults in %s', async (document) => {
    const table = tableOf(textOf(document), 'variable', '变量')
    const { falBaseUrl, operation } = await readConfig({}, directory, () => {})
    expect(rowOf(table, 'FAL_API_BASE_URL')[2]).toBe(`\`${falBaseUrl}\``)
    expect(rowOf(table, 'AUDIT_ACCOUNT_LIMIT')[2]).toBe(`\`${operation.accountLimit}\``)
  })
})

describe('AUDIT_CONFIG as the texts tell it', () => {
  const table = tableOf(configuration, 'key')
  const { thresholds, ...others } = configFile.shape
  const thresholdKeys = Object.keys(thresholds.unwrap().shape)

  it('has every key that the program accepts, and no other', () => {
    const keys = [...thresholdKeys.map((key) => `thresholds.${key}`), ...Object.keys(others)]
    expect(firstCells(table.map(([cell = '']) => [cell])).sort()).toEqual(keys.sort())
  })

  it('has the true defaults', () => {
    const told = (key: string): string => quoted(rowOf(table, key)[2])[0] ?? ''
    expect(Object.fromEntries(thresholdKeys.map((key) => [key, told(`thresholds.${key}`)]))).toEqual(
      thresholdTexts(DEFAULT_THRESHOLDS),
    )
    expect(told('databaseDeadlineSeconds')).toBe(String(LIMITS.databaseDeadline / SECOND))
    expect(told('falConcurrency')).toBe(String(LIMITS.falConcurrency))
    expect(told('userNameColumn')).toBe(DEFAULT_MAPPING.columns.users.name)
    const { currency, defaultMembershipLevel } = DEFAULT_BILLING
    expect(quoted(rowOf(table, 'billing')[2])).toEqual([currency, defaultMembershipLevel, 'false'])
  })

  it('names the default of every table and column', () => {
    const roles = Object.entries(DEFAULT_MAPPING.tables)
    const rows = tableOf(tablesPage, 'role').map((cells) => cells.slice(0, 3).map(quoted))
    expect(rows).toEqual(
      roles.map(([role, name]) => [
        [role],
        [name],
        // Null: none by default.
        Object.values(DEFAULT_MAPPING.columns[role as keyof typeof DEFAULT_MAPPING.columns]).filter(
          (column) => column !== null,
        ),
      ]),
    )
  })

  it('names the key of every column that can be renamed', () => {
    const { columns } = configFile.shape
    const accepted = Object.entries(columns.unwrap().shape).map(([role, names]) => [
      [role],
      Object.keys(names.unwrap().shape),
    ])
    expect(tableOf(tablesPage, 'table').map((cells) => cells.map(quoted))).toEqual(accepted)
  })

  it('names the default words and numbers', () => {
    const table = tableOf(tablesPage, 'setting')
    const told = (setting: string): string[] => quoted(rowOf(table, setting)[1])
    const { taskStatus, sourceType, transactionType, placeholderRequestIds } = DEFAULT_MAPPING
    expect(told('statusWords.success')).toEqual(taskStatus.success)
    expect(told('statusWords.failed')).toEqual(taskStatus.failed)
    expect(told('sourceTypes')).toEqual(Object.values(sourceType).flat())
    expect(told('transactionTypes')).toEqual(Object.values(transactionType).flat().map(String))
    expect(told('placeholderRequestIds')).toEqual(placeholderRequestIds)
  })

  it('has an example that is accepted and renames what it says', async () => {
    const [example = ''] = blocks(between(tablesPage, 'audit-config'), 'json')
    expect(configFile.parse(JSON.parse(example)).tables).toMatchObject({ tasks: 'generation_jobs' })
    writeFileSync(join(directory, 'audit.json'), example)
    const { mapping, operation } = await readConfig({ AUDIT_CONFIG: 'audit.json' }, directory, () => {})
    expect(mapping).not.toEqual(mappingWith({}))
    expect(mapping.columns.tasks).toMatchObject({ costMoney: 'cost_usd', status: 'status' })
    expect(mapping.columns.users.name).toBe('nickname')
    expect(thresholdTexts(operation.thresholds)).toMatchObject({ a1DeviationRatio: '0.05', a8BalanceUsd: '5' })
  })
})

describe('the rules as the texts tell them', () => {
  it('are those of the engine, with their severities', () => {
    const page = textOf('references/rules.md')
    const told = [...tableOf(page, 'rule'), ...tableOf(page, 'id')].map(([id, severity]) => [id, severity])
    expect(told).toEqual(RULES.map(({ id, severity }) => [id, severity]))
    for (const [id = ''] of tableOf(page, 'rule')) expect(page).toMatch(new RegExp(`^## ${id} `, 'm'))
  })
})
