import { describe, expect, it } from 'vitest'
import { DateReader } from '../../../src/audit/tasks/date-reader.ts'
import { DAY, HOUR, type Instant, instant } from '../../../src/units/instant.ts'
import { openZone, type Zone } from '../../../src/units/zone.ts'

function zoneNamed(id: string): Zone {
  const zone = openZone(id)
  if (zone === undefined) throw new RangeError(`no such zone: ${id}`)
  return zone
}

/** A zone that counts how often it is asked for a date, which takes long. */
function counting(zone: Zone): Zone & { readonly asked: () => number } {
  let asked = 0
  const dateOf: Zone['dateOf'] = (at) => {
    asked += 1
    return zone.dateOf(at)
  }
  return { ...bound(zone), dateOf, asked: () => asked }
}

/** The methods of a zone, whatever object they are called on. */
const bound = (zone: Zone): Zone => ({
  ...zone,
  startOfDate: (date) => zone.startOfDate(date),
  addDays: (date, days) => zone.addDays(date, days),
})

const spring = Date.parse('2026-03-29T00:00:00Z')
const instants = (from: number, step: number, count: number): Instant[] =>
  Array.from({ length: count }, (_, index) => instant(from + index * step))

describe('dates of many instants', () => {
  it.each(['UTC', 'Asia/Shanghai', 'Asia/Kolkata', 'Europe/Berlin', 'America/St_Johns', 'Australia/Lord_Howe'])(
    'are those of the zone, in any order, over a change of the clocks, in %s',
    (id) => {
      const zone = zoneNamed(id)
      const reader = new DateReader(zone)
      // Steps of 25 minutes meet every hour on both sides of every midnight.
      const times = [spring - 6 * HOUR, Date.parse('2026-10-24T12:00:00Z')].flatMap((from) =>
        instants(from, 1_500_000, 120),
      )
      const edges = [-1, 0, 1].flatMap((off) =>
        times.slice(0, 60).map((at) => instant(zone.startOfDate(zone.dateOf(at)) + off)),
      )
      const mixed = [...times, ...edges]
        .map((at, index) => [(index * 7919) % 300, at] as const)
        .sort(([a], [b]) => a - b)
      for (const [, at] of mixed) expect(reader.dateOf(at)).toBe(zone.dateOf(at))
      for (const [, at] of mixed.reverse()) expect(reader.dateOf(at)).toBe(zone.dateOf(at))
    },
  )

  it('take one question a day where they come in order, and one an hour where they do not', () => {
    const zone = counting(zoneNamed('Asia/Shanghai'))
    const reader = new DateReader(zone)
    const midnight = Date.parse('2026-02-05T16:00:00Z')
    for (const at of instants(midnight, 60_000, 3 * 24 * 60)) reader.dateOf(at)
    expect(zone.asked()).toBe(3)
    // Two days in turns: each hour of the one is asked for once, and none again.
    for (let again = 0; again < 3; again++) {
      for (const at of instants(midnight, HOUR, 24)) {
        expect(reader.dateOf(at)).toBe('2026-02-06')
        expect(reader.dateOf(instant(at + DAY))).toBe('2026-02-07')
      }
    }
    expect(zone.asked()).toBeLessThanOrEqual(3 + 2 * 24)
  })

  it('ask again for an hour that two days share', () => {
    const zone = counting(zoneNamed('Asia/Kolkata'))
    const reader = new DateReader(zone)
    const midnight = Date.parse('2026-02-05T18:30:00Z')
    for (let again = 0; again < 4; again++) {
      expect(reader.dateOf(instant(midnight - 1))).toBe('2026-02-05')
      expect(reader.dateOf(instant(midnight))).toBe('2026-02-06')
    }
    expect(zone.asked()).toBe(8)
  })

  it('are remembered of half a year: an hour that lies so far off takes the place of another', () => {
    const zone = counting(zoneNamed('UTC'))
    const reader = new DateReader(zone)
    const askedInTurns = (apart: number): number => {
      const before = zone.asked()
      for (let again = 0; again < 10; again++) {
        for (const at of [spring, spring + apart]) expect(reader.dateOf(instant(at))).toBe(zone.dateOf(instant(at)))
      }
      // The test asks as well.
      return zone.asked() - before - 20
    }
    expect([4095, 4096 + 24].map((hours) => askedInTurns(hours * HOUR))).toEqual([2, 1])
    expect(askedInTurns(4096 * HOUR)).toBe(19)
  })

  it('may lie before the first hour that is counted', () => {
    const reader = new DateReader(zoneNamed('UTC'))
    for (const hour of [0, -1, -2, -4096, -4097, -1]) {
      expect(reader.dateOf(instant(hour * HOUR))).toBe(new Date(hour * HOUR).toISOString().slice(0, 10))
    }
  })
})
