import { describe, expect, it } from 'vitest'
import { apiKeyOf, MiniWorld, requestIdOf } from '../../src/demo/mini-world.ts'
import { traceTask } from '../../src/operations/task-trace.ts'
import { auditWorld, inShort, memoryDependencies, quietContext } from '../kit/audit-world.ts'
import { NOTHING_LEFT } from '../kit/tie-out.ts'

const OTHER = 'fal-ai/kling/v2'
/** The request of the 31st task, which 30 clean ones of two accounts are before. */
const REQUEST = requestIdOf(31)
const A3 = `A3 accountId=6 model=${OTHER}`
const SECONDS = [
  ['25', '26'],
  ['26', '25'],
] as const
const WORKSPACES = [
  ['one', 'one'],
  ['one', 'two'],
] as const

/** One request of account 5, which fal billed in part to the key of account 6: both are in their usage as in their events. */
function world([five, six]: readonly [string, string], [first, second]: readonly [string, string], recorded = '2.05') {
  const made = new MiniWorld().account(5, { workspace: five }).account(6, { workspace: six })
  for (let each = 0; each < 30; each++) made.task({ account: 5 + (each % 2), cost: '1' })
  const event = (key: number, cost: string, second: string) =>
    made.event({ requestId: REQUEST, endpointId: OTHER, cost, timestamp: `2026-02-06T04:00:${second}Z` }, apiKeyOf(key))
  made.task({ account: 5, model: OTHER, cost: recorded, billed: false })
  event(5, '2', first)
  event(6, '0.05', second)
  return made
}

describe.each(WORKSPACES)('a request that fal bills to two keys, of the workspaces %s and %s', (...spaces) => {
  it('is in the bill of each, whichever of them comes first', async () => {
    for (const seconds of SECONDS) {
      const report = await auditWorld(world(spaces, seconds).build(), { depth: 'requests' })
      // No task of account 6 is of the model.
      expect(inShort(report)).toEqual([A3])
      expect(report.notEvaluated.filter(({ reason }) => reason.includes('contradicts'))).toEqual([])
      expect(report.tieOut).toMatchObject({ ...NOTHING_LEFT, eventsMatched: '32.05' })
    }
  })

  it('is one request all the same, whose cost is the sum of both', async () => {
    for (const seconds of SECONDS) {
      const short = world(spaces, seconds, '2')
      expect(inShort(await auditWorld(short.build(), { depth: 'requests' }))).toEqual([
        A3,
        `B3 taskId=task-31 requestId=${REQUEST}`,
      ])
    }
  })

  it('is traced with what both of them bill, whether they name the keys or not', async () => {
    for (const named of [true, false]) {
      const built = world(spaces, SECONDS[0]).build()
      const workspaces = built.workspaces.map((space) => ({
        ...space,
        events: space.events.map(({ keyId, ...event }) => (named ? { ...event, keyId } : event)),
      }))
      const dependencies = memoryDependencies({ ...built, workspaces: workspaces as typeof built.workspaces }, {})
      const trace = await traceTask({ id: REQUEST, kind: 'request', lang: 'en' }, dependencies, quietContext())
      expect([trace.verdict, trace.tasks.map(({ billedUsd }) => billedUsd)]).toEqual(['matched', ['2.05']])
    }
  })

  it('and where no task bears its id is told of once', async () => {
    for (const seconds of SECONDS) {
      const built = world(spaces, seconds).build()
      const tasks = built.tables.tasks.filter(({ id }) => id !== 31)
      const report = await auditWorld({ ...built, tables: { ...built.tables, tasks } }, { depth: 'requests' })
      expect(inShort(report).filter((text) => /^B1(9)? /.test(text))).toEqual([`B1 requestId=${REQUEST}`])
      expect(report.tieOut).toMatchObject({ ...NOTHING_LEFT, eventsUnrecorded: '2.05' })
    }
  })
})

describe('a request without a task of which fal bills a part to an account and another to a login of nobody here', () => {
  const LOST = requestIdOf(77)
  const parts = { own: {}, nobodys: { keyId: undefined as never, login: 'somebody' } }
  const lost = (first: keyof typeof parts, second: keyof typeof parts, own: string) => {
    const made = new MiniWorld().account(5).account(6)
    for (let each = 0; each < 30; each++) made.task({ account: 5 + (each % 2), cost: '1' })
    for (const [at, part] of [first, second].entries()) {
      const cost = part === 'own' ? own : '0.5'
      made.event({ requestId: LOST, cost, timestamp: `2026-02-06T04:00:0${at}Z`, ...parts[part] })
    }
    return made
  }

  it.each([
    ['own', 'nobodys'],
    ['nobodys', 'own'],
  ] as const)('is unrecorded as far as it is the account’s, of %s first and then of %s', async (first, second) => {
    const world = lost(first, second, '2').build()
    const report = await auditWorld(world, { depth: 'requests' })
    const found = inShort(report).filter((each) => /^B(1|15) /.test(each))
    expect(found.sort()).toEqual([`B1 requestId=${LOST}`, 'B15 accountId=5'])
    expect(report.findings.find(({ rule }) => rule === 'B1')).toMatchObject({
      expected: '2',
      context: { accountId: 5 },
    })
    expect(report.requests).toMatchObject({ unrecorded: 1, verdicts: { unrecorded: 1 } })
    expect(report.tieOut).toMatchObject({ ...NOTHING_LEFT, eventsUnrecorded: '2', eventsUnattributed: '0.5' })
    const trace = await traceTask(
      { id: LOST, kind: 'request', lang: 'en' },
      memoryDependencies(world, {}),
      quietContext(),
    )
    expect([trace.verdict, trace.findings.map(({ rule }) => rule)]).toEqual(['unrecorded', ['B1']])
  })

  it.each([
    ['own', 'nobodys'],
    ['nobodys', 'own'],
  ] as const)('is not where the account’s part costs nothing, of %s first and then of %s', async (first, second) => {
    const report = await auditWorld(lost(first, second, '0').build(), { depth: 'requests' })
    expect(inShort(report)).toEqual([])
  })
})
