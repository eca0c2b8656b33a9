import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { bytesWithView } from '../../src/rows/bytes.ts'
import { bareId, isLikeUuidAt } from '../../src/units/request-id.ts'

const UUID = '2be1964e-6e4d-42a8-a951-37753df3104f'

describe('an id of the form of a UUID', () => {
  const UUID_LIKE = fc
    .tuple(
      ...[8, 4, 4, 4, 12].map((length) => fc.string({ unit: 'binary-ascii', minLength: length, maxLength: length })),
    )
    .map((parts) => parts.join('-'))
  const nearly = fc
    .tuple(fc.uuid(), fc.nat(35), fc.string({ unit: 'binary-ascii', minLength: 1, maxLength: 1 }))
    .map(([id, at, letter]) => id.slice(0, at) + letter + id.slice(at + 1))

  it('is taken as it stands only if it is its own bare id, and each byte of it a letter', () => {
    let taken = 0
    fc.assert(
      fc.property(fc.oneof(UUID_LIKE, nearly, fc.uuid()), (id) => {
        const { bytes, view } = bytesWithView(Buffer.from(id))
        if (!isLikeUuidAt(bytes, view, 0)) return
        taken++
        expect(bareId(id)).toBe(id)
        expect(JSON.stringify(id)).toBe(`"${id}"`)
      }),
      { numRuns: 5000 },
    )
    expect(taken).toBeGreaterThan(1500)
  })

  it('may hold the digits of one in lower case anywhere but at its dashes', () => {
    for (let code = 0; code < 128; code++) {
      const letter = String.fromCharCode(code)
      for (let at = 0; at < 36; at++) {
        const id = `${UUID.slice(0, at)}${letter}${UUID.slice(at + 1)}`
        const { bytes, view } = bytesWithView(Buffer.from(id))
        if (isLikeUuidAt(bytes, view, 0)) expect([bareId(id), JSON.stringify(id)]).toEqual([id, `"${id}"`])
        else expect(/[0-9a-f]/.test(letter) && UUID[at] !== '-').toBe(false)
      }
    }
  })
})
