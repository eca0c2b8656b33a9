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
        name: z
          .string()
          .min(1)
          .regex(/^\p{L}+$/u)
          .optional(),
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
        name: { type: 'string' },
        few: { type: 'array', items: { type: 'integer' }, maxItems: 20 },
        points: { type: 'integer' },
        days: { type: 'integer', minimum: 1, maximum: 30 },
        depth: { type: 'string', enum: ['a', 'b'], default: 'a' },
        cursor: { type: 'string' },
      },
      required: ['few', 'points', 'days'],
    })
  })
})

describe('the schema of an output', () => {
  const published = (shape: z.ZodRawShape) => schemasOf(z.strictObject({}), z.strictObject(shape)).outputSchema

  it('names its own fields: those that are always there, and those that may be; nothing of what is in them', () => {
    const row = z.strictObject({ id: idInt.describe('an id'), deep: z.strictObject({ x: countInt }) })
    expect(
      published({
        rows: z.array(row).describe('all rows'),
        cost: z.string().nullable(),
        count: countInt.optional(),
        mode: z.enum(['order', 'total']),
      }),
    ).toEqual({ type: 'object', properties: { count: {} }, required: ['rows', 'cost', 'mode'] })
  })

  it('leaves out the fields of paging and of time, which most results have', () => {
    const { outputSchema } = schemasOf(
      z.strictObject({}),
      pagedOutput({ asOf: z.string(), timezone: z.string(), rows: z.array(countInt) }),
    )
    expect(outputSchema).toEqual({ type: 'object', required: ['rows'] })
    expect(published({ asOf: z.string() })).toEqual({ type: 'object' })
  })
})
