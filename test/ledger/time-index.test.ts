import { expect, inject, test } from 'vitest'
import { DEFAULT_MAPPING } from '../../src/ledger/mapping.ts'
import { queriesOf } from '../../src/ledger/queries.ts'
import { boundsOf } from '../../src/ledger/time-bounds.ts'
import { openZone } from '../../src/units/zone.ts'
import { freshDatabase, numbersTo, writeMariaDb } from '../kit/mariadb.ts'
import { at } from './backends.ts'

const RANGE = { start: at('2026-02-06T00:00:00Z'), end: at('2026-02-07T00:00:00Z') }
const ROWS = 20_000

test.each([['DATETIME'], ['DATETIME(6)'], ['DATE'], ['TIMESTAMP NULL']])(
  'a day is found by the index on a column of the type %s, with the rows that have no real time',
  async (type) => {
    const database = await freshDatabase(inject('mariadb'))
    try {
      const nothing = { accounts: [], tasks: [], users: [], points: [], cash: [] }
      await writeMariaDb(database.options, nothing)
      const { admin } = database
      await admin.query(`ALTER TABLE ts_points_detail MODIFY created_at ${type}, ADD INDEX (created_at)`)
      await admin.query(
        `INSERT INTO ts_points_detail (id, created_at) SELECT seq, '2024-02-01' + INTERVAL seq HOUR FROM ${numbersTo(ROWS)}`,
      )
      await admin.query('ANALYZE TABLE ts_points_detail')
      const bounds = boundsOf(RANGE, openZone('UTC') ?? expect.fail(), 'times')
      const { sql, binds } = queriesOf(DEFAULT_MAPPING).points(bounds, { wide: 'none' })
      const [plan] = await admin.query(`EXPLAIN FORMAT=TRADITIONAL ${sql}`, [...binds])
      expect(plan).toMatchObject([{ type: 'range', key: 'created_at' }])
      expect(Number((plan as { rows: string }[])[0]?.rows)).toBeLessThan(ROWS / 100)
    } finally {
      await database.drop()
    }
  },
)
