import { describe, expect, it } from 'vitest'
import { apiKeyOf, type MiniTask, MiniWorld } from '../../src/demo/mini-world.ts'
import type { FalReader } from '../../src/fal/reader.ts'
import { auditWith, breaksOf } from '../kit/audit-with.ts'
import { auditWorld } from '../kit/audit-world.ts'
import { openOf } from '../kit/null-world.ts'

// Of the keys that fal billed not one is known, and whose they are hangs on tasks that do not tell their key, or their time.
const STRANGE = '99999999-0000-4000-8000-000000000000'
const [OF_5, KEYLESS, UNDATED] = [{}, { apiKey: null }, { createdAt: null }]

/** What A1 to A3, B1 and B15 say where fal billed a strange key beside one task of account 5, of which some cells are others. */
async function said(cells: object, { depth = 'summary', cost = '3', task = {} as MiniTask } = {}) {
  const world = new MiniWorld().account(5).task({ cost: '1', billed: false, ...task })
  // A success that cost nothing and was charged.
  world.task({ cost: '0', points: 100 })
  const strange = { keyId: STRANGE, timestamp: world.iso('2026-02-06 12:05:00') }
  if (cost !== '0') world.event({ ...strange, cost }, apiKeyOf(5))
  const { tables, ...rest } = world.build()
  const tasks = tables.tasks.map((row) => (row.id === 1 ? { ...row, ...cells } : row))
  const report = await auditWorld({ ...rest, tables: { ...tables, tasks } }, { depth: depth as 'summary' })
  return [...breaksOf(report), ...openOf(report, 'task')].filter((text) =>
    /^(A[123]|B15?) (5|accountId|requestId)/.test(text),
  )
}

describe('what keys that no account row holds were billed, beside the only task that records cost', () => {
  it('is the bill of the account where the task tells that it is of it', async () => {
    expect(await said(OF_5)).toEqual(['A1 accountId=5'])
    expect(await said(OF_5, { cost: '1' })).toEqual([])
  })

  it.each([
    ['key', KEYLESS],
    ['time', UNDATED],
  ])(
    'may be it where the task does not tell its %s: neither short of it nor without tasks, nor unbilled',
    async (_, cells) => {
      for (const cost of ['3', '0.5']) expect(await said(cells, { cost })).toEqual(['A1 5', 'A2 5', 'A3 5'])
      expect(await said(cells, { depth: 'requests' })).toEqual(['A1 5', 'A2 5', 'A3 5', 'B1 5', 'B15 5'])
    },
  )

  it('is an unrecorded request of the account, or of nobody there, where that is told', async () => {
    const recorded = { cost: '3', billed: { keyId: STRANGE } }
    expect(await said(OF_5, { depth: 'requests' })).toEqual(['B1 requestId=orphan-1', 'A1 accountId=5'])
    // Each request that was billed to the key is that of a task: whosever the key is, none is unrecorded.
    for (const cells of [KEYLESS, UNDATED]) {
      const open = await said(cells, { depth: 'requests', cost: '0', task: recorded })
      expect(open.filter((text) => text.startsWith('B1 '))).toEqual([])
    }
  })

  it('is not where such a task records no cost, or where nothing was billed to them', async () => {
    const unbilled = ['A2 accountId=5 model=fal-ai/flux/schnell']
    for (const cells of [KEYLESS, UNDATED]) {
      expect(await said(cells, { task: { cost: '0' } })).toEqual(unbilled)
      expect(await said(cells, { cost: '0' })).toEqual(unbilled)
      // Of one that failed none is recorded as a rule, where it does not tell.
      expect(await said({ ...cells, costMoney: null }, { task: { status: 'failed' } })).toEqual(unbilled)
    }
  })

  it('is not said to be the same in usage as in events either', async () => {
    const b19 = async (cells: object, cost = '1') => {
      const world = new MiniWorld().account(5).task({ cost, billed: false })
      for (const hour of [12, 13]) {
        world.event({ keyId: STRANGE, cost: '1', timestamp: world.iso(`2026-02-06 ${hour}:05:00`) }, apiKeyOf(5))
      }
      const { tables, ...rest } = world.build()
      const tasks = tables.tasks.map((task) => ({ ...task, ...cells }))
      const half = (fal: FalReader): Partial<FalReader> => ({
        events: async (key, query, signal) => {
          const answer = await fal.events(key, query, signal)
          return answer.status === 'failed' ? answer : { ...answer, value: answer.value.slice(0, 1) }
        },
      })
      const report = await auditWith({ ...rest, tables: { ...tables, tasks } }, half, { depth: 'requests' })
      return [...breaksOf(report), ...openOf(report, '')].filter((text) => text.startsWith('B19'))
    }
    expect(await b19(OF_5)).toEqual(['B19 accountId=5 model=fal-ai/flux/schnell date=2026-02-06'])
    for (const cells of [KEYLESS, UNDATED]) {
      expect(await b19(cells)).toEqual(['B19 5'])
      expect(await b19(cells, '0')).toEqual([])
    }
  })
})
