import { describe, expect, it } from 'vitest'
import { keyIdOfAccount, type MiniTask, requestIdOf } from '../../src/demo/mini-world.ts'
import { ratio } from '../../src/units/ratio.ts'
import type { WorldAudit } from '../kit/audit-world.ts'
import { audited, clean, foundIn, openOf } from '../kit/null-world.ts'

// A task without created_at and one with a time bear one request id. Which of them claims what fal billed for it hangs on the time
// that is not known.
const OTHER = 'fal-ai/kling/v2'
const NO_TIME = 'without created_at'
const requestId = requestIdOf(41)

/** What one rule says of a task, the 41st, and another that was charged too, without a time, of the same request. */
async function said(
  rule: string,
  task: MiniTask,
  lost: MiniTask,
  options: WorldAudit = {},
  createdAt: string | null = null,
) {
  const world = clean().task({ user: 104, model: OTHER, cost: '1', requestId, ...task })
  world.task({ user: 103, model: OTHER, cost: '1', requestId, billed: false, ...lost })
  const change = { tasks: (row: { readonly id: number }) => (row.id > 41 ? { createdAt } : {}) }
  const report = await audited('embedded', world, 'requests', change, options)
  const ofRule = (texts: readonly string[]) => texts.filter((text) => text.startsWith(`${rule} `) || text === rule)
  return [...ofRule(foundIn(report)).map((text) => `! ${text}`), ...ofRule(openOf(report, NO_TIME))]
}
const [EARLIER, LATER] = ['2026-01-20 12:00:00', '2026-02-06 23:00:00']
const rate = { settings: { pointsPerUsd: ratio('100') } }

describe('of a request that a task without a time bears too', () => {
  it('B20 is open for the user of the one that was refunded', async () => {
    const B20 = (task: MiniTask, lost: MiniTask, time?: string) => said('B20', task, lost, {}, time)
    const refunded = { refunded: true }
    expect(await B20(refunded, {}, EARLIER)).toEqual([])
    expect(await B20(refunded, {}, LATER)).toEqual(['! B20 userId=104'])
    expect(await B20(refunded, {})).toEqual(['B20 104'])
    expect(await B20({}, refunded)).toEqual(['B20 103'])
    expect(await B20(refunded, refunded)).toEqual(['B20 103', 'B20 104'])
    expect(await B20({}, {})).toEqual([])
    expect(await B20({ ...refunded, billed: false }, {})).toEqual([])
  })

  it('B20 goes by a success before what is none, whenever it was', async () => {
    const [refunded, failed] = [{ refunded: true }, { status: 'failed' }]
    expect(await said('B20', refunded, failed)).toEqual(['! B20 userId=104'])
    expect(await said('B20', { ...refunded, ...failed }, {})).toEqual([])
    expect(await said('B20', { ...refunded, ...failed }, failed)).toEqual(['B20 104'])
  })

  it('B16 is open of a day that hangs on it, to the point', async () => {
    const B16 = (task: MiniTask, lost: MiniTask, time?: string) => said('B16', task, lost, rate, time)
    const FOUND = [`! B16 model=${OTHER} date=2026-02-06`]
    expect(await B16({ points: 99 }, { points: 0 }, LATER)).toEqual(FOUND)
    expect(await B16({ points: 99 }, { points: 0 }, EARLIER)).toEqual([])
    expect(await B16({ points: 99 }, { points: 100 })).toEqual([`B16 ${OTHER}`])
    expect(await B16({ points: 100 }, { points: 100 })).toEqual([])
  })

  it('B16 accuses nobody of a loss that is none where the other claims the request', async () => {
    const model = 'fal-ai/flux/schnell'
    const B16 = (task: MiniTask, lost: MiniTask, time?: string) =>
      said('B16', { model, ...task }, { model, ...lost }, { settings: { pointsPerUsd: ratio('400') } }, time)
    // 4000 points at 400 a USD for 20 USD: 4000 short.
    const DAY = 'B16 fal-ai/flux/schnell 2026-02-06'
    const FOUND = ['! B16 model=fal-ai/flux/schnell date=2026-02-06']
    expect(await B16({ points: 4400 }, { points: 0 }, LATER)).toEqual([])
    expect(await B16({ points: 4400 }, { points: 0 })).toEqual([DAY])
    // Billed as another model: the charge counts alone.
    const other = { points: 0, model: OTHER }
    expect(await B16({ points: 4000 }, other)).toEqual([DAY, `B16 ${OTHER}`])
    expect(await B16({ points: 3999 }, other)).toEqual([...FOUND, `B16 ${OTHER}`])
    expect(await B16({ points: 4400 }, other, LATER)).toEqual([])
    expect(await B16({ points: 0 }, { points: 4400 }, LATER)).toEqual([])
    expect(await B16({ points: 0 }, { points: 4400 })).toEqual([DAY])
    // Of the request of a success a failure is not billed, and charged all the same.
    expect(await B16({ points: 0 }, { points: 4400, status: 'failed' })).toEqual([DAY])
    expect(await B16({ points: 0 }, { points: 4399, status: 'failed' })).toEqual(FOUND)
    expect(await B16({ points: 0, at: EARLIER }, { points: 4400, status: 'failed' })).toEqual(FOUND)
  })
})

describe('of a request that a task without a time bears, and that fal billed at nothing', () => {
  it('B16 accuses nobody of a loss that the charge of the task may make up for', async () => {
    const model = 'fal-ai/flux/schnell'
    const B16 = (lost: MiniTask, time: string | null) =>
      said(
        'B16',
        { cost: '0', points: 0, billed: false, requestId: null },
        { model, billed: { cost: '0' }, ...lost },
        { settings: { pointsPerUsd: ratio('400') } },
        time,
      )
    const FOUND = ['! B16 model=fal-ai/flux/schnell date=2026-02-06']
    expect(await B16({ points: 4000 }, LATER)).toEqual([])
    expect(await B16({ points: 4000 }, null)).toEqual(['B16 fal-ai/flux/schnell 2026-02-06'])
    expect(await B16({ points: 3999 }, null)).toEqual(FOUND)
  })
})

describe('of a request that a task without a time bears too, what is said of the other', () => {
  const dated = { user: 104, model: 'our-video', cost: '1', billed: { endpointId: OTHER } }

  it('A2 is open of its model, were it billed for it, and fires where it is not', async () => {
    const A2 = (task: MiniTask, lost: MiniTask, time?: string) => said('A2', { ...dated, ...task }, lost, {}, time)
    expect(await A2({}, {}, LATER)).not.toContain('! A2 accountId=5 model=our-video')
    expect(await A2({}, {}, EARLIER)).toContain('! A2 accountId=5 model=our-video')
    expect(await A2({}, {})).toContain('A2 5 our-video')
    // A success is billed for it, whenever it was.
    expect(await A2({}, { status: 'failed' })).toEqual([])
  })

  it('B3 is open of an amount that is not what fal billed, and silent of one that is', async () => {
    const B3 = (task: MiniTask, lost: MiniTask, time?: string) =>
      said('B3', { billed: { cost: '1' }, ...task }, lost, {}, time)
    expect(await B3({ cost: '1.0051' }, {}, LATER)).toEqual(['! B3 taskId=task-41'])
    expect(await B3({ cost: '1.0051' }, {}, EARLIER)).toEqual([])
    expect(await B3({ cost: '1.0051' }, {})).toEqual([`B3 task-41 ${requestId}`])
    expect(await B3({ cost: '1.005' }, {})).toEqual([])
    expect(await B3({ cost: '1.0051' }, { status: 'failed' })).toEqual(['! B3 taskId=task-41'])
  })

  it('B4 is of the day of one that has a time', async () => {
    const world = clean().task({ user: 104, requestId }).task({ user: 103, requestId, billed: false })
    const change = { tasks: (row: { readonly id: number }) => (row.id > 41 ? { createdAt: null } : {}) }
    const { findings } = await audited('embedded', world, 'requests', change)
    expect(findings.map(({ rule, context }) => [rule, context?.date])).toEqual([['B4', '2026-02-06']])
  })

  it('B3 counts nobody as fine whose task it leaves open', async () => {
    const okOf = async (cost: string) => {
      const world = clean().task({ user: 104, model: OTHER, cost, requestId, billed: { cost: '1' } })
      // Free of cost and charge, so that nothing else hangs on it.
      world.task({ user: 103, model: OTHER, cost: '0', points: 0, requestId, billed: false })
      const change = { tasks: (row: { readonly id: number }) => (row.id > 41 ? { createdAt: null } : {}) }
      return (await audited('embedded', world, 'requests', change)).summary.ok
    }
    expect([await okOf('1.0051'), await okOf('1.005')]).toEqual([3, 4])
  })

  it('A1 is open where the bill may be the period’s, and the cost of the other not', async () => {
    const A1 = (cost: string, time?: string, at = LATER) =>
      said('A1', { cost: '0', billed: false, at }, { cost, billed: { cost } }, {}, time)
    // 20 USD recorded and billed beside them.
    expect(await A1('2.222222223', '2026-02-07 12:00:00')).toEqual(['! A1 accountId=5'])
    expect(await A1('2.222222223')).toEqual(['A1 5'])
    expect(await A1('2.222222222')).toEqual([])
    // Billed before the period to the other, and recorded within it.
    expect(await A1('2.000000001', LATER, EARLIER)).toEqual(['! A1 accountId=5'])
    expect(await A1('2.000000001', undefined, EARLIER)).toEqual(['A1 5'])
    expect(await A1('2', undefined, EARLIER)).toEqual([])
  })

  it('A1 is open where one of them may have cost what was billed to the other, or to none, however late it ended', async () => {
    const A1 = (cost: string, lost: MiniTask, time?: string) =>
      said(
        'A1',
        { cost: '0', billed: false, at: EARLIER },
        { cost, completed: '2026-02-09 11:00:00', ...lost },
        {},
        time,
      )
    for (const billed of [{ cost: '5' }, false] as const) {
      expect(await A1('2.000000001', { billed }, LATER)).toEqual(['! A1 accountId=5'])
      expect(await A1('2.000000001', { billed })).toEqual(['A1 5'])
    }
    expect(await A1('2', { billed: false })).toEqual([])
    // Of an id of its own it may wait for its bill.
    expect(await A1('9', { billed: false, requestId: 'own' })).toEqual([])
  })

  it('A2 is open of its model, were it billed as what another account was', async () => {
    const world = (lost: MiniTask) => {
      const made = clean().account(6).task({ user: 104, model: OTHER, cost: '1', requestId, billed: false })
      const billed = { endpointId: 'fal-ai/flux/schnell', keyId: keyIdOfAccount(6) }
      return made.task({ user: 103, account: 6, cost: '1', requestId, billed, ...lost })
    }
    const A2 = async (lost: MiniTask, createdAt: string | null) => {
      const change = { tasks: (row: { readonly id: number }) => (row.id > 41 ? { createdAt } : {}) }
      const report = await audited('embedded', world(lost), 'requests', change)
      return [...foundIn(report), ...openOf(report, NO_TIME)].filter((text) => text.startsWith('A2'))
    }
    const FOUND = `A2 accountId=5 model=${OTHER}`
    expect(await A2({}, EARLIER)).toEqual([FOUND])
    expect(await A2({}, LATER)).not.toContain(FOUND)
    expect(await A2({}, null)).toContain(`A2 5 ${OTHER}`)
    expect(await A2({ requestId: 'own' }, null)).toContain(FOUND)
  })
})

describe('a task of a request that one without a time may be billed for', () => {
  it('is stuck, and failed and charged, and whether fal billed it is not known', async () => {
    const of = async (status: string, lost: string, createdAt: string | null, options: WorldAudit = {}) => {
      const world = clean().task({ user: 104, model: OTHER, cost: '1', requestId, status, paid: false })
      world.task({ user: 103, cost: '1', requestId, billed: false, status: lost })
      const change = { tasks: (row: { readonly id: number }) => (row.id > 41 ? { createdAt } : {}) }
      const { findings } = await audited('embedded', world, 'requests', change, options)
      const rule = status === 'failed' ? 'B7' : 'B18'
      const found = findings.find((each) => each.rule === rule && each.subject.taskId === 'task-41')
      return [found?.severity, rule === 'B7' ? /fal billed .*/.exec(found?.message ?? '')?.[0] : found?.actual]
    }
    expect(await of('running', 'failed', LATER)).toEqual(['MEDIUM', '1'])
    expect(await of('running', 'failed', EARLIER)).toEqual(['LOW', '0'])
    expect(await of('running', 'failed', null)).toEqual(['LOW', null])
    expect(await of('running', 'completed', null)).toEqual(['LOW', '0'])
    for (const ledgerLink of ['order', 'total'] as const) {
      const B7 = (createdAt: string | null) => of('failed', 'running', createdAt, { settings: { ledgerLink } })
      expect(await B7(LATER)).toEqual(['MEDIUM', 'fal billed 1.00 USD'])
      expect(await B7(EARLIER)).toEqual(['HIGH', 'fal billed nothing'])
      // The graver is not said.
      expect(await B7(null)).toEqual(['MEDIUM', undefined])
    }
  })
})
