import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import {
  endOfText,
  putSpan,
  putText,
  RecordList,
  RecordWriter,
  sizeOfText,
  spanOfText,
  textAt,
} from '../../src/rows/record-list.ts'

/** Writes a text as a record: its size, then the text behind its length. */
function write(writer: RecordWriter, text: string, room = sizeOfText(text)): void {
  const at = writer.begin(4 + room)
  writer.end(putText(writer.view, at + 4, text) - at)
}
const listOf = ({ bytes, count, offsets }: ReturnType<RecordWriter['written']>, known = true) =>
  new RecordList(bytes, count, null, known ? offsets : undefined)
const textsOf = (list: RecordList): string[] =>
  Array.from({ length: list.count }, (_, index) => textAt(list, list.at(index) + 4))

const texts = fc.array(
  fc.oneof(
    fc.string({ unit: 'grapheme', maxLength: 20 }),
    fc.integer({ min: 0, max: 40_000 }).map((length) => 'x'.repeat(length)),
  ),
  { maxLength: 40 },
)

describe('a writer of records', () => {
  it('gives back what was written, of any size, however often it had to grow', () => {
    fc.assert(
      fc.property(texts, (given) => {
        const writer = new RecordWriter()
        for (const text of given) write(writer, text)
        expect(writer.count).toBe(given.length)
        for (const known of [true, false]) expect(textsOf(listOf(writer.written(), known))).toEqual(given)
      }),
      { numRuns: 60 },
    )
  })

  it('grows in rows as in bytes', () => {
    const writer = new RecordWriter()
    const given = Array.from({ length: 5000 }, (_, index) => String(index))
    for (const text of given) write(writer, text)
    expect(textsOf(listOf(writer.written()))).toEqual(given)
  })

  it('begins each record at a multiple of four, with its size, and ends where the last one does', () => {
    const writer = new RecordWriter()
    for (let length = 0; length < 9; length++) write(writer, 'x'.repeat(length), 100)
    const written = writer.written()
    const list = listOf(written)
    const sizes = Array.from({ length: 9 }, (_, index) => list.sizeOf(index))
    expect(sizes).toEqual([8, 12, 12, 12, 12, 16, 16, 16, 16])
    let at = 0
    for (const [index, size] of sizes.entries()) {
      expect(list.at(index)).toBe(at)
      at += size
    }
    expect([written.bytes.length, list.fours.length]).toEqual([at, at / 4])
    expect(list.fours[list.at(3) / 4]).toBe(12)
  })

  it('leaves out what was begun and never ended', () => {
    const writer = new RecordWriter()
    write(writer, 'first')
    const at = writer.begin(100)
    putText(writer.view, at + 4, 'nobody wants this')
    write(writer, 'second')
    writer.begin(1_000_000)
    expect(textsOf(listOf(writer.written()))).toEqual(['first', 'second'])
  })

  it('begins anew in the same place, and what is left of longer records is in none of the new ones', () => {
    fc.assert(
      fc.property(fc.array(texts, { minLength: 1, maxLength: 4 }), (rounds) => {
        const writer = new RecordWriter()
        for (const given of rounds) {
          writer.clear()
          expect([writer.count, listOf(writer.written()).count]).toEqual([0, 0])
          for (const text of given) write(writer, text)
          for (const known of [true, false]) expect(textsOf(listOf(writer.written(), known))).toEqual(given)
        }
      }),
      { numRuns: 30 },
    )
    const writer = new RecordWriter()
    write(writer, 'some')
    const { buffer } = writer.written().bytes
    writer.clear()
    write(writer, 'more')
    expect(writer.written().bytes.buffer).toBe(buffer)
  })

  it('keeps what was handed out good while it grows', () => {
    const writer = new RecordWriter()
    write(writer, 'early')
    const list = listOf(writer.written())
    for (let row = 0; row < 100; row++) write(writer, 'y'.repeat(1000))
    expect(textsOf(list)).toEqual(['early'])
  })
})

describe('texts in a record', () => {
  it('stand one behind the other, each with its length in bytes', () => {
    const bytes = Buffer.alloc(100)
    const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
    const list = { bytes, view }
    const end = putText(view, 3, '通义 😀')
    expect(end).toBe(3 + sizeOfText('通义 😀'))
    const last = putText(view, putText(view, end, ''), 'z')
    expect([textAt(list, 3), endOfText(list, 3), textAt(list, end), textAt(list, end + 4)]).toEqual([
      '通义 😀',
      end,
      '',
      'z',
    ])
    expect(last).toBe(end + 4 + 5)
    expect(putSpan(view, 50, spanOfText('é'))).toBe(52)
    expect(bytes.toString('utf8', 50, 52)).toBe('é')
  })
})
