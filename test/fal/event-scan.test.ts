import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { EventDraft } from '../../src/fal/event-draft.ts'
import { EventScanner } from '../../src/fal/event-scan.ts'
import { bytesWithView } from '../../src/rows/bytes.ts'
import { EventWords } from '../../src/rows/event-records.ts'
import { ALL_TIME, eventPageReader, pageByJson, pageReader, told } from './event-pages.ts'

const UUID = '2be1964e-6e4d-42a8-a951-37753df3104f'
const oneOf = <T>(...values: readonly T[]) => fc.constantFrom(...values)
const mostly = <T>(usual: fc.Arbitrary<T>, odd: fc.Arbitrary<T>, weight = 60) =>
  fc.oneof({ weight, arbitrary: usual }, { weight: 1, arbitrary: odd })
const quoted = (text: string): string => JSON.stringify(text)

// All of these as they stand in a page, JSON or not.
const numbers = fc.oneof(
  oneOf('0', '-0', '1', '28000000', '0.028', '2.50', '-1.5', '0.0000001', '100', '123456789012345'),
  oneOf('1e3', '1E-7', '1.5e+2', '12345678901234567890', '0.12345678901234567', '9007199254740993', '1e-400'),
  fc.double({ noNaN: true, noDefaultInfinity: true }).map((value) => JSON.stringify(value)),
  fc.tuple(fc.bigInt({ min: -(10n ** 18n), max: 10n ** 18n }), fc.nat(12)).map(([whole, zeros]) => {
    const digits = String(whole < 0n ? -whole : whole).padStart(zeros + 1, '0')
    const text = `${digits.slice(0, digits.length - zeros) || '0'}${zeros === 0 ? '' : '.'}${digits.slice(digits.length - zeros)}`
    return (whole < 0n ? '-' : '') + text.replace(/^0+(?=\d)/, '')
  }),
)
const brokenNumbers = oneOf('1e999', '01', '.5', '1.', '-', '+1', '1e', '1e+', '0x1', '1.2.3', '--1', 'NaN', '1_000')
const texts = fc.oneof(
  oneOf('""', '"a"', '" 1.50 "', '"3"', '"-7"', '"+3"', '"1e-7"', '"USD"', '"usd"', '"CNY"', '"Key-1"', '" key-1 "'),
  oneOf('"\\u0041b"', '"\\/x"', '"\\n"', '"\\ud83d\\ude00"', '"\\ud800"', '"\\udc00x"', '"\\\\"', '"\\""', '"\\u0000"'),
  oneOf('"é"', '"中文"', '"😀"', '"\u2028"', '"\u007f"', '"\ufffd"', '"ＵＳＤ"', '"}"', '"],{"', '"\\"}"'),
  fc.string({ unit: 'grapheme', maxLength: 12 }).map(quoted),
  fc.string({ unit: 'binary', maxLength: 6 }).map(quoted),
)
const brokenTexts = oneOf('"', '"a', '"\\x"', '"\\u12"', '"a\tb"', '"\u0001"', "'a'", 'a', '"\\')
const words = oneOf('null', 'true', 'false')
const brokenWords = oneOf('nul', 'nulll', 'True', 'undefined', '')
const nested = fc.oneof(
  oneOf('{}', '[]', '[1,"]",{"a":"}"}]', '{"a":{"b":[1,2]},"c":null}', '[[[[1]]]]', '{ "a" : [ ] }', '{"a":1,"a":2}'),
  oneOf('{"api_key_id":"k","login_username":null,"detail":"Key k"}', '{"api_key_id":" K ","login_username":" bob "}'),
  oneOf(
    '{"login_username":5}',
    '{"api_key_id":null,"api_key_id":"z"}',
    '{"\\u0061pi_key_id":"k"}',
    '{"api_key_id":"\\u006b"}',
  ),
  fc.jsonValue({ maxDepth: 3 }).map((value) => JSON.stringify(value)),
)
const brokenNested = oneOf('{', '[', '[1,]', '{"a"}', '{a:1}', '[1}', '{"a":1,}', '[nul]', '["\t"]')
const anything = fc.oneof(
  { weight: 200, arbitrary: fc.oneof(numbers, texts, words, nested) },
  { weight: 1, arbitrary: fc.oneof(brokenNumbers, brokenTexts, brokenWords, brokenNested) },
)

const ids = mostly(
  fc.oneof(fc.uuid().map(quoted), oneOf(quoted(UUID), '"r1"', '"r2"')),
  oneOf(
    ...[UUID.toUpperCase(), `https://queue.fal.run/fal-ai/flux/requests/${UUID}/status`, `fal-ai/flux#${UUID}`].map(
      quoted,
    ),
    ...[` ${UUID}`, `${UUID.slice(1)}g`, UUID.replace('-', '_'), `${UUID}0`].map(quoted),
    ...['""', '" "', '"m#"', '"a\\/"', '"\\u00a0"', '"a\\/b"', '"\\ud800"', '"é#ü"', 'null', '7'],
  ),
  4,
)
const times = mostly(
  fc.date({ min: new Date(0), max: new Date(4e12), noInvalidDate: true }).map((date) => quoted(date.toISOString())),
  oneOf(
    ...['2026-02-02T10:00:00Z', '2026-02-02T10:00:00.1Z', '2026-02-02T10:00:00.123999Z', '2026-02-02T10:00:00+00:00'],
    ...['2026-02-02T10:00:00.5+00:00', '2026-02-02T10:00:00-00:00', '2026-02-02T10:00:00+08:00', '2026-02-02T10:00:00'],
    ...['2026-02-02 10:00:00Z', '2026-02-02T24:00:00Z', '2026-02-30T10:00:00Z', '2024-02-29T10:00:00Z', '2026-02-02'],
    ...['0050-01-01T00:00:00Z', '2026-02-02T10:00:00.Z', '2026-02-02T10:00:00.1x3Z', '2026-02-02T10:00Z', 'now', ''],
    ...['2026-02-02T10:00:60Z', '2026-02-02t10:00:00z', '2026-02-02T10:00:00.1234567890123Z', '2026-02-02T10:00:00ZZ'],
    ...['2026-02-02T10:00:00+0000', '2026-02-02T10:00:00+00:0', '9999-12-31T23:59:59.999Z', '10000-01-01T00:00:00Z'],
  ).map(quoted),
  15,
)
const decimals = mostly(fc.oneof(numbers, oneOf('null', '"1.5"', '" 2.50 "', '"1e-3"')), anything)
const maybe = mostly(fc.constant(true), fc.constant(false), 4)

/** The values that a known key has as a rule. */
const FIELDS: Readonly<Record<string, fc.Arbitrary<string>>> = {
  request_id: ids,
  endpoint_id: mostly(oneOf('"fal-ai/flux"', '"fal-ai/flux/dev"', '"m"'), anything),
  timestamp: times,
  output_units: decimals,
  quantity: decimals,
  unit: mostly(oneOf('"image"', '"second"', 'null', '""'), anything),
  unit_price: decimals,
  percent_discount: decimals,
  cost_subtotal: anything,
  cost_total: mostly(numbers, decimals),
  cost_estimate_nano_usd: mostly(
    fc.oneof(fc.integer().map(String), oneOf('28000000', 'null', '"12"', '"-7"')),
    anything,
  ),
  currency: mostly(oneOf('"USD"', '"usd"', 'null'), anything),
  auth_method_structured: mostly(nested, anything),
  new_field: anything,
  event_id: texts,
}
const NEEDED = ['request_id', 'endpoint_id', 'timestamp', 'cost_estimate_nano_usd']

/** A key as it may be written: as a rule plainly. */
const writtenKey = (key: string) =>
  mostly(
    fc.constant(quoted(key)),
    oneOf(
      `"\\u00${key.charCodeAt(0).toString(16).padStart(2, '0')}${key.slice(1)}"`,
      quoted(` ${key}`),
      '"__proto__"',
      key,
    ),
    200,
  )
const blanks = mostly(mostly(fc.constant(''), oneOf(' ', '\n', '\r\n\t', '  '), 10), oneOf('\u00a0', '\f'), 2000)
const member = (key: string, value: fc.Arbitrary<string>) =>
  fc.tuple(writtenKey(key), blanks, blanks, value, blanks).map(([name, a, b, held, c]) => `${a}${name}${b}:${held}${c}`)

const rowMembers = fc
  .tuple(...Object.entries(FIELDS).map(([key, value]) => fc.tuple(fc.constant(key), maybe, member(key, value))))
  .map((fields) => fields.filter(([key, there]) => there || NEEDED.includes(key)).map(([, , text]) => text))
const usualOrder = mostly(fc.constant(false), fc.constant(true), 2)
const rows = fc
  .tuple(
    rowMembers,
    usualOrder,
    fc.infiniteStream(fc.nat()),
    mostly(fc.constant<number[]>([]), fc.array(fc.nat(20), { maxLength: 2 }), 20),
  )
  .map(([members, isShuffled, random, again]) => {
    const twice = again.flatMap((place) => members[place] ?? [])
    const all = [...members, ...twice]
    const order = isShuffled ? all.map((text) => [random.next().value as number, text] as const) : undefined
    return `{${(order?.sort(([a], [b]) => a - b).map(([, text]) => text) ?? all).join(',')}}`
  })
const lists = fc
  .array(mostly(rows, anything, 80), { maxLength: 4 })
  .chain((items) =>
    fc.tuple(blanks, mostly(fc.constant(','), oneOf(',,', '', ' , '))).map(([a, b]) => `[${a}${items.join(b)}]`),
  )
const heads = fc.array(
  fc.oneof(
    member('next_cursor', mostly(oneOf('"c1"', 'null', '""'), anything)),
    member('has_more', mostly(oneOf('true', 'false', 'null'), anything)),
    member('meta', anything),
    member('error', mostly(oneOf('null', '""', 'false'), anything, 3)),
  ),
  { maxLength: 3 },
)
const pages = fc
  .tuple(heads, lists, heads, mostly(fc.constant('billing_events'), oneOf('billing_event', 'x'), 60), blanks, blanks)
  .map(([before, list, after, key, a, b]) => `${a}{${[...before, `"${key}":${list}`, ...after].join(',')}}${b}`)
  .map((text) => Buffer.from(text))

/** A page as it may come when something is broken on the way. */
const brokenPages = fc
  .tuple(
    pages,
    fc.nat(),
    fc.nat({ max: 3 }),
    fc.uint8Array({ maxLength: 3 }),
    oneOf('cut', 'patch', 'mark'),
    oneOf(...'{}[]",:\\ 0'),
  )
  .map(([page, at, out, bytes, how, mark]) => {
    const from = at % (page.length + 1)
    if (how === 'cut') return page.subarray(0, from)
    return Buffer.concat([
      page.subarray(0, from),
      how === 'mark' ? Buffer.from(mark) : bytes,
      page.subarray(from + out),
    ])
  })

/** Whether the bytes are read without JSON of the whole. */
function isScanned(page: Buffer): boolean {
  const begin = page.indexOf('[')
  const scanner = new EventScanner(new EventWords(), (text) => text)
  return (
    begin >= 0 &&
    scanner.begin(bytesWithView(page)) &&
    scanner.readList(begin + 1, ALL_TIME, new EventDraft(new EventWords())) > 0
  )
}

describe('the bytes of a page', () => {
  it.each([
    ['whole', pages, 6000],
    ['broken', brokenPages, 6000],
  ] as const)('have the events, the hashes or the failure that their JSON has, if they are %s', (_, kind, numRuns) => {
    const seen = { taken: 0, refused: 0, scanned: 0 }
    let runs = 0
    let read = pageReader()
    fc.assert(
      fc.property(kind, (page) => {
        // What a reader remembers of earlier pages must not change what it reads; but keys that never end would fill it.
        if (runs++ % 40 === 0) read = pageReader(eventPageReader())
        const expected = pageByJson(page.toString())
        expect(told(read(page))).toEqual(told(expected))
        expect(told(read(page))).toEqual(told(expected))
        seen[expected.status === 'failed' ? 'refused' : 'taken']++
        if (expected.status === 'complete' && expected.value.rows.length > 0 && isScanned(page)) seen.scanned++
      }),
      { numRuns },
    )
    expect(Math.min(...Object.values(seen))).toBeGreaterThan(100)
  })

  it('have the same where rows repeat most of one another', () => {
    const FEW: Readonly<Record<string, readonly string[]>> = {
      request_id: [`"${UUID}"`, '"r1"'],
      unit: ['"image"', '"second"', 'null'],
      endpoint_id: ['"m"', '"n"'],
      unit_price: ['0.014', '0.01', '0.0140', '"0.014"'],
      percent_discount: ['null', '10', '1'],
      auth_method_structured: ['{"api_key_id":"k"}', '{"api_key_id":"k" }', 'null'],
      quantity: ['1', '12'],
      timestamp: ['"2026-02-02T10:00:00Z"', '"2026-02-02T10:00:00.5Z"'],
      cost_estimate_nano_usd: ['5', '50'],
      new_field: ['true', '[1]', '[1,2]'],
    }
    const keys = Object.keys(FEW)
    const orders = oneOf(
      keys,
      [...keys].reverse(),
      ['endpoint_id', ...keys.filter((key) => key !== 'endpoint_id')],
      [...keys, 'unit'],
      [...keys, 'unit_price'],
      ['unit_price', ...keys],
    )
    const members = orders.chain((order) =>
      fc.tuple(
        ...order.map((key) =>
          mostly(oneOf(`"${key}":${FEW[key]![0]}`), oneOf(...FEW[key]!.map((value) => `"${key}":${value}`)), 8),
        ),
      ),
    )
    const glue = mostly(fc.constant(','), oneOf(' , ', ',,', ',\n'), 200)
    const rows = fc.tuple(members, glue).map(([texts, between]) => ({
      text: `{${texts.join(between)}}`,
      isUsual: texts.length === keys.length && between !== ',,',
    }))
    let read = pageReader()
    let runs = 0
    fc.assert(
      fc.property(fc.array(rows, { minLength: 1, maxLength: 8 }), (list) => {
        if (runs++ % 200 === 0) read = pageReader()
        const text = `{"billing_events":[${list.map((row) => row.text).join(',')}]}`
        expect(told(read(text))).toEqual(told(pageByJson(text)))
        expect(isScanned(Buffer.from(text))).toBe(list.every(({ isUsual }) => isUsual))
      }),
      { numRuns: 3000 },
    )
  })

  const row = (over: object = {}) => ({
    request_id: UUID,
    endpoint_id: 'm',
    timestamp: '2026-02-02T10:00:00Z',
    cost_total: 1,
    ...over,
  })

  it.each<[string, string]>([
    [
      'spread over lines',
      JSON.stringify({ billing_events: [row(), row({ unit: 'image' })], has_more: false }, null, 2),
    ],
    [
      'with unknown values of all kinds',
      JSON.stringify({ billing_events: [row({ a: { b: [1, 'x]', { c: '}' }] }, d: [], e: true })] }),
    ],
    ['with escapes', `{"billing_events":[${JSON.stringify(row()).replace('"m"', '"fal\\u002dai\\/m"')}]}`],
    [
      'with letters of all tongues',
      JSON.stringify({ billing_events: [row({ endpoint_id: '模型 😀', unit: 'Bild é' })] }),
    ],
    [
      'with other times',
      JSON.stringify({
        billing_events: ['2026-02-02T10:00:00+08:00', '2026-02-02'].map((timestamp) => row({ timestamp })),
      }),
    ],
    [
      'with large amounts',
      `{"billing_events":[${JSON.stringify(row()).replace('"cost_total":1', '"cost_estimate_nano_usd":9007199254740993000')}]}`,
    ],
    ['without rows', '{"billing_events":[ ]}'],
    ['with an error of nothing', '{"billing_events":[],"error":null}'],
  ])('are read alone where they are %s', (_, text) => {
    expect(isScanned(Buffer.from(text))).toBe(true)
    expect(told(pageReader()(text))).toEqual(told(pageByJson(text)))
  })

  it.each<[string, string]>([
    [
      'a known key comes twice',
      `{"billing_events":[${JSON.stringify(row()).replace('}', ',"unit":"a","unit":"b"}')}]}`,
    ],
    ['an unknown key comes twice', `{"billing_events":[${JSON.stringify(row()).replace('}', ',"x":1,"x":2}')}]}`],
    [
      'a key comes twice in other letters',
      `{"billing_events":[${JSON.stringify(row()).replace('}', ',"\\u0075nit":"a","unit":"b"}')}]}`,
    ],
    [
      'the list comes twice',
      `{"billing_events":[${JSON.stringify(row())}],"billing_events":[${JSON.stringify(row({ unit: 'b' }))}]}`,
    ],
    ['the list is a text of its own name', '{"billing_events":"billing_events"}'],
    ['the list is a list, and then none', `{"billing_events":[${JSON.stringify(row())}],"billing_events":null}`],
    ['an error stands before it', `{"error":{"message":"m"},"billing_events":[${JSON.stringify(row())}]}`],
    ['an error stands behind it', `{"billing_events":[],"error":"m"}`],
    ['the end of pages comes twice', `{"billing_events":[],"next_cursor":"a","next_cursor":null}`],
    [
      'a total is without end',
      `{"billing_events":[${JSON.stringify(row()).replace(':1}', ':1e999,"cost_estimate_nano_usd":5}')}]}`,
    ],
    ['something follows it', `{"billing_events":[${JSON.stringify(row())}]}{}`],
    ['a mark of the order of bytes stands before it', `\ufeff${JSON.stringify({ billing_events: [row()] })}`],
  ])('are left to JSON where %s', (_, text) => {
    expect(told(pageReader()(text))).toEqual(told(pageByJson(text)))
  })

  it('are no text where they are not UTF-8: what they stand for is for JSON to say', () => {
    const [before, after] = JSON.stringify({ billing_events: [row({ unit: '#' })] }).split('#') as [string, string]
    const page = Buffer.concat([Buffer.from(before), Buffer.from([0xc3]), Buffer.from(after)])
    expect(told(pageReader()(page))).toEqual(told(pageByJson(page.toString())))
    expect(isScanned(page)).toBe(false)
  })
})
