import { existsSync } from 'node:fs'
import { join, normalize } from 'node:path'
import { describe, expect, it } from 'vitest'
import { CHECKS, LINE_STATUSES } from '../../schemas/doctor.ts'
import { EXIT } from '../../src/faces/exit-code.ts'
import { DEFAULT_MAPPING } from '../../src/ledger/mapping.ts'
import { DOCTOR } from '../../src/limits.ts'
import { blocks, PINNED, quoted, ROOT, tableOf, textOf } from './documents.ts'

const text = textOf('docs/doctor.md')

describe('docs/doctor.md', () => {
  it('tells every line, status and exit code there is', () => {
    expect(tableOf(text, 'id').flatMap(([cell]) => quoted(cell))).toEqual(CHECKS)
    expect(tableOf(text, 'status').flatMap(([cell]) => quoted(cell))).toEqual(LINE_STATUSES)
    expect(tableOf(text, 'exit code').map(([code]) => Number(code))).toEqual(Object.values(EXIT))
  })

  it('tells the limits as they are', () => {
    expect(text).toContain(`ends after ${DOCTOR.deadline / 1000} seconds`)
    for (const rows of [DOCTOR.taskRows, DOCTOR.ledgerRows, DOCTOR.indexRowsMin]) {
      expect(text).toContain(rows.toLocaleString('en-US'))
    }
  })

  it('makes indexes on columns that are there', () => {
    const made = [...(blocks(text, 'sql')[0] ?? '').matchAll(/^CREATE INDEX \w+ ON (\w+) \((.+)\);$/gm)]
    expect(made).toHaveLength(6)
    const tables = new Map(
      (['tasks', 'points', 'cash'] as const).map((role): [string, readonly (string | null)[]] => [
        DEFAULT_MAPPING.tables[role],
        Object.values(DEFAULT_MAPPING.columns[role]),
      ]),
    )
    for (const [, table = '', columns = ''] of made) {
      expect(tables.get(table)).toEqual(expect.arrayContaining(columns.split(', ')))
    }
  })

  it('leads to files that are there, and pins the version', () => {
    for (const [, link = ''] of text.matchAll(/\]\(([^)#\s]+)\)/g)) {
      expect(existsSync(join(ROOT, normalize(join('docs', link)))), link).toBe(true)
    }
    expect(text).toContain(`npx -y ${PINNED} doctor`)
  })
})
