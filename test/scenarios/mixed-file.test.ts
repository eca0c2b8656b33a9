import { afterEach, describe, expect, it } from 'vitest'
import type { Report } from '../../schemas/report.ts'
import { MiniWorld } from '../../src/demo/mini-world.ts'
import type { World } from '../../src/demo/stored-world.ts'
import { openEmbeddedHandle } from '../../src/ledger/embedded-handle.ts'
import { runAudit } from '../../src/operation.ts'
import { auditInput, inShort, quietContext } from '../kit/audit-world.ts'
import { openWorld, type RealWorld } from '../kit/real-audit.ts'

const [TASKS, POINTS, CASH] = ['ts_fal_tasks', 'ts_points_detail', 'ts_financial_transactions'] as const
const TIMES = { [TASKS]: 'created_at', [POINTS]: 'created_at', [CASH]: 'time' }
const LONG = [TASKS, POINTS, CASH] as const

/** A day with tasks at its very edges, and a window that ends within it. */
function world(): World {
  const day = new MiniWorld().account(5)
  day.task({ user: 101, at: '2026-02-05 23:59:59' })
  for (let index = 0; index < 40; index++) {
    const at = `2026-02-06 ${String(index % 24).padStart(2, '0')}:00:00`
    day.task({ user: 101 + (index % 4), at, cost: '5', paid: { cash: index % 5 === 0 ? 40 : 0 } })
  }
  day.task({ user: 101, at: '2026-02-06 23:59:59' })
  return day.build()
}

describe('an audit of a file whose columns hold anything', () => {
  let open: RealWorld | undefined
  afterEach(async () => {
    await open?.close()
    open = undefined
  })

  const audited = async (sql: readonly string[], start = '2026-02-06', end = '2026-02-06'): Promise<Report> => {
    await open?.close()
    open = await openWorld(world(), { store: 'embedded' })
    const operator = await openEmbeddedHandle(open.url.slice('file:'.length))
    for (const statement of sql) operator.exec(statement)
    operator.close()
    return runAudit(auditInput({ start, end }), open.dependencies(), quietContext())
  }

  const mixed = LONG.map((table) => {
    const time = TIMES[table]
    return `UPDATE ${table} SET ${time} = CASE id % 5
      WHEN 0 THEN replace(${time}, ' ', 'T') WHEN 1 THEN ${time} || '.000' WHEN 2 THEN CAST(${time} AS BLOB)
      WHEN 3 THEN ' ' || ${time} ELSE ${time} END`
  })

  it.each([
    ['a day', '2026-02-06', '2026-02-06'],
    ['hours of a day', '2026-02-06T03:00:00+08:00', '2026-02-06T17:00:00+08:00'],
  ])('finds in times of mixed forms what it finds in those of one, in %s', async (_, start, end) => {
    const usual = await audited([], start, end)
    const report = await audited(mixed, start, end)
    expect(usual.tasks.totals.taskCount).toBeGreaterThan(20)
    expect([inShort(report), report.coverage.complete]).toEqual([[], true])
    expect([report.tasks, report.ledger, report.rules]).toEqual([usual.tasks, usual.ledger, usual.rules])
  })

  it.each([
    ['seconds', "CAST(strftime('%s', $, '-8 hours') AS INTEGER)"],
    ['a text with its offset', "strftime('%Y-%m-%dT%H:%M:%SZ', $, '-8 hours')"],
  ])(
    'says of a table that it was read in part where some of its times are %s, and accuses nobody',
    async (_, value) => {
      for (const table of LONG) {
        const time = TIMES[table]
        const some = `UPDATE ${table} SET ${time} = ${value.replace('$', time)} WHERE id % 3 = 0`
        const report = await audited([...mixed, some])
        const source = { [TASKS]: 'tasks', [POINTS]: 'points', [CASH]: 'cash' }[table]
        expect([table, report.coverage.complete]).toEqual([table, false])
        expect(report.coverage.sources).toContainEqual(expect.objectContaining({ source, status: 'partial' }))
        expect([table, inShort(report)]).toEqual([table, []])
        expect(report.notEvaluated.length).toBeGreaterThan(0)
      }
    },
  )

  /** Has a column hold texts: the keys of the tables hold nothing but numbers. */
  const retyped = (table: string, column: string, value: string) => [
    `CREATE TABLE other AS SELECT *, ${value.replace('$', column)} AS added_${column} FROM ${table}`,
    `DROP TABLE ${table}`,
    `ALTER TABLE other DROP COLUMN ${column}`,
    `ALTER TABLE other ADD COLUMN ${column} TEXT`,
    `UPDATE other SET ${column} = added_${column}`,
    `ALTER TABLE other RENAME TO ${table}`,
  ]

  it('reads ids that are digits of a text, with zeros before them too', async () => {
    const usual = await audited([])
    for (const value of ['$', "printf('%05d', $)"]) {
      const sql = LONG.flatMap((table) => [...retyped(table, 'id', value), ...retyped(table, 'user_id', value)])
      const report = await audited(sql)
      expect([inShort(report), report.coverage.complete]).toEqual([[], true])
      expect([report.tasks, report.ledger, report.rules]).toEqual([usual.tasks, usual.ledger, usual.rules])
    }
  })

  it('has no ledger where its ids are no numbers, says which, and accuses nobody', async () => {
    for (const table of [POINTS, CASH]) {
      const report = await audited(retyped(table, 'id', "printf('%08d-0000-4000-8000-000000000000', $)"))
      expect([inShort(report), report.coverage.complete]).toEqual([[], false])
      expect(report.coverage.sources.filter(({ status }) => status !== 'complete')).toMatchObject([
        { status: 'failed', reason: expect.stringContaining(`${table}.id holds "`) },
      ])
    }
    await expect(audited(retyped(TASKS, 'id', "'t-' || $"))).rejects.toMatchObject({
      kind: 'source',
      field: `${TASKS}.id`,
      next: expect.stringContaining('AUDIT_CONFIG'),
    })
  })
})
