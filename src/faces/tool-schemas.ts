import { z } from 'zod'
import type { Tool } from '../tool.ts'

export interface ObjectSchema {
  readonly type: 'object'
  readonly [key: string]: unknown
}

export interface ToolSchemas {
  readonly inputSchema: ObjectSchema
  readonly outputSchema: ObjectSchema
}

/** The JSON schemas (draft-07) of a tool's input and output. Costly enough to be made once. */
export function toolSchemas(tool: Tool): ToolSchemas {
  return {
    inputSchema: objectSchema(tool.input, 'inline'),
    // Shapes used several times are written once: outputs repeat a few small ones very often.
    outputSchema: objectSchema(tool.output, 'ref'),
  }
}

function objectSchema(schema: z.ZodObject, reused: 'inline' | 'ref'): ObjectSchema {
  const { $schema: _, ...json } = z.toJSONSchema(schema, {
    target: 'draft-7',
    io: 'input',
    reused,
    override: ({ jsonSchema }) => {
      // The bounds of every safe integer say nothing, and would be a third of the list.
      if (jsonSchema.maximum === Number.MAX_SAFE_INTEGER) delete jsonSchema.maximum
      if (jsonSchema.minimum === Number.MIN_SAFE_INTEGER) delete jsonSchema.minimum
    },
  })
  return { ...json, type: 'object' }
}
