import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { parseCsv } from '../../src/fal/csv.ts'
import { FIELD_BYTES_MAX } from '../../src/import/field.ts'
import { type Dialect, RecordSplitter } from '../../src/import/records.ts'

const CSV: Dialect = { delimiter: 44, quotes: true, escapes: false, nulls: ['', '\\N', 'NULL'] }
const DUMP: Dialect = { delimiter: 9, quotes: false, escapes: true, nulls: ['\\N'] }
const ENCLOSED_WITH_ESCAPES: Dialect = { ...CSV, escapes: true }

interface Split {
  readonly records: { readonly line: number; readonly values: readonly (string | null)[] }[]
  readonly bad: { readonly line: number; readonly slot: number; readonly problem: string }[]
}

/** Splits bytes that come in pieces which end at the given places. */
function split(
  bytes: Buffer | string,
  dialect = CSV,
  slots: readonly number[] | undefined = undefined,
  cuts: readonly number[] = [],
): Split {
  const whole = Buffer.from(bytes)
  const result: Split = { records: [], bad: [] }
  const splitter = new RecordSplitter(dialect, slots, {
    record: (line, values) => void result.records.push({ line, values: [...values] }),
    bad: (line, slot, problem) => void result.bad.push({ line, slot, problem }),
  })
  const ends = [...new Set(cuts.map((cut) => cut % (whole.length + 1)))].sort((a, b) => a - b)
  let from = 0
  for (const end of [...ends, whole.length]) {
    splitter.push(whole.subarray(from, end))
    from = end
  }
  splitter.end()
  return result
}

const everyByte = (text: string): number[] => Array.from(Buffer.from(text), (_, at) => at)

describe('CSV', () => {
  it.each([
    [
      'plain',
      'a,b\nc,d\n',
      [
        ['a', 'b'],
        ['c', 'd'],
      ],
    ],
    [
      'CRLF',
      'a,b\r\nc,d\r\n',
      [
        ['a', 'b'],
        ['c', 'd'],
      ],
    ],
    [
      'CRLF behind quotes',
      '"a","b"\r\n"c","d"\r\n',
      [
        ['a', 'b'],
        ['c', 'd'],
      ],
    ],
    [
      'no line break at the end',
      'a,b\nc,d',
      [
        ['a', 'b'],
        ['c', 'd'],
      ],
    ],
    ['no line break behind a quote', 'a,"b"', [['a', 'b']]],
    ['a CR alone at the end, behind a quote', 'a,"b"\r', [['a', 'b']]],
    ['an empty last field', 'a,\n', [['a', null]]],
    ['an empty last field at the end', 'a,', [['a', null]]],
    [
      'empty lines',
      '\n\r\na,b\n\n\r\nc,d\n\n',
      [
        ['a', 'b'],
        ['c', 'd'],
      ],
    ],
    ['commas, quotes and line breaks in quotes', '"a,""b""\n\r\nc",d\n', [['a,"b"\n\r\nc', 'd']]],
    ['only quotes', '"""",""""""\n', [['"', '""']]],
    [
      'NULL in three ways',
      ',\\N\nNULL,x\n',
      [
        [null, null],
        [null, 'x'],
      ],
    ],
    [
      'texts that look like NULL, in quotes',
      '"","\\N"\n"NULL","null"\n',
      [
        ['', '\\N'],
        ['NULL', 'null'],
      ],
    ],
    ['backslashes, which escape nothing', '"a\\",b\\n\n', [['a\\', 'b\\n']]],
    ['a CR in a field', 'a\rb,"c\rd"\n', [['a\rb', 'c\rd']]],
    ['Chinese and emoji', '张三,"😀,😀"\n', [['张三', '😀,😀']]],
    ['a replacement character that was stored', 'a,\ufffd\n', [['a', '\ufffd']]],
  ])('%s', (_, text, expected) => {
    for (const cuts of [[], everyByte(text)]) {
      const { records, bad } = split(text, CSV, [0, 1], cuts)
      expect(bad).toEqual([])
      expect(records.map(({ values }) => values)).toEqual(expected)
    }
  })

  it('takes a line of one field that begins with a CR for no empty one', () => {
    for (const text of ['\rab\n1\n', '\rab\r\n1\r\n']) {
      for (const cuts of [[], everyByte(text)]) {
        expect(split(text, CSV, [0], cuts).records.map(({ values }) => values)).toEqual([['\rab'], ['1']])
      }
    }
  })

  it('counts lines, and gives a record the first of its own', () => {
    const text = 'a,b\n"1\n2\n3",x\n\nc,d\n'
    for (const cuts of [[], everyByte(text)]) {
      expect(split(text, CSV, [0, 1], cuts).records.map(({ line }) => line)).toEqual([1, 2, 6])
    }
  })

  it.each([
    ['a quote in the middle', 'a"b,c', 0, /quote in a field/],
    ['a quote at the end', 'c,ab"', 1, /quote in a field/],
    ['something behind a closing quote', '"a"b,c', 0, /between a closing quote/],
    ['a blank behind a closing quote', 'c,"a" ', 1, /between a closing quote/],
    ['a CR and more behind a closing quote', '"a"\rb,c', 0, /between a closing quote/],
    ['too few fields', 'a', -1, /1 fields where there are 2/],
    ['too many fields', 'a,b,c', -1, /3 fields where there are 2/],
    ['a blank line that is not empty', ' ', -1, /1 fields where there are 2/],
    ['bytes that are no UTF-8', Buffer.from([0xd5, 0xc5, 0x2c, 0x61]), 0, /not UTF-8/],
    ['UTF-8 cut short', Buffer.from([0x61, 0x2c, 0xe5, 0xbc]), 1, /not UTF-8/],
    ['a field beyond its limit', `a,${'x'.repeat(FIELD_BYTES_MAX + 1)}`, 1, /longer than 65535 bytes/],
  ])('%s is one bad line, and the next is good again', (_, line, slot, problem) => {
    const bytes = Buffer.concat([Buffer.from('1,2\n'), Buffer.from(line), Buffer.from('\n3,4\n')])
    for (const cuts of [[], bytes.length < 1000 ? Array.from(bytes, (_byte, at) => at) : [1000, 40_000]]) {
      const { records, bad } = split(bytes, CSV, [0, 1], cuts)
      expect(records).toEqual([
        { line: 1, values: ['1', '2'] },
        { line: 3, values: ['3', '4'] },
      ])
      expect(bad).toEqual([{ line: 2, slot, problem: expect.stringMatching(problem) }])
    }
  })

  it('a quote that is never closed is a fault of the line that opened it', () => {
    const { records, bad } = split('1,2\n3,"4\n5,6\n7,8\n', CSV, [0, 1])
    expect(records).toHaveLength(1)
    expect(bad).toEqual([{ line: 2, slot: 1, problem: expect.stringMatching(/never closed/) }])
  })

  it('takes the longest field that is stored, and fields of any length that are not', () => {
    const long = 'x'.repeat(FIELD_BYTES_MAX)
    expect(split(`a,${long}\n`, CSV, [0, 1]).records[0]?.values[1]).toBe(long)
    expect(split(`a,"${long}${long}\n"\n`, CSV, [0, -1]).records).toEqual([{ line: 1, values: ['a'] }])
  })

  it('does not mind what stands in fields that are not stored, as long as they end', () => {
    const bytes = Buffer.concat([Buffer.from('a,'), Buffer.from([0xff, 0xfe, 0x00]), Buffer.from(',b\n')])
    expect(split(bytes, CSV, [1, -1, 0]).records).toEqual([{ line: 1, values: ['b', 'a'] }])
  })
})

describe('files of mysqldump --tab', () => {
  it.each([
    ['plain', 'a\tb\n', [['a', 'b']]],
    [
      'NULL, and texts that look like it',
      '\\N\tNULL\n\\\\N\t\n',
      [
        [null, 'NULL'],
        ['\\N', ''],
      ],
    ],
    ['escaped tabs and line breaks', 'a\\\tb\t1\\\n2\n', [['a\tb', '1\n2']]],
    ['escapes with letters', 'a\\tb\\nc\\\\d\t\\0\\r\\Z\\b\n', [['a\tb\nc\\d', '\0\r\u001a\b']]],
    ['quotes, which enclose nothing', '"a"\t"\n', [['"a"', '"']]],
    ['an escaped backslash at the end of a field', 'a\\\\\tb\n', [['a\\', 'b']]],
    ['CRLF', 'a\tb\r\n', [['a', 'b']]],
  ])('%s', (_, text, expected) => {
    for (const cuts of [[], everyByte(text)]) {
      const { records, bad } = split(text, DUMP, [0, 1], cuts)
      expect(bad).toEqual([])
      expect(records.map(({ values }) => values)).toEqual(expected)
    }
  })

  it('count the line breaks in fields', () => {
    expect(split('a\\\n\tb\nc\td\n', DUMP, [0, 1]).records.map(({ line }) => line)).toEqual([1, 3])
  })

  it('that end in an escape were cut', () => {
    expect(split('a\tb\\', DUMP, [0, 1]).bad).toEqual([
      { line: 1, slot: 1, problem: expect.stringMatching(/middle of an escape/) },
    ])
  })
})

describe('INTO OUTFILE with ENCLOSED BY', () => {
  it.each([
    ['escaped quotes', '"a \\"b\\"",\\N\n', [['a "b"', null]]],
    ['an escaped backslash at the end', '"a\\\\","b"\n', [['a\\', 'b']]],
    ['an escaped line break', '"a\\\nb",1\n', [['a\nb', '1']]],
  ])('%s', (_, text, expected) => {
    for (const cuts of [[], everyByte(text)]) {
      const { records, bad } = split(text, ENCLOSED_WITH_ESCAPES, [0, 1], cuts)
      expect(bad).toEqual([])
      expect(records.map(({ values }) => values)).toEqual(expected)
    }
  })
})

const piece = fc.oneof(
  fc.string({ unit: 'binary', maxLength: 5 }),
  fc.constantFrom('"', '""', ',', '\n', '\r', '\r\n', '\t', '\\', '\\N', 'NULL', '张', '😀'),
)
const text = fc.array(piece, { maxLength: 6 }).map((pieces) => pieces.join(''))
const rows = fc
  .integer({ min: 2, max: 4 })
  .chain((width) =>
    fc.array(fc.array(fc.option(text), { minLength: width, maxLength: width }), { minLength: 1, maxLength: 6 }),
  )
const cuts = fc.array(fc.nat(1000), { maxLength: 12 })

const csvField = (value: string | null): string => (value === null ? '' : `"${value.replaceAll('"', '""')}"`)
const dumpField = (value: string | null): string => (value === null ? '\\N' : value.replace(/[\\\t\n]/g, '\\$&'))
const inOrder = (table: readonly (readonly unknown[])[]): number[] => (table[0] ?? []).map((_, at) => at)

describe('whatever a table holds', () => {
  it.each(['\n', '\r\n'])('comes back from CSV with lines that end in %j, cut anywhere', (lineEnd) => {
    fc.assert(
      fc.property(rows, cuts, (table, at) => {
        const file = table.map((row) => row.map(csvField).join(',')).join(lineEnd)
        const { records, bad } = split(file, CSV, inOrder(table), at)
        expect(bad).toEqual([])
        expect(records.map(({ values }) => values)).toEqual(table)
      }),
    )
  })

  it('comes back from a file of mysqldump --tab, cut anywhere', () => {
    fc.assert(
      fc.property(rows, cuts, (table, at) => {
        // A CR at the end of a line is taken for a part of the line break; it is trimmed from a text anyway.
        const plain = table.map((row) => row.map((value) => value?.replaceAll('\r', '') ?? null))
        const file = `${plain.map((row) => row.map(dumpField).join('\t')).join('\n')}\n`
        const { records, bad } = split(file, DUMP, inOrder(table), at)
        expect(bad).toEqual([])
        expect(records.map(({ values }) => values)).toEqual(plain)
      }),
    )
  })

  it('is read as the other parser of this program reads it, wherever that sees no fault', () => {
    const soup = fc
      .array(fc.constantFrom('a', 'bc', '"', '""', ',', ',', '\n', '\r\n', '张'), { maxLength: 30 })
      .map((parts) => parts.join(''))
    const noNulls: Dialect = { ...CSV, nulls: [] }
    fc.assert(
      fc.property(soup, cuts, (file, at) => {
        const { records, bad } = split(file, noNulls, undefined, at)
        const other = parseCsv(file)
        if (bad.length > 0) return
        // It skips a line that holds one empty field in quotes, as if it were empty.
        const values = records.map((record) => record.values).filter((row) => row.length > 1 || row[0] !== '')
        expect(values).toEqual(other)
      }),
      { numRuns: 1000 },
    )
  })
})
