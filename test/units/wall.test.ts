import fc from 'fast-check'
import { Temporal } from 'temporal-polyfill'
import { describe, expect, it } from 'vitest'
import { parseWall, wallMillis } from '../../src/units/wall.ts'
import { openZone } from '../../src/units/zone.ts'

const pad = (value: number, width = 2): string => String(value).padStart(width, '0')

describe('wall-clock time', () => {
  it('counts as Date does, and is NaN where Date moves on to another day', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 100, max: 9999 }),
        fc.integer({ min: 0, max: 13 }),
        fc.integer({ min: 0, max: 32 }),
        fc.integer({ min: 0, max: 86_399_999 }),
        (year, month, day, millis) => {
          const [hour, minute] = [Math.trunc(millis / 3_600_000), Math.trunc(millis / 60_000) % 60]
          const second = Math.trunc(millis / 1000) % 60
          const date = new Date(Date.UTC(year, month - 1, day, hour, minute, second, millis % 1000))
          const real = date.getUTCMonth() === month - 1 && date.getUTCDate() === day
          const wanted = real ? date.getTime() : Number.NaN
          expect(wallMillis(year, month, day, hour, minute, second, millis % 1000)).toBe(wanted)
          const text = `${pad(year, 4)}-${pad(month)}-${pad(day)} ${pad(hour)}:${pad(minute)}:${pad(second)}`
          expect(parseWall(`${text}.${pad(millis % 1000, 3)}`)).toBe(wanted)
          expect(parseWall(text)).toBe(wanted - (millis % 1000))
        },
      ),
    )
  })

  it.each([
    '2026-02-03x12:00:00',
    '2026/02/03 12:00:00',
    '2026-02-03 12-00:00',
    '2026-02-03 12:00:0x',
    '2026-0２-03 12:00:00',
  ])('%j is none', (text) => expect(parseWall(text)).toBeNaN())
})

describe('a zone', () => {
  it.each([
    'America/New_York',
    'America/St_Johns',
    'Australia/Lord_Howe',
    'Africa/Casablanca',
    'Asia/Gaza',
    'Pacific/Apia',
  ])('%s is right on both sides of each change of its clock, in whatever order it is asked', (id) => {
    const zone = openZone(id)
    if (zone === undefined) throw new RangeError(id)
    let change = Temporal.Instant.from('2008-01-01T00:00:00Z').toZonedDateTimeISO(id).getTimeZoneTransition('next')
    for (let count = 0; count < 40 && change !== null && change !== undefined; count++) {
      for (const away of [0, -1, 60_000, -86_400_000, 3_599_999, 0, 86_400_000]) {
        const truth = Temporal.Instant.fromEpochMilliseconds(change.epochMilliseconds + away).toZonedDateTimeISO(id)
        const wall = truth.toPlainDateTime().round({ smallestUnit: 'second', roundingMode: 'floor' })
        const naive = wall.toString({ smallestUnit: 'second' }).replace('T', ' ')
        expect(zone.toNaive(truth.epochMilliseconds as ReturnType<typeof zone.startOfDate>)).toBe(naive)
        expect(zone.fromNaive(naive)).toBe(wall.toZonedDateTime(id, { disambiguation: 'compatible' }).epochMilliseconds)
      }
      change = change.getTimeZoneTransition('next')
    }
  })
})
