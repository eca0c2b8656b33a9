import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { bareRequestId, orderSpanReader, placeholderSet, requestIdReader } from '../../src/ledger/request-id.ts'
import { spanOfText } from '../../src/rows/record-list.ts'

const ID = '764cabcf-b745-4b3e-ae38-1200304cf45b'
const KEY = `${ID}:${'0123456789abcdef'.repeat(2)}`

describe('bareRequestId', () => {
  test.each([
    [ID, ID],
    [ID.toUpperCase(), ID],
    [`  ${ID}\n`, ID],
    [`fal-ai/flux/dev#${ID}`, ID],
    [`https://queue.fal.run/fal-ai/flux/requests/${ID}`, ID],
    [`https://queue.fal.run/fal-ai/flux/requests/${ID}/`, ID],
    [`https://queue.fal.run/fal-ai/flux/requests/${ID}/status`, ID],
    [`https://queue.fal.run/fal-ai/flux/requests/${ID}/status?logs=1`, ID],
    [`https://queue.fal.run/fal-ai/flux/requests/${ID}/response`, ID],
    [`https://queue.fal.run/fal-ai/flux/requests/${ID}?next=/a/b`, ID],
    ['req_0001', 'req_0001'],
    ['fal-ai/flux#req_0001', 'req_0001'],
    ['https://queue.fal.run/fal-ai/flux/requests/req_0001/status?logs=1', 'req_0001'],
    ['Req?1', 'Req?1'],
    ['', ''],
    ['   ', ''],
    ['NULL', ''],
    [' None ', ''],
    ['-', ''],
    ['0', ''],
    ['n/a', ''],
    ['fal-ai/flux#null', ''],
    [KEY, ''],
    [` ${KEY.toUpperCase()} `, ''],
    [`https://queue.fal.run/fal-ai/flux/requests/${KEY}`, ''],
    // An id with a number behind it is none.
    [`${ID}:1`, `${ID}:1`],
    [`${ID}:${'a'.repeat(31)}`, `${ID}:${'a'.repeat(31)}`],
    [null, ''],
    [undefined, ''],
  ])('%j is %j', (stored, bare) => {
    expect(bareRequestId(stored)).toBe(bare)
  })

  test('placeholders are what the mapping says, and no others', () => {
    const placeholders = placeholderSet(['Pending'])
    expect(bareRequestId('pending', placeholders)).toBe('')
    expect(bareRequestId('null', placeholders)).toBe('null')
  })

  test('a placeholder may be a UUID, in whatever case and form', () => {
    const placeholders = placeholderSet([ID.toUpperCase(), 'none'])
    const read = requestIdReader(placeholders)
    const stored = [ID, ID.toUpperCase(), ` ${ID} `, `x#${ID}`, 'None', ID.replace('7', '8')]
    expect(stored.map(read)).toEqual(['', '', '', '', '', ID.replace('7', '8')])
    expect(stored.map((id) => bareRequestId(id, placeholders))).toEqual(stored.map(read))
  })

  test('a bare id stays what it is, whatever it was wrapped in', () => {
    fc.assert(
      fc.property(
        fc.uuid(),
        fc.constantFrom('', 'fal-ai/x#', 'https://queue.fal.run/a/b/requests/'),
        fc.constantFrom('', '/status', '/response', '?a=b'),
        (id, before, after) => {
          const stored = before === '' ? id : `${before}${id}${after}`
          expect(bareRequestId(stored)).toBe(id)
          expect(bareRequestId(bareRequestId(stored))).toBe(id)
        },
      ),
    )
  })
})

describe('the order id of a ledger row', () => {
  const readerOf = (...words: string[]) => {
    const read = orderSpanReader(placeholderSet(words))
    return (stored: string): string => {
      const { bytes, from, length } = read(spanOfText(stored))
      return bytes.toString('utf8', from, from + length)
    }
  }

  test.each([
    [
      ['null', '0', '-'],
      ['null', 'NULL', 'Null', '0', '-', ''],
    ],
    [
      ['无订单', 'K'],
      ['无订单', 'k', 'K', '\u212a'],
    ],
    [
      [' Pending ', ID.toUpperCase()],
      ['pending', 'PENDING', ID, ID.toUpperCase()],
    ],
  ])('is none where it is one of %j', (words, stored) => {
    expect(stored.map(readerOf(...words))).toEqual(stored.map(() => ''))
  })

  test('is what is stored otherwise, in whatever form', () => {
    const read = readerOf('null', '0', '-', '无')
    const stored = ['order#null', 'a/0', '00', 'nulls', '-1', 'T-0', '无订单', 'é', ID, ID.toUpperCase(), `x#${ID}`]
    expect(stored.map(read)).toEqual(stored)
    expect(['null', '0'].map(readerOf())).toEqual(['null', '0'])
    expect(['null', ''].map(readerOf(''))).toEqual(['null', ''])
  })

  test('is none exactly where the word is one of them, compared without case', () => {
    const words = ['null', 'n/a', '0', 'keine', 'ẞ', '无']
    const set = placeholderSet(words)
    const read = readerOf(...words)
    const text = fc.oneof(
      fc.constantFrom(...words, 'NULL', 'ß', 'N/a', 'İ'),
      fc.string({ maxLength: 6, unit: 'binary' }),
    )
    fc.assert(
      fc.property(text, (stored) => {
        const asStored = Buffer.from(stored).toString()
        expect(read(asStored)).toBe(set.has(asStored.toLowerCase()) ? '' : asStored)
      }),
    )
  })
})
