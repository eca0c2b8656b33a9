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

const problemIn = (schema: z.ZodType, value: unknown): string => {
  try {
    parseOutside(schema, value, { kind: 'input' })
  } catch (error) {
    return String((error as Error).message)
  }
  throw new Error('it was accepted')
}

const fields = (count: number) =>
  z.strictObject(Object.fromEntries(Array.from({ length: count }, (_, at) => [`field_${at}`, z.string().optional()])))

describe('a field that there is not', () => {
  it('is told with all names, and with how many are left out where they are very many', () => {
    expect(problemIn(fields(40), { zzz: 1 })).toMatch(/give one of: field_0, .*, field_39$/)
    expect(problemIn(fields(41), { zzz: 1 })).toMatch(/, field_39 and 1 more$/)
  })

  it.each([
    ['since', /is it start\?/],
    ['until', /is it end\?/],
    ['userIds', /is it user_ids\?/],
    ['user-id', /is it user_ids\?/],
    ['strat', /is it start\?/],
    ['colour', /^colour: there is no such field; give one of: start, end, user_ids$/],
  ])('%s is told with what it may mean', (name, told) => {
    const schema = z.strictObject({
      start: z.string().optional(),
      end: z.string().optional(),
      user_ids: z.string().optional(),
    })
    expect(problemIn(schema, { [name]: 'x' })).toMatch(told)
  })

  it('is told before one that is missing: it was meant for that', () => {
    const schema = z.strictObject({ id: z.string(), kind: z.string().optional() })
    expect(problemIn(schema, { task_id: 'x' })).toBe('task_id: there is no such field; give one of: id, kind')
    expect(problemIn(schema, { kind: 'task' })).toBe('id: is missing; give a text')
    expect(problemIn(schema, { id: 5, task_id: 'x' })).toBe('id: "5" is not accepted; give a text, not a number')
    const nested = z.strictObject({ id: z.string(), at: schema })
    expect(problemIn(nested, { at: { id: 'x', task_id: 'x' } })).toBe('id: is missing; give a text')
  })

  it('is not taken for one that the object does not have', () => {
    expect(problemIn(z.strictObject({ window: z.string().optional() }), { since: 'x' })).not.toMatch(/start/)
  })
})

describe('what is no list', () => {
  it.each([
    [z.array(z.int()), 'a list of numbers, such as [5, 12]'],
    [z.array(z.string()).min(1).optional(), 'a list of texts, such as ["a", "b"]'],
    [
      z.array(z.string()).optional().describe('endpoint=quantity, such as x/y=100'),
      'a list of texts, such as ["x/y=100"]',
    ],
    [z.array(z.enum(['A1', 'B2'])), 'a list of some of: A1, B2'],
    [z.array(z.strictObject({ id: z.int() })), 'a list of objects'],
  ])('is told with what the list holds: %#', (list, told) => {
    expect(problemIn(z.strictObject({ given: list }), { given: '5' })).toBe(`given: "5" is not accepted; give ${told}`)
  })

  it('is told deep inside, too', () => {
    const schema = z.strictObject({ rows: z.array(z.strictObject({ ids: z.array(z.int()) })) })
    expect(problemIn(schema, { rows: [{ ids: [1] }, { ids: 2 }] })).toMatch(/^rows\.1\.ids: .* a list of numbers/)
  })
})

describe('a value of another type that looks the same where it is quoted', () => {
  const prices = z.strictObject({
    price: z.string().optional(),
    units: z.number().optional(),
    tokens: z.int().optional(),
    ids: z.array(z.int()).optional(),
  })

  it.each([
    [{ price: 0.1 }, 'price: "0.1" is not accepted; give a text, not a number'],
    [{ price: true }, 'price: "true" is not accepted; give a text, not true or false'],
    [{ units: '5' }, 'units: "5" is not accepted; give a number, not a text'],
    [{ units: '-0.50' }, 'units: "-0.50" is not accepted; give a number, not a text'],
    [{ tokens: '5' }, 'tokens: "5" is not accepted; give a number, not a text'],
    [{ ids: ['5'] }, 'ids.0: "5" is not accepted; give a number, not a text'],
    [{ units: 'five' }, 'units: "five" is not accepted; give a number'],
    [{ units: '1e3' }, 'units: "1e3" is not accepted; give a number'],
    [{ price: ['x'] }, 'price: "["x"]" is not accepted; give a text'],
    [{}, undefined],
  ])('%j is told with its type', (value, message) => {
    if (message === undefined) expect(parseOutside(prices, value, { kind: 'input' })).toEqual(value)
    else expect(problemIn(prices, value)).toBe(message)
  })
})
