import { describe, expect, it } from 'vitest'
import type { FalFault } from '../../src/demo/fal-double-faults.ts'
import { keyIdOfAccount, MiniWorld } from '../../src/demo/mini-world.ts'
import { EXIT, exitCodeOf } from '../../src/faces/exit-code.ts'
import { inShort } from '../kit/audit-world.ts'
import { auditRealWorld } from '../kit/real-audit.ts'

// Answers of fal that are read without trouble, and are none to what was asked.
const EVENTS = '/models/billing-events'

/** Two accounts without a break, each with tasks of its own. */
function clean(tasks = 4): MiniWorld {
  const world = new MiniWorld().account(5).account(6)
  for (let each = 0; each < tasks; each++) world.task({ account: 5 + (each % 2), user: 101 + (each % 2), cost: '0.5' })
  return world
}

const audit = (world: MiniWorld, ...faults: FalFault[]) =>
  auditRealWorld(world.build(), { store: 'embedded', double: { faults } }, { depth: 'requests' })

type Audited = Awaited<ReturnType<typeof audit>>
const sourceOf = ({ coverage }: Audited, source: string, accountId: number) =>
  coverage.sources.find((each) => each.source === source && each.accountId === accountId)

describe('an event that names no request', () => {
  const page = (request_id: string) => {
    const auth_method_structured = { api_key_id: keyIdOfAccount(5) }
    const row = { endpoint_id: 'fal-ai/flux/schnell', timestamp: '2026-02-06T05:00:00Z', auth_method_structured }
    return JSON.stringify({ billing_events: [{ request_id, ...row, cost_total: 2 }], has_more: false })
  }
  const answered = (id: string) =>
    audit(clean(), { kind: 'body', text: page(id), keyId: keyIdOfAccount(5), path: EVENTS })

  it.each(['', ' ', 'fal-ai/flux/schnell#'])('as %j: its page is a bad answer, and nobody is accused', async (id) => {
    const report = await answered(id)
    expect(inShort(report)).toEqual([])
    expect(sourceOf(report, 'fal-events', 5)).toMatchObject({
      status: 'failed',
      reason: expect.stringContaining('billing_events[0].request_id is empty'),
    })
    expect(exitCodeOf(report, 'high')).toBe(EXIT.unverified)
  })

  it('is a break where it names one that no task records', async () => {
    expect(inShort(await answered('orphan-1'))).toContain('B1 requestId=orphan-1')
  })
})
