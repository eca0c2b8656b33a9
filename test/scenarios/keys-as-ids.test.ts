import { afterEach, describe, expect, it } from 'vitest'
import { apiKeyOf, MiniWorld, requestIdOf } from '../../src/demo/mini-world.ts'
import { runAudit } from '../../src/operation.ts'
import { taskTraceTool } from '../../tools/task-trace.ts'
import { auditInput, quietContext } from '../kit/audit-world.ts'
import { openWorld, type RealWorld, STORES } from '../kit/real-audit.ts'
import { NOTHING_LEFT } from '../kit/tie-out.ts'
import { call } from '../tools/call.ts'

let opened: RealWorld | undefined
afterEach(() => opened?.close())

describe.each(STORES)('a key in the place of a request id: %s', (store) => {
  const open = async (requestId: string): Promise<RealWorld> => {
    const world = new MiniWorld().account(5).account(6).task({ account: 5 }).task({ account: 6 })
    opened = await openWorld(world.task({ account: 5, cost: '2', requestId, billed: false }).build(), { store })
    return opened
  }
  const idsAsked = ({ double }: RealWorld): string[] => double.requests.flatMap(({ query }) => query.request_id ?? [])

  it.each([
    ['bare', apiKeyOf(6)],
    ['in an URL', `https://queue.fal.run/fal-ai/flux/requests/${apiKeyOf(6)}`],
  ])('is never asked about, by whatever key, %s', async (_, requestId) => {
    const world = await open(requestId)
    const report = await runAudit(auditInput({ depth: 'requests' }), world.dependencies(), quietContext())
    expect(report.requests).toMatchObject({ matched: 2, unbilled: 0 })
    expect(report.tieOut).toMatchObject({ ...NOTHING_LEFT, recordedWithoutId: '2' })
    await call(taskTraceTool, { id: apiKeyOf(6) }, world.dependencies()).catch(() => undefined)
    expect(idsAsked(world)).toEqual([])
  })

  it('is no reason not to ask about a request', async () => {
    const world = await open(requestIdOf(777))
    const report = await runAudit(auditInput({ depth: 'requests' }), world.dependencies(), quietContext())
    expect(report.requests).toMatchObject({ matched: 2, unbilled: 1 })
    expect(new Set(idsAsked(world))).toEqual(new Set([requestIdOf(777)]))
  })
})
