import { describe, expect, it } from 'vitest'
import { planAudit } from '../../../src/audit/plan.ts'
import { frameOf, reconcilePiece } from '../../../src/audit/requests/request-books.ts'
import { RequestTotals } from '../../../src/audit/requests/request-totals.ts'
import { HOUR, instant, MINUTE } from '../../../src/units/instant.ts'
import { openZone, type Zone } from '../../../src/units/zone.ts'
import { at, later, settings } from '../../kit/books.ts'
import { eventOf, evidenceOf, type GivenEvidence, taskOf, whole } from '../../kit/evidence.ts'

const NEW_YORK = openZone('America/New_York') as Zone
const noon = at('2026-02-06 12:00:00')
const MINUTE_LATER = { completedAt: later(noon, MINUTE) }

/** How many delays the matches of account 5 tell, and their median. */
function delaysOf(events: ReturnType<typeof eventOf>[], given: GivenEvidence) {
  const evidence = evidenceOf({ spaces: [{ members: [5], events: whole(events) }], ...given })
  if (evidence.requests === null) throw new RangeError('no requests at this depth')
  const frame = frameOf(evidence, evidence.requests)
  const totals = new RequestTotals(frame, evidence.requests)
  for (const piece of evidence.requests.pieces()) totals.absorb(reconcilePiece(frame, piece))
  const { delays } = totals.close()
  return [delays.count, delays.median()]
}

describe('the delay of a bill', () => {
  it('is told by tasks that succeeded: others ended when someone gave them up', () => {
    const given = { ...MINUTE_LATER, createdAt: noon }
    const late = { ...given, completedAt: later(noon, 30 * MINUTE) }
    const tasks = [
      taskOf(5, 1, given),
      taskOf(5, 2, { ...late, status: 'failed' }),
      taskOf(5, 3, { ...late, status: 'unfinished' }),
    ]
    const events = tasks.map(({ requestId }) => eventOf(5, requestId, { at: later(noon, 2 * MINUTE) }))
    expect(delaysOf(events, { tasks })).toEqual([1, MINUTE])
  })

  it('is told by no end that clocks showed twice', () => {
    const plan = planAudit(
      { start: '2026-11-01', end: '2026-11-01', ids: [], userIds: [], depth: 'requests' },
      ...([NEW_YORK, instant(Date.parse('2026-11-05T00:00:00Z')), settings(), 20] as const),
    )
    const toldBy = (databaseZoneId: string, ...ends: string[]) => {
      const tasks = ends.map((end, index) => {
        const completedAt = instant(Date.parse(end))
        return taskOf(5, index + 1, { completedAt, createdAt: later(completedAt, -MINUTE) })
      })
      // The second 01:30 is read as the first.
      const events = tasks.map(({ requestId, completedAt }) =>
        eventOf(5, requestId, { at: later(completedAt ?? noon, MINUTE + HOUR) }),
      )
      return delaysOf(events, { tasks, plan, databaseZoneId })[0]
    }
    expect(toldBy(NEW_YORK.id, '2026-11-01T05:30:00Z')).toBe(0)
    expect(toldBy(NEW_YORK.id, '2026-11-01T04:59:59Z', '2026-11-01T05:30:00Z', '2026-11-01T07:00:00Z')).toBe(2)
    expect(toldBy('Asia/Shanghai', '2026-11-01T05:30:00Z')).toBe(1)
  })
})
