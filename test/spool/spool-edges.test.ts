import { describe, expect, it } from 'vitest'
import { Lexicon, RowReader, RowWriter } from '../../src/spool/bytes.ts'
import { hashOfText, PARTS, partOfText, type RowCodec, Spool, SpoolFile } from '../../src/spool/spool.ts'

/** A part is written out once it holds as many bytes. */
const CHUNK_BYTES = 8 * 1024 - 512

/** Rows of bytes, each with its length before it. */
const BYTES: RowCodec<string> = {
  write(row, to) {
    to.count(row.length)
    for (const char of row) to.byte(char.charCodeAt(0))
  },
  read(bytes) {
    const reader = new RowReader(bytes)
    const rows: string[] = []
    while (!reader.done) {
      rows.push(Array.from({ length: reader.count() }, () => String.fromCharCode(reader.byte())).join(''))
    }
    return rows
  },
}
/** A row that takes so many bytes. */
const ofSize = (bytes: number, letter = 'x') => letter.repeat(bytes - 4)

describe('a row of a chunk’s size', () => {
  it.each([
    ['that fills a chunk to the byte', [CHUNK_BYTES]],
    ['that is larger by one', [CHUNK_BYTES + 1]],
    ['after others', [100, CHUNK_BYTES, 7, CHUNK_BYTES + 1, 9]],
    ['that only just fits beside another', [CHUNK_BYTES - 100, 100, 5]],
    ['that only just does not', [CHUNK_BYTES - 100, 101, 5]],
    ['that grows', [5, 600, 1300, 3000, 7000, 15_000, 5, 16_000, 600]],
    ['many times over', Array.from({ length: 300 }, (_, index) => 5 + ((index * 911) % 9000))],
  ])('%s is given back, and its neighbours, in order', (_, sizes) => {
    const file = new SpoolFile()
    const spool = new Spool(BYTES, file)
    const rows = sizes.map((size, index) => ofSize(size, String.fromCharCode(97 + (index % 26))))
    for (const row of rows) {
      spool.add(3, row)
      spool.add(200, row)
    }
    expect(spool.read([3])).toEqual(rows)
    expect(spool.read([2, 3, 200, 201])).toEqual([...rows, ...rows])
    expect([spool.rowsIn(3), spool.rowsIn(4), spool.rows]).toEqual([rows.length, 0, 2 * rows.length])
    // What was read may be read again, and more be added to it.
    spool.add(3, 'last')
    expect(spool.read([3])).toEqual([...rows, 'last'])
    file.close()
  })
})

describe('a part that there is not', () => {
  it('takes no row, and holds none', () => {
    const spool = new Spool(BYTES, new SpoolFile())
    expect(() => spool.add(PARTS, 'x')).toThrow(`there is no part ${PARTS}`)
    expect([spool.rowsIn(PARTS), spool.read([PARTS, -1]), spool.read([]), spool.rows]).toEqual([0, [], [], 0])
  })
})

describe('a spool whose file was closed', () => {
  it('says so instead of giving back what is not there', () => {
    const file = new SpoolFile()
    const spool = new Spool(BYTES, file)
    for (let row = 0; row < 3; row++) spool.add(0, ofSize(10_000))
    expect(spool.read([0])).toHaveLength(3)
    file.close()
    expect(() => spool.read([0])).toThrow('the temporary file was closed')
    // A row that comes too late makes no new file, which nobody would remove.
    expect(() => {
      for (let row = 0; row < 3; row++) spool.add(0, ofSize(10_000))
    }).toThrow('the temporary file was closed')
    file.close()
  })
})

describe('texts', () => {
  it.each(['', 'plain', 'naïve', '通义千问', '😀', 'é'.repeat(3000), 'x'.repeat(5000)])(
    'are kept as they are: %.20s',
    (text) => {
      const bytes = new RowWriter().text(text).text('next').byte(7).view()
      const reader = new RowReader(bytes)
      expect([reader.text(), reader.text(), reader.byte(), reader.done]).toEqual([text, 'next', 7, true])
    },
  )

  it('that many rows repeat have a number each, and none has 0', () => {
    const words = new Lexicon()
    const codes = ['a', '', 'b', 'a', null, ''].map((text) => words.codeOf(text))
    expect([codes, codes.map((code) => words.textOf(code))]).toEqual([
      [1, 2, 3, 1, 0, 2],
      ['a', '', 'b', 'a', null, ''],
    ])
    expect(words.textOf(99)).toBeNull()
  })

  it('have a hash of their own, whose last bits are their part', () => {
    const hashes = Array.from({ length: 5000 }, (_, index) => hashOfText(`id-${index}`))
    expect(new Set(hashes).size).toBe(5000)
    for (const hash of hashes) expect(Number.isInteger(hash) && hash >= 0 && hash < 2 ** 32).toBe(true)
    expect(hashes.map((hash) => hash % PARTS)).toEqual(hashes.map((_, index) => partOfText(`id-${index}`)))
    expect(hashOfText('ab')).not.toBe(hashOfText('ba'))
  })
})
