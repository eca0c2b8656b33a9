import { describe, expect, it } from 'vitest'
import { z } from 'zod'
import { cursorInput, pagedOutput } from '../../schemas/paging.ts'
import { countInt, idInt, pointsInt } from '../../schemas/report.ts'
import { toolSchemas } from '../../src/faces/tool-schemas.ts'
import { toolThat } from './fake-tools.ts'

const schemasOf = (input: z.ZodObject, output: z.ZodObject = pagedOutput({})) =>
  toolSchemas({ ...toolThat('any', async () => ({})), input, output })

describe('the schema of an input', () => {
  it('keeps what a caller can use, and leaves out guards that nobody meets', () => {
    const { inputSchema } = schemasOf(
      z.strictObject({
        ids: z.array(idInt).max(1000).optional().describe('ids'),
        few: z.array(idInt).max(20),
        points: pointsInt,
        days: z.int().min(1).max(30),
        depth: z.enum(['a', 'b']).default('a'),
        cursor: cursorInput,
      }),
    )
    expect(inputSchema).toEqual({
      type: 'object',
      properties: {
        ids: { type: 'array', items: { type: 'integer', minimum: 0 }, description: 'ids' },
        few: { type: 'array', items: { type: 'integer', minimum: 0 }, maxItems: 20 },
        points: { type: 'integer' },
        days: { type: 'integer', minimum: 1, maximum: 30 },
        depth: { type: 'string', enum: ['a', 'b'], default: 'a' },
        cursor: { type: 'string', description: cursorInput.description },
      },
      required: ['few', 'points', 'days'],
      additionalProperties: false,
    })
  })
})

describe('the schema of an output', () => {
  const propertiesOf = (shape: z.ZodRawShape) =>
    schemasOf(z.strictObject({}), z.strictObject(shape)).outputSchema.properties as Record<string, unknown>

  it('names the fields of rows without describing them', () => {
    const row = z.strictObject({
      id: idInt.describe('an id'),
      deep: z.strictObject({ x: countInt }),
      note: z.string().optional(),
    })
    expect(propertiesOf({ rows: z.array(row).describe('all rows') })).toEqual({
      rows: { type: 'array', items: { type: 'object', required: ['id', 'deep'] }, description: 'all rows' },
    })
  })

  it('writes what may be null as a choice of two', () => {
    const choice = (first: unknown) => ({ anyOf: [first, { type: 'null' }], description: 'null: not read' })
    expect(
      propertiesOf({
        cost: z.string().nullable().describe('null: not read'),
        link: z.enum(['order', 'total']).nullable().describe('null: not read'),
        requests: z.strictObject({ matched: countInt }).nullable().describe('null: not read'),
      }),
    ).toEqual({
      cost: choice({ type: 'string' }),
      link: choice({ type: 'string', enum: ['order', 'total'] }),
      requests: choice({ type: 'object', required: ['matched'] }),
    })
  })

  it('allows anything where a field has several forms', () => {
    expect(propertiesOf({ mixed: z.union([z.string(), z.array(z.string())]) })).toEqual({ mixed: {} })
  })

  it('is strict on the outside only', () => {
    const { outputSchema } = schemasOf(z.strictObject({}), z.strictObject({ a: z.strictObject({ b: countInt }) }))
    expect(outputSchema).toEqual({
      type: 'object',
      properties: { a: { type: 'object', required: ['b'] } },
      required: ['a'],
      additionalProperties: false,
    })
  })
})
