import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { bytesWithView } from '../../src/rows/bytes.ts'
import { idOfText } from '../../src/rows/id-bytes.ts'
import { IdSet } from '../../src/rows/id-set.ts'
import { spanOfText } from '../../src/rows/record-list.ts'
import { idsOfOneHash } from '../kit/alike.ts'
import { anyId } from '../kit/any-rows.ts'

/** A text somewhere within other bytes. */
function spanWithin(text: string, before: number) {
  const own = Buffer.from(text)
  const bytes = Buffer.concat([Buffer.alloc(before, 0x61), own, Buffer.from('a')])
  return { ...bytesWithView(bytes), from: before, length: own.length }
}

describe('ids that are looked for', () => {
  it('are told from all others as a set of texts tells them, wherever their bytes lie', () => {
    fc.assert(
      fc.property(
        fc.array(anyId, { maxLength: 20 }),
        fc.array(anyId, { maxLength: 20 }),
        fc.nat(6),
        (wanted, others, at) => {
          const plain = new Set(wanted)
          const ids = new IdSet(plain)
          for (const id of [...wanted, ...others]) {
            expect([id, ids.has(spanWithin(id, at))]).toEqual([id, plain.has(id)])
            expect(ids.has(spanOfText(`${id}.`))).toBe(plain.has(`${id}.`))
            const own = idOfText(id)
            expect([id, ids.hasId(own, own.id)]).toEqual([id, plain.has(id)])
          }
        },
      ),
      { numRuns: 300 },
    )
  })

  it('are told apart from others of the same hash', () => {
    const [one, other] = idsOfOneHash()
    const ids = new IdSet(new Set([other, 'third']))
    expect([one, other].map((id) => ids.has(spanOfText(id)))).toEqual([false, true])
  })

  it('are none where there are none, and no part of one is one', () => {
    expect(new IdSet(new Set()).has(spanOfText(''))).toBe(false)
    const ids = new IdSet(new Set(['order-12', 'ABC']))
    expect(
      ['order-12', 'order-1', 'rder-12', 'order-123', 'abc', 'ABC', ''].map((id) => ids.has(spanOfText(id))),
    ).toEqual([...[true, false, false, false], ...[false, true, false]])
  })
})
