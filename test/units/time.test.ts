import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { DAY, instant, parseInstant, within } from '../../src/units/instant.ts'
import { datesOf } from '../../src/units/window.ts'
import { openZone, parseDate } from '../../src/units/zone.ts'

const zone = (id: string) => {
  const opened = openZone(id)
  if (opened === undefined) throw new Error(id)
  return opened
}

describe('instants', () => {
  it.each([
    ['2026-02-06T00:00:00Z', 1_770_336_000_000],
    ['2026-02-06T08:00:00+08:00', 1_770_336_000_000],
    ['2026-02-06 00:00:00.123456Z', 1_770_336_000_123],
    ['2026-02-06T00:00:00', undefined],
    ['2026-02-06', undefined],
    ['2026-13-06T00:00:00Z', undefined],
    ['', undefined],
  ])('%j is %s', (text, millis) => {
    expect(parseInstant(text)).toBe(millis)
  })

  it('a range holds its start and not its end', () => {
    const range = { start: instant(10), end: instant(20) }
    expect([9, 10, 19, 20].map((at) => within(instant(at), range))).toEqual([false, true, true, false])
  })
})

describe('zones', () => {
  it.each(['Mars/Olympus', '+25:00', '', '+08:75', 'utc+8'])('%j is none', (id) => {
    expect(openZone(id)).toBeUndefined()
  })

  it.each([
    ['+08:00', '2026-02-06T08:00:00+08:00'],
    ['-03:30', '2026-02-05T20:30:00-03:30'],
    ['UTC', '2026-02-06T00:00:00+00:00'],
    ['Asia/Shanghai', '2026-02-06T08:00:00+08:00'],
    ['Asia/Kathmandu', '2026-02-06T05:45:00+05:45'],
  ])('%s writes %s', (id, text) => {
    expect(zone(id).format(instant(1_770_336_000_000))).toBe(text)
  })

  it('naive times go back and forth, where the clock does not change', () => {
    const shanghai = zone('Asia/Shanghai')
    fc.assert(
      fc.property(fc.integer({ min: 946_684_800, max: 4_102_444_800 }), (seconds) => {
        const at = instant(seconds * 1000)
        expect(shanghai.fromNaive(shanghai.toNaive(at))).toBe(at)
        expect(shanghai.startOfDate(shanghai.dateOf(at)) <= at).toBe(true)
        expect(at - shanghai.startOfDate(shanghai.dateOf(at)) < DAY).toBe(true)
      }),
    )
  })

  it('a time that a clock change skips is the later one, one that comes twice the earlier', () => {
    const berlin = zone('Europe/Berlin')
    expect(berlin.fromNaive('2026-03-29 02:30:00')).toBe(Date.parse('2026-03-29T01:30:00Z'))
    expect(berlin.fromNaive('2026-03-29 01:59:59')).toBe(Date.parse('2026-03-29T00:59:59Z'))
    expect(berlin.fromNaive('2026-03-29 03:00:00')).toBe(Date.parse('2026-03-29T01:00:00Z'))
    expect(berlin.fromNaive('2026-10-25 02:30:00')).toBe(Date.parse('2026-10-25T00:30:00Z'))
    expect(berlin.fromNaive('2026-10-25 03:00:00')).toBe(Date.parse('2026-10-25T02:00:00Z'))
    expect(berlin.startOfDate(berlin.dateOf(instant(Date.parse('2026-03-29T12:00:00Z'))))).toBe(
      Date.parse('2026-03-28T23:00:00Z'),
    )
  })

  it.each(['0000-00-00 00:00:00', '2026-02-30 00:00:00', '2026-02-06 24:00:00', '2026-02-06 12:60:00', 'now', ''])(
    '%j is no time',
    (text) => {
      expect(zone('UTC').fromNaive(text)).toBeUndefined()
    },
  )

  it('dates are real ones', () => {
    expect([parseDate('2024-02-29'), parseDate('2026-02-29'), parseDate('2026-2-6'), parseDate('')]).toEqual([
      '2024-02-29',
      undefined,
      undefined,
      undefined,
    ])
    const utc = zone('UTC')
    const leap = parseDate('2024-02-28')
    expect(leap && [utc.addDays(leap, 1), utc.addDays(leap, 2), utc.addDays(leap, -59)]).toEqual([
      '2024-02-29',
      '2024-03-01',
      '2023-12-31',
    ])
  })

  it('a window touches its dates, each once', () => {
    const berlin = zone('Europe/Berlin')
    const window = {
      start: instant(Date.parse('2026-03-28T23:00:00Z')),
      end: instant(Date.parse('2026-03-30T22:00:00Z')),
      zone: berlin,
    }
    expect(datesOf(window)).toEqual(['2026-03-29', '2026-03-30'])
    expect(datesOf({ ...window, end: instant(window.end + 1) })).toEqual(['2026-03-29', '2026-03-30', '2026-03-31'])
  })
})
