import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { wireRow } from '../../src/ledger/wire-row.ts'
import { parseWall } from '../../src/units/wall.ts'

/** Rows made by hand: what no server sends, or only some do. */

const [DATETIME, VARCHAR, LONG] = [12, 253, 3] as const
const COLUMNS = [{ columnType: DATETIME }, { columnType: VARCHAR, encoding: 'utf8', characterSet: 45 }]

/** A time as the protocol has it: so many bytes of year, month, day, hour, minute, second and microseconds. */
function timeBytes(parts: readonly number[], length: number): Buffer {
  const [year = 0, month = 0, day = 0, hour = 0, minute = 0, second = 0, micros = 0] = parts
  const bytes = Buffer.alloc(11)
  bytes.writeUInt16LE(year, 0)
  bytes.set([month, day, hour, minute, second], 2)
  bytes.writeUInt32LE(micros, 7)
  return Buffer.concat([Buffer.from([length]), bytes.subarray(0, length)])
}

/** The same as a text. */
function timeText(
  [year = 0, month = 0, day = 0, hour = 0, minute = 0, second = 0, micros = 0]: readonly number[],
  length: number,
) {
  const pad = (value: number, width = 2) => String(value).padStart(width, '0')
  const date = length < 4 ? '0000-00-00' : `${pad(year, 4)}-${pad(month)}-${pad(day)}`
  const time = length < 7 ? '00:00:00' : `${pad(hour)}:${pad(minute)}:${pad(second)}`
  return `${date} ${time}${length < 11 ? '' : `.${pad(micros, 6)}`}`
}

/** A row of a time and a text behind other bytes. */
const rowOf = (time: Buffer, text: string, before: number): Buffer => {
  const own = Buffer.from(text)
  return Buffer.concat([Buffer.alloc(before, 0xff), Buffer.from([0, 0]), time, Buffer.from([own.length]), own])
}

describe('a time on the wire', () => {
  const part = (most: number) =>
    fc.oneof(fc.integer({ min: 0, max: most + 1 }), fc.constantFrom(0, 1, most, most + 1, 255))
  const rows = fc.array(
    fc.record({
      parts: fc.tuple(
        fc.constantFrom(0, 50, 99, 100, 1969, 2026, 2024, 2100, 9999),
        ...[part(12), part(31), part(23), part(59), part(59)],
        fc.constantFrom(0, 1, 999, 1000, 500_400, 999_999),
      ),
      length: fc.constantFrom(0, 4, 7, 11),
      before: fc.nat(5),
    }),
    { maxLength: 30 },
  )

  it('is what its text says, whatever its parts and the day before', () => {
    fc.assert(
      fc.property(rows, (given) => {
        const row = wireRow(COLUMNS)
        if (row === undefined) throw new RangeError('types that are known')
        for (const { parts, length, before } of given) {
          const bytes = rowOf(timeBytes(parts, length), 'after it', before)
          const text = timeText(parts, length)
          row.at(bytes, before)
          expect([text, row.wall(0), row.text(0), row.cells()[0], row.text(1)]).toEqual([
            ...[text, parseWall(text), text, text],
            'after it',
          ])
          expect(row.isNull(0)).toBe(false)
        }
      }),
      { numRuns: 1500 },
    )
  })
})

describe('columns', () => {
  it('that are not all known leave their rows to the driver', () => {
    const known = { columnType: LONG }
    expect(wireRow([known, known])).toBeDefined()
    expect(wireRow([])).toBeDefined()
    for (const other of [
      ...[{ columnType: 11 }, { columnType: 13 }, { columnType: 255 }, { columnType: 245 }, { columnType: 6 }, {}],
      { columnType: VARCHAR, encoding: 'latin1', characterSet: 8 },
      { columnType: VARCHAR },
      { columnType: 252, encoding: 'utf8', characterSet: 45, extendedFormat: 'json' },
    ]) {
      expect([other, wireRow([known, other])]).toEqual([other, undefined])
    }
  })

  it('of bytes are bytes, and of a text of no bytes nothing', () => {
    const row = wireRow([{ columnType: 252, characterSet: 63 }, ...COLUMNS.slice(1)])
    row?.at(Buffer.from([0, 0, 2, 0xff, 0x00, 0]), 0)
    expect([row?.cells()[0], row?.text(1), row?.isNull(1), row?.span(1).length]).toEqual([
      Buffer.from([0xff, 0]),
      '',
      false,
      0,
    ])
  })
})
