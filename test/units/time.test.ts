import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { DAY, earlier, instant, later, parseInstant, plus, within } from '../../src/units/instant.ts'
import { datesOf, WINDOW_DAYS_MAX } from '../../src/units/window.ts'
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
    ['2026-02-06T00:00Z', 1_770_336_000_000],
    ['2026-02-06t00:00:00z', 1_770_336_000_000],
    ['2026-02-06T00:00:00.5z', 1_770_336_000_500],
    ['2026-02-05T20:30:00-0330', 1_770_336_000_000],
    ['2026-02-06T00:00:00', undefined],
    ['2026-02-06', undefined],
    ['2026-13-06T00:00:00Z', undefined],
    ['2026-02-28T24:00:00Z', 1_772_323_200_000],
    ['2024-02-29T00:00:00Z', 1_709_164_800_000],
    ['2026-02-29T00:00:00Z', undefined],
    ['2026-02-30T00:00:00+08:00', undefined],
    ['2026-04-31T00:00:00Z', undefined],
    ['2026-02-00T00:00:00Z', undefined],
    ['0000-01-01T00:00:00Z', undefined],
    ['0099-12-31T23:59:59Z', undefined],
    ['0100-01-01T00:00:00Z', -59_011_459_200_000],
    ['0100-01-01T00:00:00+08:00', undefined],
    ['9999-12-31T23:59:59.999Z', 253_402_300_799_999],
    ['9999-12-31T23:59:59-01:00', undefined],
    ['12026-02-06T00:00:00Z', undefined],
    ['+002026-02-06T00:00:00Z', undefined],
    ['2026-02-06T00:00:00+08:00 (CST)', undefined],
    ['2026-02-06T00:00:00Z (UTC)', undefined],
    ['2026-02-06T00:00:00+08', undefined],
    ['2026-2-06T00:00:00Z', undefined],
    ['', undefined],
  ])('%j is %s', (text, millis) => {
    expect(parseInstant(text)).toBe(millis)
  })

  it('come one before the other', () => {
    const [one, two] = [instant(1), instant(2)]
    expect([earlier(one, two), earlier(two, one), later(one, two), later(two, one), plus(one, 4)]).toEqual([
      1, 1, 2, 2, 5,
    ])
  })

  it('a range holds its start and not its end', () => {
    const range = { start: instant(10), end: instant(20) }
    expect([9, 10, 19, 20].map((at) => within(instant(at), range))).toEqual([false, true, true, false])
  })
})

describe('zones', () => {
  it.each(['Mars/Olympus', '+15:00', '+25:00', '', '+08:75', '+08:60', 'utc+8', 'x+08:00', '+08:001'])(
    '%j is none',
    (id) => {
      expect(openZone(id)).toBeUndefined()
    },
  )

  it.each([
    ['+08:00', '2026-02-06T08:00:00+08:00'],
    ['-03:30', '2026-02-05T20:30:00-03:30'],
    ['UTC', '2026-02-06T00:00:00+00:00'],
    ['Asia/Shanghai', '2026-02-06T08:00:00+08:00'],
    ['Asia/Kathmandu', '2026-02-06T05:45:00+05:45'],
  ])('%s writes %s', (id, text) => {
    expect(zone(id).format(instant(1_770_336_000_000))).toBe(text)
  })

  it('are known by their id, and whether their clock ever changes', () => {
    expect(['+14:00', '-0330', 'UTC', 'Z', 'Asia/Shanghai'].map((id) => [zone(id).id, zone(id).fixed])).toEqual([
      ['+14:00', true],
      ['-0330', true],
      ['UTC', true],
      ['UTC', true],
      ['Asia/Shanghai', false],
    ])
    expect(zone('-0330').format(instant(1_770_336_000_000))).toBe('2026-02-05T20:30:00-03:30')
    expect(zone('+00:59').format(instant(1_770_336_000_000))).toBe('2026-02-06T00:59:00+00:59')
  })

  it('write the fraction of a second where there is one', () => {
    expect(zone('+08:00').format(instant(1_770_336_000_120))).toBe('2026-02-06T08:00:00.120+08:00')
    expect(zone('+08:00').toNaive(instant(1_770_336_000_120))).toBe('2026-02-06 08:00:00')
  })

  it.each([
    ['2026-02-06', 0],
    ['2026-02-06T00:00:00', 0],
    ['2026-02-06 00:01', 60_000],
    ['2026-02-06 00:00:01.5', 1500],
    ['2026-02-06 00:00:00.123999999', 123],
    ['2026-02-06 23:59:59', 86_399_000],
  ])('%j is so many milliseconds after midnight: %d', (naive, millis) => {
    expect(zone('UTC').fromNaive(naive)).toBe(1_770_336_000_000 + millis)
  })

  it('keep each moment apart, however many are asked', () => {
    const berlin = zone('Europe/Berlin')
    const summer = instant(Date.parse('2026-07-01T00:00:00Z'))
    const winter = instant(Date.parse('2026-12-01T00:00:00Z'))
    for (const [at, text] of [
      [summer, '2026-07-01T02:00:00+02:00'],
      [winter, '2026-12-01T01:00:00+01:00'],
      [summer, '2026-07-01T02:00:00+02:00'],
    ] as const)
      expect(berlin.format(at)).toBe(text)
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

  it.each([
    '0050-01-01 00:00:00',
    '0000-00-00 00:00:00',
    '2026-02-30 00:00:00',
    '2026-02-06 24:00:00',
    '2026-02-06 12:60:00',
    '2026-02-06 12:00:60',
    '2026-13-06',
    '2026-00-06',
    '2026-02-00',
    '12026-02-06',
    '2026-02-06 12:00:00Z',
    '2026-02-06 12',
    '2026-02-06 1:00',
    '2026-02-06 12:00:00.1234567890',
    'now',
    '',
  ])('%j is no time', (text) => {
    expect(zone('UTC').fromNaive(text)).toBeUndefined()
  })

  it('dates are real ones', () => {
    expect([
      parseDate('2024-02-29'),
      parseDate('2026-02-29'),
      parseDate('2026-2-6'),
      parseDate(''),
      parseDate('2026-02-06 00:00:00'),
      parseDate('12026-02-06'),
    ]).toEqual(['2024-02-29', undefined, undefined, undefined, undefined, undefined])
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

  it('a window of the most days there may be is told day by day, and no further', () => {
    const utc = zone('UTC')
    const noon = instant(Date.parse('2026-01-01T12:00:00Z'))
    const longest = datesOf({ start: noon, end: plus(noon, WINDOW_DAYS_MAX * DAY), zone: utc })
    expect([longest.length, longest[0], longest.at(-1)]).toEqual([WINDOW_DAYS_MAX + 1, '2026-01-01', '2027-01-03'])
    expect(datesOf({ start: noon, end: plus(noon, 400 * DAY), zone: utc })).toEqual([...longest, '2027-01-04'])
    // From half past eleven at night to half past midnight of another day, since clocks left an hour out.
    const late = instant(Date.parse('2026-03-28T22:30:00Z'))
    const touched = datesOf({ start: late, end: plus(late, WINDOW_DAYS_MAX * DAY), zone: zone('Europe/Berlin') })
    expect([touched.length, touched.at(-1)]).toEqual([WINDOW_DAYS_MAX + 2, '2027-03-31'])
  })
})
