import { describe, expect, it } from 'vitest'
import type { Report } from '../../schemas/report.ts'
import { MiniWorld } from '../../src/demo/mini-world.ts'
import { runAudit } from '../../src/operation.ts'
import { auditInput, inShort, quietContext } from '../kit/audit-world.ts'
import { auditRealWorld, openWorld, STORES } from '../kit/real-audit.ts'

const R = { depth: 'requests' as const }
const base = () => new MiniWorld().account(5).task({ cost: '100', points: 10_000 })

describe.each(STORES)('the chain of balances on %s', (store) => {
  const rows = (...times: string[]) => {
    const world = base()
    for (const at of times) world.points(7, -10, { at })
    return auditRealWorld(world.build(), { store }, R)
  }

  it.each([
    ['one is dated after the window', ['2026-02-06 23:59:58', '2026-02-07 00:00:01', '2026-02-06 23:59:59']],
    ['one is dated days before', ['2026-02-06 10:00:00', '2026-02-03 00:00:01', '2026-02-06 11:00:00']],
    ['one is dated days after', ['2026-02-06 10:00:00', '2026-02-08 00:00:01', '2026-02-06 11:00:00']],
    ['the first comes long before', ['2025-11-06 10:00:00', '2026-02-06 11:00:00']],
  ])('is unbroken by id though %s', async (_, times) => {
    expect(inShort(await rows(...times))).toEqual([])
  })

  it('is followed by id and not by time', async () => {
    const world = base().points(7, -10, { at: '2026-02-02 00:00:00' })
    const built = world
      .points(7, -10, { at: '2026-02-06 10:00:00' })
      .points(7, -10, { at: '2026-02-03 10:00:00' })
      .build()
    const points = built.tables.points.map((row) =>
      row.id === 3
        ? { ...row, balanceBefore: 5_000, balanceAfter: 4_990 }
        : row.id === 4
          ? { ...row, balanceBefore: 4_990, balanceAfter: 4_980 }
          : row,
    )
    const report = await auditRealWorld({ ...built, tables: { ...built.tables, points } }, { store }, R)
    expect(inShort(report)).toEqual(['B12 userId=7 rowId=3'])
  })

  it.each([
    ['does not go on from it', 4_970, ['B12 userId=7 rowId=4']],
    ['goes on from it', 4_975, []],
  ])('is followed over a row without a balance to one that was not read: the next %s', async (_, from, expected) => {
    // In order of time the third row comes long before the window.
    const built = base()
      .points(7, -10, { at: '2026-02-06 10:00:00' })
      .points(7, -10, { at: '2025-12-01 10:00:00' })
      .points(7, -10, { at: '2026-02-06 11:00:00' })
      .points(7, -10, { at: '2026-02-06 12:00:00' })
      .build()
    const rows = built.tables.points.filter(({ userId }) => userId === 7)
    const [first, unread, , last] = rows
    const start = first?.balanceBefore ?? 0
    const changed = new Map([
      [first?.id, { balanceAfter: null }],
      [unread?.id, { balanceBefore: start - 10, balanceAfter: 4_975 }],
      [rows[2]?.id, { balanceBefore: from, balanceAfter: from - 10 }],
      [last?.id, { balanceBefore: from - 10, balanceAfter: from - 20 }],
    ])
    const points = built.tables.points.map((row) => ({ ...row, ...changed.get(row.id) })) as typeof built.tables.points
    const report = await auditRealWorld({ ...built, tables: { ...built.tables, points } }, { store }, R)
    expect(inShort(report)).toEqual(expected)
    expect(report.notEvaluated.filter(({ rule }) => rule === 'B12')).toEqual([])
  })
})

describe('a points ledger over several tables that each count from 1', () => {
  // User 7's older rows are 2 to 5; of the newer table, which begins at 3 or 4, no older row is streamed.
  it.each([
    ['the row before, too, has an id of both', 'id - 3', [], 3],
    ['the row before has an id of its own', 'id - 3 * (user_id = 7)', [], 4],
    ['ids are of one row each', 'id', [], undefined],
    [
      'ids are of one row each, and one row is missing',
      'id + 1, balance_before = balance_before - 1',
      ['B12 userId=7 rowId=8'],
      undefined,
    ],
  ])(
    'has no order of ids where those of the period are of older rows as well: %s',
    async (_, id, expected, repeated) => {
      const world = base()
      for (let month = 0; month < 4; month++) world.points(7, -10, { at: '2025-11-06 12:00:00' })
      world.points(8, -10, { at: '2026-02-06 12:00:00' }).points(7, -10, { at: '2026-02-06 12:00:00' })
      const real = await openWorld(world.build(), { store: 'mariadb' })
      try {
        await real.exec('RENAME TABLE ts_points_detail TO points_1')
        await real.exec('CREATE TABLE points_2 AS SELECT * FROM points_1 WHERE id > 5')
        await real.exec('DELETE FROM points_1 WHERE id > 5')
        await real.exec('CREATE VIEW ts_points_detail AS SELECT * FROM points_1 UNION ALL SELECT * FROM points_2')
        await real.exec(`UPDATE points_2 SET id = ${id}`)
        const report = await runAudit(auditInput(R), real.dependencies(), quietContext())
        const open = report.notEvaluated.filter(({ rule }) => rule === 'B12').map(({ reason }) => reason)
        expect(inShort(report).filter((each) => !each.startsWith('B11'))).toEqual(expected)
        expect(open).toEqual(
          repeated === undefined ? [] : [expect.stringContaining(`the same id, first of all ${repeated},`)],
        )
      } finally {
        await real.close()
      }
    },
  )

  it('has no order of ids, and nobody is accused by it', async () => {
    const world = base()
    for (let row = 0; row < 6; row++) world.points(7, -10, { at: `2026-02-06 1${row}:00:00` })
    const real = await openWorld(world.build(), { store: 'mariadb' })
    try {
      await real.exec('RENAME TABLE ts_points_detail TO points_1')
      await real.exec('CREATE TABLE points_2 AS SELECT * FROM points_1 WHERE id > 4')
      await real.exec('DELETE FROM points_1 WHERE id > 4')
      await real.exec('CREATE VIEW ts_points_detail AS SELECT * FROM points_1 UNION ALL SELECT * FROM points_2')
      const audited = () => runAudit(auditInput(R), real.dependencies(), quietContext())
      const openOf = ({ notEvaluated }: Report) => notEvaluated.filter(({ rule }) => rule === 'B12')
      const whole = await audited()
      expect([inShort(whole), openOf(whole)]).toEqual([[], []])
      await real.exec('UPDATE points_2 SET id = id - 3')
      const report = await audited()
      expect([inShort(report), report.rules.find(({ rule }) => rule === 'B12')?.examined]).toEqual([[], 0])
      expect(openOf(report)).toMatchObject([
        { subject: {}, reason: expect.stringMatching(/the same id, first of all 2,/) },
      ])
    } finally {
      await real.close()
    }
  })
})
