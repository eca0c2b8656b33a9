import { describe, expect, it } from 'vitest'
import { keyIdOfAccount, type MiniTask, MiniWorld, requestIdOf } from '../../src/demo/mini-world.ts'
import { auditWorld, inShort } from '../kit/audit-world.ts'

const X = requestIdOf(5000)
const MODEL = 'fal-ai/kling-video/v3'
const AT = '2026-02-06 12:00:00'

/** A charged task of the window and one of another time that bear one request, which fal billed once, by the first of both. */
function twins(otherAt: string, own: MiniTask = {}, other: MiniTask = {}): MiniWorld {
  const world = new MiniWorld().account(5).account(6).task()
  return world
    .task({ requestId: X, model: MODEL, at: otherAt, billed: { timestamp: '2026-02-06T04:00:30Z' }, ...other })
    .task({ requestId: X, model: MODEL, at: AT, billed: false, ...own })
}

async function a2Of(world: MiniWorld) {
  const report = await auditWorld(world.build(), { depth: 'requests', lang: 'en' })
  for (const pieceRows of [1, 7]) {
    expect(await auditWorld(world.build(), { depth: 'requests', lang: 'en', pieceRows })).toEqual(report)
  }
  expect(report.tieOut).toMatchObject({ eventsResidual: '0', bridgeResidual: '0' })
  const open = report.notEvaluated.filter(({ rule }) => rule === 'A2')
  return {
    findings: inShort(report).filter((each) => /^A2|^B4/.test(each)),
    open: open.map(({ subject: { accountId, model }, reason }) => [
      accountId,
      model,
      /\(\d+\) were billed/.exec(reason)?.[0],
    ]),
  }
}

const B4 = expect.stringMatching(/^B4/)

describe('a due task whose request fal billed, and which an earlier one claims', () => {
  it.each([
    ['of the day before', '2026-02-05 23:50:00'],
    ['of a month ago', '2026-01-05 12:00:00'],
  ])('is not said to be billed nothing: %s', async (_, at) => {
    expect(await a2Of(twins(at))).toEqual({ findings: [B4], open: [[5, MODEL, '(1) were billed']] })
  })

  it('is found out where fal billed the request nothing, or another task of the model bears a request of its own', async () => {
    const at = '2026-01-05 12:00:00'
    expect((await a2Of(twins(at, {}, { billed: false }))).findings).toEqual([expect.stringMatching(/^A2/), B4])
    const two = twins(at).task({ model: MODEL, at: AT, billed: false })
    expect(await a2Of(two)).toEqual({ findings: [expect.stringMatching(/^A2/), B4], open: [] })
  })

  it('is found out where another model was billed, by a task of the period or of before it', async () => {
    for (const at of ['2026-02-06 11:50:00', '2026-01-05 12:00:00']) {
      const world = twins(at, {}, { model: 'fal-ai/veo3' })
      expect((await a2Of(world)).findings).toEqual([expect.stringMatching(/^A2 .*kling/), B4])
    }
  })

  it('is not said to be billed nothing where the two store other names of one model', async () => {
    const billed = { timestamp: '2026-02-06T04:00:30Z', endpointId: MODEL }
    const at = '2026-01-05 12:00:00'
    const open = (model: string) => ({ findings: [B4], open: [[5, model, '(1) were billed']] })
    expect(await a2Of(twins(at, {}, { model: 'old-name', billed }))).toEqual(open(MODEL))
    // That it is one is told by a match of another account.
    const told = twins(at, { model: 'new-name' }, { model: 'old-name', billed })
    told.task({ account: 6, model: 'new-name', billed: { endpointId: MODEL } })
    expect(await a2Of(told)).toEqual(open('new-name'))
    const untold = twins(at, { model: 'new-name' }, { model: 'old-name', billed })
    expect((await a2Of(untold)).findings).toEqual([expect.stringMatching(/^A2 .*new-name/), B4])
  })

  it('is found out where fal billed the request to another account', async () => {
    const other = { account: 6, billed: { timestamp: '2026-02-06T04:00:30Z', keyId: keyIdOfAccount(6) } }
    expect((await a2Of(twins('2026-01-05 12:00:00', {}, other))).findings).toEqual([expect.stringMatching(/^A2/), B4])
  })

  it('is nothing to A2 where it is refunded, or another one of the window claims the request', async () => {
    expect((await a2Of(twins('2026-01-05 12:00:00', { refunded: true }))).open).toEqual([])
    expect(await a2Of(twins('2026-02-06 11:50:00'))).toEqual({ findings: [B4], open: [] })
  })
})
