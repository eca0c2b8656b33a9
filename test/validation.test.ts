import { describe, expect, it } from 'vitest'
import { z } from 'zod'
import { parseOutside } from '../src/validation.ts'

const schema = z.strictObject({
  id: z.string().min(1).max(5).optional(),
  word: z.string().min(2).optional(),
  ids: z.array(z.int().min(0)).min(1).max(2).optional(),
})

describe('a value that is not accepted', () => {
  it.each([
    [{ id: '' }, 'id: "" is not accepted; give a text that is not empty'],
    [{ id: '123456' }, 'id: "123456" is not accepted; give at most 5 characters'],
    [{ word: 'x' }, 'word: "x" is not accepted; give at least 2 characters'],
    [{ ids: [] }, 'ids: "[]" is not accepted; give at least 1 item'],
    [{ ids: [1, 2, 3] }, 'ids: "[1,2,3]" is not accepted; give at most 2 items'],
    [{ ids: [-1] }, 'ids.0: "-1" is not accepted; give a number of at least 0'],
    [{ name: 5 }, 'name: there is no such field; give one of: id, word, ids'],
  ])('%j is told with its field, itself and what is', (value, message) => {
    expect(() => parseOutside(schema, value, { kind: 'input' })).toThrow(message)
  })

  it('is none at its bounds', () => {
    for (const value of [{ id: '1' }, { id: '12345' }, { word: 'xy' }, { ids: [0] }, { ids: [1, 2] }]) {
      expect(parseOutside(schema, value, { kind: 'input' })).toEqual(value)
    }
  })
})
