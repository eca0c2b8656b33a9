import { describe, expect, it } from 'vitest'
import { MiniWorld } from '../../src/demo/mini-world.ts'
import { inShort } from '../kit/audit-world.ts'
import { auditRealWorld, STORES } from '../kit/real-audit.ts'

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
