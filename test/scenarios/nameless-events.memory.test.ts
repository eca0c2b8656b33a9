import { describe, expect, it } from 'vitest'
import { apiKeyOf, keyIdOfAccount, MiniWorld, requestIdOf } from '../../src/demo/mini-world.ts'
import type { FalReader } from '../../src/fal/reader.ts'
import { nanoUsd } from '../../src/units/nano-usd.ts'
import { auditWith, breaksOf, noKey, refused } from '../kit/audit-with.ts'
import { inShort } from '../kit/audit-world.ts'

const requests = { depth: 'requests' as const }
const ofSix = { ...requests, ids: [6] }

/** Usage rows name the keys, so much of the cost the one of account 5; billing events name none. */
const keyed =
  (ofFive: bigint) =>
  (fal: FalReader): Partial<FalReader> => ({
    usage: async (apiKey, query, signal) => {
      const read = await fal.usage(apiKey, query, signal)
      if (read.status === 'failed') return read
      const value = read.value.flatMap((row) => [
        { ...row, keyId: keyIdOfAccount(5), costNanoUsd: nanoUsd(ofFive) },
        { ...row, keyId: keyIdOfAccount(6), costNanoUsd: nanoUsd(row.costNanoUsd - ofFive) },
      ])
      return { ...read, value: value.filter(({ costNanoUsd }) => costNanoUsd > 0n) }
    },
  })

const shared = () =>
  new MiniWorld()
    .account(5, { workspace: 'w' })
    .account(6, { workspace: 'w' })
    .task({ account: 5, cost: '10', billed: noKey })
    .task({ account: 6, cost: '1', billed: noKey, user: 102 })

describe('events that name no key, where usage rows do', () => {
  it.each([
    ['all accounts', requests],
    ['one account alone', ofSix],
    ['a limited number', { ...requests, settings: { accountLimit: 1 } }],
  ])('are nobody’s own while the workspace has another account: audit of %s', async (_, options) => {
    const report = await auditWith(shared().build(), keyed(10_000_000_000n), options)
    expect(inShort(report)).toEqual([])
    expect(report.notEvaluated).toContainEqual(expect.objectContaining({ rule: 'A1', subject: { accountId: 6 } }))
  })

  it('are judged for the workspace then, what is wrong with them found', async () => {
    const timestamp = '2026-02-06T05:00:00Z'
    const lost = shared().event({ requestId: requestIdOf(77), cost: '9', timestamp, ...noKey }, apiKeyOf(6))
    const report = await auditWith(lost.build(), keyed(10_000_000_000n), ofSix)
    expect(breaksOf(report)).toEqual(['A1 workspace=w', `B1 requestId=${requestIdOf(77)}`])
  })

  it('are those of the one account that the workspace has', async () => {
    const alone = new MiniWorld()
      .account(5)
      .account(6, { workspace: 'w' })
      .task({ account: 5, cost: '10' })
      .task({ account: 6, cost: '1', billed: { ...noKey, cost: '2' }, user: 102 })
    const report = await auditWith(alone.build(), keyed(0n), ofSix)
    expect(breaksOf(report)).toEqual(['A1 accountId=6', `B3 taskId=task-2 requestId=${requestIdOf(2)}`])
  })

  it('are nobody’s own while the workspace of another account is not known', async () => {
    const dark = (fal: FalReader): Partial<FalReader> => ({
      ...keyed(10_000_000_000n)(fal),
      billing: async (apiKey, signal) => (apiKey === apiKeyOf(5) ? refused : fal.billing(apiKey, signal)),
    })
    expect(inShort(await auditWith(shared().build(), dark, ofSix))).toEqual([])
  })

  it('are nobody’s own while the name of their workspace is not known', async () => {
    const unnamed = (fal: FalReader): Partial<FalReader> => ({
      billing: async (apiKey, signal) => (apiKey === apiKeyOf(6) ? refused : fal.billing(apiKey, signal)),
    })
    const report = await auditWith(shared().build(), unnamed, ofSix)
    expect(inShort(report)).toEqual([])
    expect(report.official.rows[0]).toMatchObject({ accountId: 6, costUsd: null })
  })
})

describe('a key that no account row holds, named by one of the two books alone', () => {
  const STRANGE = 'deadbeef-0000-4000-8000-000000000000'
  /** Account 5 was billed what it recorded; the other key was billed 5 USD, as usage says, and as events do. */
  const beside = (byKey: typeof noKey | object) => {
    const world = new MiniWorld().account(5).task({ account: 5, cost: '1', billed: byKey })
    const timestamp = '2026-02-06T05:00:00Z'
    return world.event({ requestId: requestIdOf(77), cost: '5', timestamp, keyId: STRANGE, ...byKey }, apiKeyOf(5))
  }
  /** Usage rows name the key by their cost, or none names any. */
  const rows =
    (areNamed: boolean, isRestNamed = true) =>
    (fal: FalReader): Partial<FalReader> => ({
      usage: async (apiKey, query, signal) => {
        const read = await fal.usage(apiKey, query, signal)
        if (read.status === 'failed') return read
        const five = nanoUsd(5_000_000_000n)
        const value = read.value.flatMap((row) => {
          if (!areNamed) return [{ ...row, keyId: null }]
          if (row.keyId !== null) return [row]
          const others = { ...row, keyId: STRANGE, costNanoUsd: five }
          const own = { ...row, keyId: keyIdOfAccount(5), costNanoUsd: nanoUsd(row.costNanoUsd - five) }
          const cent = { ...row, costNanoUsd: nanoUsd(10_000_000n) }
          if (isRestNamed) return [others, own]
          return [others, { ...own, costNanoUsd: nanoUsd(own.costNanoUsd - cent.costNanoUsd) }, cent]
        })
        return { ...read, value }
      },
    })

  it('is found, and accuses no account, where both name it', async () => {
    const report = await auditWith(beside({}).build(), rows(true), requests)
    expect(inShort(report)).toEqual(['B21 workspace=workspace-5'])
    expect(report.official.rows[0]).toMatchObject({ accountId: 5, costUsd: '1' })
  })

  it.each([
    ['usage', noKey, true],
    ['events', {}, false],
  ])('leaves open whose the rest is: %s', async (_, byKey, areNamed) => {
    const report = await auditWith(beside(byKey).build(), rows(areNamed), requests)
    expect(breaksOf(report).filter((text) => /^(A|B15|B19)/.test(text))).toEqual([])
    const open = report.notEvaluated.filter(({ subject }) => subject.accountId === 5).map(({ rule }) => rule)
    expect(open).toEqual(expect.arrayContaining(['A1', 'B15', 'B19']))
    expect(report.official.rows[0]).toMatchObject({ accountId: 5, costUsd: null })
  })

  it.each([
    ['usage', beside(noKey), true, '1'],
    ['events', beside({}).task({ account: 5, cost: '0.01', billed: noKey }), false, '1.01'],
  ])('leaves it open where it names nobody of a cent, too: %s', async (_, world, areNamed, recorded) => {
    const report = await auditWith(world.build(), rows(areNamed, false), requests)
    expect(breaksOf(report).filter((text) => /^(A|B15|B19)/.test(text))).toEqual([])
    expect(report.official.rows[0]).toMatchObject({ accountId: 5, costUsd: null })
    expect(report.tasks.totals.costUsd).toBe(recorded)
  })

  it('is the account’s own, as all is, where neither names any', async () => {
    const report = await auditWith(beside(noKey).build(), rows(false), requests)
    expect(breaksOf(report)).toEqual(['A1 accountId=5', `B1 requestId=${requestIdOf(77)}`, 'B15 accountId=5'])
  })
})

it('other accounts are not asked for their workspace where keys tell all', async () => {
  const asked: string[] = []
  const world = new MiniWorld().account(5, { workspace: 'w' }).account(6, { workspace: 'w' })
  world.task({ account: 5, cost: '10' }).task({ account: 6, cost: '1', user: 102 })
  const noting = (fal: FalReader): Partial<FalReader> => ({
    billing: async (apiKey, signal) => {
      asked.push(apiKey)
      return fal.billing(apiKey, signal)
    },
  })
  expect(inShort(await auditWith(world.build(), noting, ofSix))).toEqual([])
  expect(asked).toEqual([apiKeyOf(6)])
})
