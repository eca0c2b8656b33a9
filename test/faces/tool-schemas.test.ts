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
        ids: { type: 'array', items: { type: 'integer' }, description: 'ids' },
        few: { type: 'array', items: { type: 'integer' }, maxItems: 20 },
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
  const published = (shape: z.ZodRawShape) => schemasOf(z.strictObject({}), z.strictObject(shape)).outputSchema

  it('names its own fields with their type, and which are always there; nothing of what is in them', () => {
    const row = z.strictObject({ id: idInt.describe('an id'), deep: z.strictObject({ x: countInt }) })
    expect(
      published({
        rows: z.array(row).describe('all rows'),
        whole: z.strictObject({ b: countInt }).describe('an object'),
        mode: z.enum(['order', 'total']),
        count: countInt.optional(),
      }),
    ).toEqual({
      type: 'object',
      properties: {
        rows: { type: 'array' },
        whole: { type: 'object' },
        mode: { type: 'string' },
        count: { type: 'integer' },
      },
      required: ['rows', 'whole', 'mode'],
    })
  })

  it('leaves open what may be null or has several forms', () => {
    const { properties, required } = published({
      cost: z.string().nullable(),
      requests: z.strictObject({ matched: countInt }).nullable(),
      mixed: z.union([z.string(), z.array(z.string())]),
    })
    expect(properties).toEqual({ cost: {}, requests: {}, mixed: {} })
    expect(required).toEqual(['cost', 'requests', 'mixed'])
  })

  it('leaves out the fields of paging, which every result may have', () => {
    const { outputSchema } = schemasOf(z.strictObject({}), pagedOutput({ rows: z.array(countInt) }))
    expect(outputSchema).toEqual({ type: 'object', properties: { rows: { type: 'array' } }, required: ['rows'] })
  })
})
