import { describe, expect, it } from 'vitest'
import { examined, healthyWorld } from '../kit/doctor-case.ts'
import { BACKENDS } from '../ledger/backends.ts'

describe.each(BACKENDS)('ids, on $name', (backend) => {
  const idsOf = async (sql: readonly string[]) => {
    const { lines } = await examined({ backend, sql })
    return lines.filter(({ id, seen }) => id === 'column-types' && seen.includes('an audit ends at such a row'))
  }

  it('that no number holds are a failure that names table, column and value', async () => {
    const wide = (table: string, column: string) =>
      backend.name === 'embedded' ? [] : [`ALTER TABLE ${table} MODIFY ${column} BIGINT`]
    for (const [table, column, setting] of [
      ['ts_fal_account', 'id', 'accounts'],
      ['ts_fal_tasks', 'id', 'tasks'],
      ['ts_fal_tasks', 'user_id', 'tasks'],
      ['ts_points_detail', 'id', 'points'],
      ['ts_points_detail', 'user_id', 'points'],
    ] as const) {
      const one = `UPDATE ${table} SET ${column} = 9007199254740992 WHERE id = ${table === 'ts_fal_account' ? 6 : 3}`
      expect(await idsOf([...wide(table, column), one])).toMatchObject([
        {
          ...{ subject: table, status: 'failure' },
          seen: expect.stringMatching(new RegExp(`^${column} holds "900719925474099\\d", and 1 row of the newest `)),
          todo: expect.stringContaining(
            `name a column of whole numbers in AUDIT_CONFIG (columns.${setting}.${column === 'id' ? 'id' : 'userId'})`,
          ),
        },
      ])
      expect(await idsOf([...wide(table, column), one.replace('740992', '740991')])).toEqual([])
    }
  })

  it('that are texts are told by the first of them', async () => {
    const text = backend.name === 'embedded' ? [] : ['ALTER TABLE ts_points_detail MODIFY user_id VARCHAR(40)']
    const of = backend.name === 'embedded' ? "'u-' || user_id" : "CONCAT('u-', user_id)"
    expect(await idsOf([...text, `UPDATE ts_points_detail SET user_id = ${of}`])).toMatchObject([
      {
        subject: 'ts_points_detail',
        seen: expect.stringMatching(/^user_id holds "u-101", and 31 rows of the newest 31/),
      },
    ])
    expect(await idsOf([...text, 'UPDATE ts_points_detail SET user_id = NULL WHERE id < 5'])).toEqual([])
  })

  it('that a row lacks are a failure', async () => {
    const table = 'ts_points_detail'
    const sql = [`CREATE TABLE other AS SELECT * FROM ${table}`, `DROP TABLE ${table}`]
    const nullable = backend.name === 'embedded' ? [] : [`ALTER TABLE ${table} MODIFY id INT NULL`]
    const lack = [
      ...sql,
      `ALTER TABLE other RENAME TO ${table}`,
      ...nullable,
      `UPDATE ${table} SET id = NULL WHERE id = 3`,
    ]
    expect(await idsOf(lack)).toMatchObject([
      { subject: table, status: 'failure', seen: expect.stringMatching(/^id holds "NULL", and 1 row of the newest/) },
    ])
  })

  it('that are UUIDs are a failure; digits of a text are none', async () => {
    const remade = (table: string) => [
      `CREATE TABLE other AS SELECT * FROM ${table}`,
      `DROP TABLE ${table}`,
      `ALTER TABLE other RENAME TO ${table}`,
      `ALTER TABLE ${table} RENAME COLUMN id TO number`,
      `ALTER TABLE ${table} ADD COLUMN id VARCHAR(40)`,
    ]
    for (const [table, setting] of [
      ['ts_fal_tasks', 'tasks'],
      ['ts_points_detail', 'points'],
      ['ts_financial_transactions', 'cash'],
    ]) {
      const sql = remade(table ?? '')
      const world = healthyWorld().task({ at: '2026-02-06 12:20:00', paid: { cash: 40 } })
      const digits = await examined({
        ...{ backend, world: world.build() },
        sql: [...sql, `UPDATE ${table} SET id = number`],
      })
      expect(digits.lines.filter(({ seen }) => seen.includes('an audit ends at such a row'))).toEqual([])
      const uuid = `UPDATE ${table} SET id = '1e2f9a6c-0000-4000-8000-00000000abcd' WHERE number = 1`
      const { lines } = await examined({
        ...{ backend, world: world.build() },
        sql: [...sql, `UPDATE ${table} SET id = number`, uuid],
      })
      expect(lines.filter(({ seen }) => seen.includes('an audit ends at such a row'))).toMatchObject([
        {
          ...{ subject: table, status: 'failure' },
          seen: expect.stringMatching(/^id holds "1e2f9a6c-0000-4000-8000…", and 1 row of the newest/),
          todo: expect.stringContaining(`name a column of whole numbers in AUDIT_CONFIG (columns.${setting}.id)`),
        },
      ])
    }
  })
})
