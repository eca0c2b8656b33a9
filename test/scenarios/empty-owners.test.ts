import { describe, expect, it, onTestFinished } from 'vitest'
import type { MiniWorld } from '../../src/demo/mini-world.ts'
import { runAudit } from '../../src/operation.ts'
import { ratio } from '../../src/units/ratio.ts'
import { auditInput, quietContext, type WorldAudit } from '../kit/audit-world.ts'
import { clean, foundIn, openOf } from '../kit/null-world.ts'
import { openWorld, STORES } from '../kit/real-audit.ts'

// A row without a readable time whose user is an empty text names nobody, as one of NULL does: it may be anybody's.
const NOBODYS = ['NULL', "''", "'  '"] as const
/** One that names another user. */
const OTHERS = "'105'"

/** What rules find, and what they leave open for want of a time, where rows have a user and no time. */
async function said(
  store: (typeof STORES)[number],
  world: MiniWorld,
  { table, owner, at }: { table: 'ts_fal_tasks' | 'ts_points_detail'; owner: string; at: string },
  options: WorldAudit = {},
) {
  const real = await openWorld(world.build(), { store })
  onTestFinished(real.close)
  if (store === 'mariadb') {
    await real.exec(`ALTER TABLE ${table} MODIFY user_id VARCHAR(40) NULL, MODIFY created_at VARCHAR(40) NULL`)
  }
  await real.exec(`UPDATE ${table} SET user_id = ${owner}, created_at = ${at} WHERE id > 40`)
  const report = await runAudit(
    auditInput({ depth: 'requests', ...options }),
    real.dependencies(options),
    quietContext(),
  )
  return { found: foundIn(report), open: openOf(report, at === 'NULL' ? 'without created_at' : 'cannot be read') }
}

describe.each(STORES)('a ledger row without a readable time, on %s', (store) => {
  const paying = () =>
    clean().task({ user: 104, paid: false, cost: '0.5' }).points(104, -100, { at: '2026-02-06 15:00:00' })
  const of = (owner: string) => said(store, paying(), { table: 'ts_points_detail', owner, at: "'soon'" })

  it.each(NOBODYS)('may have paid anybody’s task where its user is %s', async (owner) => {
    // Nor is it told whose balance it is part of.
    expect(await of(owner)).toEqual({ found: [], open: ['A4 104', 'B10 104', 'B11', 'B12', 'B13'] })
  })

  it('paid none of a user whom it does not name', async () => {
    const open = ['B11 105', 'B12 105', 'B13 105']
    expect(await of(OTHERS)).toEqual({ found: ['A4 userId=104', 'B10 taskId=task-41'], open })
  })
})

describe.each(STORES)('tasks without a time, on %s', (store) => {
  const lost = () =>
    clean()
      .task({ user: 104, points: 0, cost: '0.1' })
      .task({ user: 104, points: 10, refunded: true, cost: '0.1', paid: false })
  const of = async (owner: string, options: WorldAudit = {}) => {
    const { found, open } = await said(store, lost(), { table: 'ts_fal_tasks', owner, at: 'NULL' }, options)
    return [...found, ...open]
  }

  it.each(NOBODYS)('may be anybody’s where their user is %s, whoever is asked for', async (owner) => {
    expect(await of(owner)).toEqual(['A4', 'A6', 'A7', 'B20'])
    expect(await of(owner, { userIds: [104] })).toEqual(['A4', 'A6', 'A7', 'B20'])
  })

  it.each(NOBODYS)('may be what another paid too much for where their user is %s', async (owner) => {
    const overpaid = () =>
      clean().points(101, -50, { at: '2026-02-06 15:00:00' }).task({ user: 104, points: 50, cost: '0.1', paid: false })
    const settings = { ledgerLink: 'total' } as const
    const by = async (user: string) => {
      const { found, open } = await said(
        store,
        overpaid(),
        { table: 'ts_fal_tasks', owner: user, at: 'NULL' },
        { settings },
      )
      return [...found, ...open].filter((text) => text.startsWith('A4'))
    }
    expect(await by(owner)).not.toContain('A4 userId=101')
    expect(await by(OTHERS)).toContain('A4 userId=101')
  })

  it('are of the user whom they name, and of no other', async () => {
    expect(await of(OTHERS)).toEqual(['A4 105', 'A6', 'A7 105', 'B20 105'])
    expect(await of(OTHERS, { userIds: [104] })).toEqual([])
  })
})

it('a margin of users who were asked for is without tasks of nobody, with a time or without', async () => {
  const losing = () => clean().task({ user: 104, points: 0, cost: '30', paid: false })
  const settings = { pointsPerUsd: ratio('100') }
  const of = async (at: string, options: WorldAudit = {}) => {
    const where = { table: 'ts_fal_tasks', owner: 'NULL', at } as const
    const { found, open } = await said('embedded', losing(), where, { settings, ...options })
    return [...found, ...open].filter((text) => text.startsWith('B16'))
  }
  const DATED = "'2026-02-06 12:00:00'"
  expect(await of(DATED)).toEqual(['B16 model=fal-ai/flux/schnell date=2026-02-06'])
  expect(await of('NULL')).toEqual(['B16 fal-ai/flux/schnell 2026-02-06'])
  expect(await of(DATED, { userIds: [104] })).toEqual([])
  expect(await of('NULL', { userIds: [104] })).toEqual([])
})
