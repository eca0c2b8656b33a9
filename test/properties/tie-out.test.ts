import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { Report, RuleId } from '../../schemas/report.ts'
import type { BillingEvent, FalReader } from '../../src/fal/reader.ts'
import { runAudit } from '../../src/operation.ts'
import { parseUsd } from '../../src/units/nano-usd.ts'
import { auditInput, memoryDependencies, quietContext } from '../kit/audit-world.ts'
import { anyWorld, runs, seeds } from '../kit/generator/any-world.ts'
import { auditOf, memoryFalOf } from '../kit/generator/audit-draft.ts'
import type { Draft } from '../kit/generator/draft.ts'
import { createPrng, seedOf } from '../kit/generator/prng.ts'
import { render } from '../kit/generator/render.ts'
import { eachOf } from '../kit/memory-ports.ts'
import { NOTHING_LEFT } from '../kit/tie-out.ts'

/** fal that lost the events of some requests: its usage still tells of their cost. */
function forgetful(fal: FalReader, isLost: (event: BillingEvent) => boolean): FalReader {
  const events: FalReader['events'] = async (apiKey, query, signal) => {
    const answer = await fal.events(apiKey, query, signal)
    return answer.status === 'failed' ? answer : { ...answer, value: answer.value.filter((event) => !isLost(event)) }
  }
  return { ...fal, events, eachEvents: eachOf(events) }
}

/** Audits a draft; of so many requests in a hundred fal has lost the events. */
async function audited(draft: Draft, lostPercent: number): Promise<Report> {
  const rendered = render(draft)
  const audit = auditOf(draft, 'requests')
  const isLost = ({ requestId }: BillingEvent): boolean =>
    createPrng(seedOf(draft.accounts.length, requestId)).int(0, 99) < lostPercent
  const fal = forgetful(memoryFalOf(rendered), isLost)
  return runAudit(auditInput(audit), { ...memoryDependencies(rendered.world, audit), fal }, quietContext())
}

const nano = (text: string | null | undefined): bigint => parseUsd(text ?? '') ?? -1n
const ofRule = ({ findings }: Report, rule: RuleId) => findings.filter((each) => each.rule === rule)

describe('the tie-out', () => {
  it('leaves nothing over, and calls unbilled and unrecorded what B2 and B1 call so, whatever fal has lost', async () => {
    const seen = { unbilled: 0, open: 0 }
    await fc.assert(
      fc.asyncProperty(seeds, fc.constantFrom(0, 1, 10, 40, 100), async (seed, lostPercent) => {
        const report = await audited(anyWorld(seed), lostPercent)
        const { tieOut, requests } = report
        if (tieOut === null || requests === null) return
        expect(tieOut).toMatchObject(NOTHING_LEFT)
        const unbilled = ofRule(report, 'B2')
        const unrecorded = ofRule(report, 'B1')
        const sum = (amounts: readonly (string | null)[]): bigint =>
          amounts.reduce((total, amount) => total + nano(amount), 0n)
        expect(nano(tieOut.recordedUnbilled)).toBe(sum(unbilled.map(({ actual }) => actual)))
        expect(nano(tieOut.eventsUnrecorded)).toBe(sum(unrecorded.map(({ expected }) => expected)))
        expect([requests.unbilled, requests.unrecorded]).toEqual([unbilled.length, unrecorded.length])
        if (unbilled.length > 0) seen.unbilled += 1
        if (report.notEvaluated.some(({ rule, reason }) => rule === 'B2' && reason.includes('contradicts')))
          seen.open += 1
      }),
      runs(80),
    )
    // Worlds of both kinds were among them.
    expect(Math.min(seen.unbilled, seen.open)).toBeGreaterThan(5)
  })
})
