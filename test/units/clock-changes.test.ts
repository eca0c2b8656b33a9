import { describe, expect, it } from 'vitest'
import { instant } from '../../src/units/instant.ts'
import { openZone, parseDate } from '../../src/units/zone.ts'

const zone = (id: string) => {
  const opened = openZone(id)
  if (opened === undefined) throw new Error(id)
  return opened
}
const iso = (millis: number | undefined) => (millis === undefined ? undefined : new Date(millis).toISOString())
const startOf = (id: string, text: string) => {
  const date = parseDate(text)
  return date && iso(zone(id).startOfDate(date))
}

describe('where a clock changes', () => {
  it.each([
    ['America/New_York', '2026-03-08 01:59:59', '2026-03-08T06:59:59.000Z'],
    ['America/New_York', '2026-03-08 02:30:00', '2026-03-08T07:30:00.000Z'],
    ['America/New_York', '2026-03-08 03:00:00', '2026-03-08T07:00:00.000Z'],
    ['America/New_York', '2026-03-08 22:00:00', '2026-03-09T02:00:00.000Z'],
    ['America/New_York', '2026-11-01 01:30:00', '2026-11-01T05:30:00.000Z'],
    ['America/New_York', '2026-11-01 02:00:00', '2026-11-01T07:00:00.000Z'],
    ['Australia/Lord_Howe', '2026-04-05 01:45:00', '2026-04-04T14:45:00.000Z'],
    ['Australia/Lord_Howe', '2026-04-05 02:00:00', '2026-04-04T15:30:00.000Z'],
    ['Australia/Lord_Howe', '2026-10-04 02:15:00', '2026-10-03T15:45:00.000Z'],
    ['Pacific/Apia', '2011-12-31 00:00:00', '2011-12-30T10:00:00.000Z'],
    ['Pacific/Apia', '2011-12-29 23:59:59', '2011-12-30T09:59:59.000Z'],
  ])('in %s, %s on the wall is %s', (id, naive, expected) => {
    expect(iso(zone(id).fromNaive(naive))).toBe(expected)
  })

  it.each([
    // Put back by an hour at 06:00 UTC, and by half an hour at 15:00 UTC.
    ['America/New_York', '2026-11-01T05:00:00Z', '2026-11-01T07:00:00Z'],
    ['Australia/Lord_Howe', '2026-04-04T14:30:00Z', '2026-04-04T15:30:00Z'],
  ])('in %s times from %s to %s occur twice', (id, from, until) => {
    const twice = (text: string, millis = 0) => zone(id).occursTwice(instant(Date.parse(text) + millis))
    expect([twice(from, -1), twice(from), twice(until, -1), twice(until)]).toEqual([false, true, true, false])
  })

  it('no time occurs twice where clocks are put forward, or never', () => {
    const change = Date.parse('2026-03-08T07:00:00Z')
    for (const at of [change - 3_600_000, change - 1, change, change + 3_599_999])
      expect(zone('America/New_York').occursTwice(instant(at))).toBe(false)
    for (const id of ['UTC', '+08:00', 'Asia/Shanghai']) expect(zone(id).occursTwice(instant(change))).toBe(false)
  })

  it('a day begins at its first moment: after a midnight that is skipped, at the first of two', () => {
    expect(startOf('America/Sao_Paulo', '2018-11-04')).toBe('2018-11-04T03:00:00.000Z')
    expect(startOf('America/Sao_Paulo', '2018-11-05')).toBe('2018-11-05T02:00:00.000Z')
    expect(startOf('America/Havana', '2026-11-01')).toBe('2026-11-01T04:00:00.000Z')
    expect(startOf('America/Havana', '2026-11-02')).toBe('2026-11-02T05:00:00.000Z')
  })

  it('each instant keeps its own time on the wall, up to the millisecond of the change and from it on', () => {
    const change = Date.parse('2026-11-01T06:00:00Z')
    const newYork = zone('America/New_York')
    expect([change - 1, change].map((at) => newYork.format(instant(at)))).toEqual([
      '2026-11-01T01:59:59.999-04:00',
      '2026-11-01T01:00:00-05:00',
    ])
    expect([change - 1, change].map((at) => newYork.toNaive(instant(at)))).toEqual([
      '2026-11-01 01:59:59',
      '2026-11-01 01:00:00',
    ])
    const midnight = Date.parse('2018-11-04T03:00:00Z')
    const days = [midnight - 1, midnight].map((at) => zone('America/Sao_Paulo').dateOf(instant(at)))
    expect(days).toEqual(['2018-11-03', '2018-11-04'])
  })
})
