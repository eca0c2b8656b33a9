import { describe, expect, it } from 'vitest'
import { apiKeyOf, MiniWorld } from '../../src/demo/mini-world.ts'
import type { World } from '../../src/demo/stored-world.ts'
import { renderText } from '../../src/render/text.ts'
import { inShort } from '../kit/audit-world.ts'
import { auditRealWorld, STORES } from '../kit/real-audit.ts'

/**
 * The example that the audit skill prints, as rows and as answers of fal: two accounts that spend, one that is nearly
 * empty, three users. Its own arithmetic is loose; the figures here are what its rows add up to.
 */
function skillExample(): World {
  const world = new MiniWorld()
    .account(5, { balance: '12.3' })
    .account(12, { balance: '45.6' })
    .account(23, { balance: '0.15' })
    .user(101, '张三')
    .user(102, '李四')
    .user(103, '王五')
  const many = (count: number, add: (index: number) => void): void => {
    for (let index = 0; index < count; index++) add(index)
  }
  many(50, () => world.task({ user: 101, model: 'sora-2/i2v', points: 100, cost: '0.1' }))
  many(30, (index) =>
    world.task({ user: 102, model: 'kling/v2.1/i2v', points: 280, cost: index === 0 ? '1.9' : '0.9' }),
  )
  many(20, (index) => {
    const points = index < 3 ? 0 : index === 3 ? 40 : 35
    const paid =
      index < 3 ? false : index < 8 ? { points: 0, cash: points } : index === 8 ? { points: 15, cash: 20 } : {}
    world.task({ user: 103, model: 'seedream/v4/t2i', points, cost: '0.03', paid })
  })
  many(80, (index) => {
    const paid = index < 20 ? { points: 0, cash: 10 } : {}
    world.task({ user: 101, account: 12, model: 'flux/schnell', points: 10, cost: '0.01', paid })
  })
  world.points(101, 1000)
  const timestamp = world.iso('2026-02-06 15:00:00')
  many(949, (index) => {
    const cost = index === 0 ? '0.908' : '0.069'
    world.event({ endpointId: `fal-ai/model-${index % 15}`, cost, timestamp }, apiKeyOf(5))
  })
  many(40, (index) => {
    world.event(
      { endpointId: `fal-ai/model-${index % 4}`, cost: index === 0 ? '0.29' : '0.19', timestamp },
      apiKeyOf(12),
    )
  })
  return world.build()
}

describe.each(STORES)("the skill's own example on %s", (store) => {
  it('comes out with its rows and totals, and with the figures that are right', async () => {
    const report = await auditRealWorld(skillExample(), { store })
    expect(report.official.rows).toMatchObject([
      { accountId: 5, balanceUsd: '12.3', costUsd: '99.92', modelCount: 18 },
      { accountId: 12, balanceUsd: '45.6', costUsd: '8.5', modelCount: 5 },
      { accountId: 23, balanceUsd: '0.15', costUsd: '0', modelCount: 0 },
    ])
    expect(report.official.totals.costUsd).toBe('108.42')
    expect(report.tasks.rows.map(({ userName, refundCount, refundedPoints, ...row }) => row)).toEqual([
      { accountId: 5, userId: 101, model: 'sora-2/i2v', taskCount: 50, chargedPoints: 5000, costUsd: '5' },
      { accountId: 5, userId: 102, model: 'kling/v2.1/i2v', taskCount: 30, chargedPoints: 8400, costUsd: '28' },
      { accountId: 5, userId: 103, model: 'seedream/v4/t2i', taskCount: 20, chargedPoints: 600, costUsd: '0.6' },
      { accountId: 12, userId: 101, model: 'flux/schnell', taskCount: 80, chargedPoints: 800, costUsd: '0.8' },
    ])
    expect(report.tasks.totals).toMatchObject({ taskCount: 180, chargedPoints: 14800, costUsd: '34.4' })
    expect(report.ledger.rows).toMatchObject([
      {
        userId: 101,
        userName: '张三',
        chargedPoints: 5800,
        pointsConsumed: 5600,
        cashConsumed: 200,
        pointsRecharged: 1000,
        status: 'OK',
      },
      { userId: 102, userName: '李四', chargedPoints: 8400, pointsConsumed: 8400, cashConsumed: 0, status: 'OK' },
      { userId: 103, userName: '王五', chargedPoints: 600, pointsConsumed: 400, cashConsumed: 200, status: 'OK' },
    ])
    const a1 = report.findings.filter(({ rule }) => rule === 'A1')
    expect(a1.map(({ subject, difference }) => [subject.accountId, difference])).toEqual([
      [5, '-66.32'],
      [12, '-7.7'],
    ])
    expect(a1[0]?.message).toContain('off by 66.4%')
    expect(a1[1]?.message).toContain('off by 90.6%')
    expect(inShort(report)).toContain('A7 userId=103')
    expect(inShort(report)).toContain('A8 accountId=23')
    expect(report.summary.ok).toBe(2)
  })

  it('prints in the layout that its users know', async () => {
    const text = renderText(await auditRealWorld(skillExample(), { store }, { lang: 'zh' }), { lang: 'zh' })
    expect(text).toContain('审计范围: 2026-02-06 00:00:00 ~ 2026-02-06 23:59:59')
    expect(text).toMatch(/^ +5 +12\.30 +99\.92 +18 /m)
    expect(text).toMatch(/^ +12 +45\.60 +8\.50 +5 /m)
    expect(text).toMatch(/^ +5 +101 +张三 +sora-2\/i2v +50 +5000 +5\.00 *$/m)
    expect(text).toMatch(/^ +102 +李四 +8400 +8400 +0 +0 +0 +OK/m)
    expect(text).toContain('[HIGH] A1: ')
  })
})
