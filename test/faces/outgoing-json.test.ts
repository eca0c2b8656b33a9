import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { z } from 'zod'
import { outgoing, outgoingJson, outgoingText } from '../../src/faces/outgoing.ts'
import { redactor } from '../../src/render/clean.ts'

const row = z.strictObject({ name: z.string(), kind: z.enum(['secret', 'plain']).optional() })
const schema = z.strictObject({
  rows: z.array(row),
  layer: z.strictObject({ rows: z.array(row), totals: z.record(z.string(), z.string()).nullable() }).optional(),
  aliases: z.record(z.string(), z.string()),
  count: z.int().nullable(),
  nothing: z.strictObject({}),
})
const redact = (text: string) => text.replaceAll('secret', '[redacted]')

const text = fc.oneof(
  fc.string({ unit: 'binary', maxLength: 8 }),
  fc.constantFrom('secret', 'a\nb', '"\\n"', 'secret!'),
)
const rows = fc.array(fc.record({ name: text, kind: fc.constantFrom('secret', 'plain', undefined) }), { maxLength: 4 })
const record = fc.dictionary(text, text, { maxKeys: 3 })
const layer = fc.record({ rows, totals: fc.option(record) })
const value = fc.record({
  ...{ rows, layer: fc.option(layer, { nil: undefined }), aliases: record },
  ...{ count: fc.option(fc.integer()), nothing: fc.constant({}) },
})

describe('a text that leaves', () => {
  const secret = 'correct-horse-battery'
  const coded = Buffer.from(secret).toString('hex')
  const told = (each: string): string => outgoingText(each, redactor([secret]))

  it('holds no part of a secret that is written otherwise, where it is cut', () => {
    const begun = 'x'.repeat(3980)
    expect(told(`${begun}${coded}`)).toBe(`${begun}[redacted]`)
  })

  it('holds none that something invisible breaks up', () => {
    expect(told(`a ${coded.slice(0, 20)}\u200b${coded.slice(20)} b`)).toBe('a [redacted] b')
  })
})

describe('JSON in pieces', () => {
  it('is what the whole of it would be, to the byte', () => {
    fc.assert(
      fc.property(value, (each) => {
        const whole = `${JSON.stringify(outgoing(each, redact, schema), null, 2)}\n`
        expect([...outgoingJson(each, redact, schema)].join('')).toBe(whole)
      }),
    )
  })

  it('is never much longer than a piece, however many rows there are', () => {
    const many = { rows: Array.from({ length: 20_000 }, (_, at) => ({ name: `user ${at}` })) }
    const pieces = [...outgoingJson(many, redact, schema)]
    expect(pieces.length).toBeGreaterThan(5)
    expect(Math.max(...pieces.map(({ length }) => length))).toBeLessThan(70_000)
    expect(pieces.join('')).toBe(`${JSON.stringify(many, null, 2)}\n`)
  })
})
