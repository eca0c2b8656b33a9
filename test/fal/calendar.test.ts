import { describe, expect, it } from 'vitest'
import { bucketEnd, calendarSlices, zoneNameFor } from '../../src/fal/calendar.ts'
import { at, range, zone } from './line.ts'

describe('zoneNameFor', () => {
  it.each([
    ['Asia/Shanghai', 'Asia/Shanghai'],
    ['UTC', 'UTC'],
    ['+00:00', 'UTC'],
    ['+08:00', 'Etc/GMT-8'],
    ['-05:00', 'Etc/GMT+5'],
    ['+14:00', 'Etc/GMT-14'],
    ['-12:00', 'Etc/GMT+12'],
    ['-13:00', undefined],
    ['+05:30', undefined],
  ])('%s is asked for as %s', (id, name) => {
    expect(zoneNameFor(zone(id))).toBe(name)
  })
})

describe('calendarSlices', () => {
  it('cuts at the midnights of the zone, and covers the range without a gap', () => {
    const slices = calendarSlices(range('2026-01-31T20:00:00Z', '2026-02-02T00:00:00Z'), zone('+05:30'), 'day') ?? []
    expect(slices.map(({ date }) => date)).toEqual(['2026-02-01', '2026-02-02'])
    expect(slices[0]?.range).toEqual(range('2026-01-31T20:00:00Z', '2026-02-01T18:30:00Z'))
    expect(slices[1]?.range).toEqual(range('2026-02-01T18:30:00Z', '2026-02-02T00:00:00Z'))
  })

  it('cuts at the firsts of the month', () => {
    const slices = calendarSlices(range('2026-01-20T00:00:00Z', '2026-03-05T00:00:00Z'), zone('-03:30'), 'month') ?? []
    expect(slices.map(({ date }) => date)).toEqual(['2026-01-01', '2026-02-01', '2026-03-01'])
    expect(slices[1]?.range).toEqual(range('2026-02-01T03:30:00Z', '2026-03-01T03:30:00Z'))
  })

  it('takes 400 slices and no more', () => {
    expect(calendarSlices(range('2025-01-01T00:00:00Z', '2026-02-05T00:00:00Z'), zone('UTC'), 'day')).toHaveLength(400)
    expect(calendarSlices(range('2025-01-01T00:00:00Z', '2026-02-05T00:00:01Z'), zone('UTC'), 'day')).toBeUndefined()
  })
})

describe('bucketEnd', () => {
  it.each([
    ['day', 'a border', '2026-02-05T16:00:00Z', '2026-02-06T16:00:00Z'],
    ['day', 'no border', '2026-02-05T00:00:00Z', '2026-02-06T00:00:00Z'],
    ['month', 'a border', '2026-01-31T16:00:00Z', '2026-02-28T16:00:00Z'],
    ['month', 'no border', '2026-02-01T00:00:00Z', '2026-03-04T00:00:00Z'],
  ] as const)('of a %s that begins at %s, at %s, is %s', (timeframe, _, start, end) => {
    expect(bucketEnd(at(start), zone('Asia/Shanghai'), timeframe)).toBe(at(end))
  })
})
