import { z } from 'zod'
import { pagedOutput } from '../../schemas/paging.ts'
import type { Tool } from '../tool.ts'

export interface ObjectSchema {
  readonly type: 'object'
  readonly [key: string]: unknown
}

export interface ToolSchemas {
  readonly inputSchema: ObjectSchema
  readonly outputSchema: ObjectSchema
}

type Json = z.core.JSONSchema.BaseSchema

/**
 * The JSON schemas (draft-07) of a tool's input and output, as small as they can be: every client holds the list of tools
 * in its context. Costly enough to be made once.
 */
export function toolSchemas(tool: Tool): ToolSchemas {
  return { inputSchema: inputSchema(tool.input), outputSchema: outputSchema(tool.output) }
}

/** Bounds from here on are guards, which no caller meets by accident; where one does, the error names them. */
const BOUND_SHOWN_MAX = 1000

function inputSchema(schema: z.ZodObject): ObjectSchema {
  const { $schema: _, ...json } = z.toJSONSchema(schema, {
    target: 'draft-7',
    io: 'input',
    override: ({ jsonSchema }) => {
      delete jsonSchema.maxLength
      if (jsonSchema.minLength === 1) delete jsonSchema.minLength
      if ((jsonSchema.maximum ?? 0) > BOUND_SHOWN_MAX) delete jsonSchema.maximum
      if ((jsonSchema.maxItems ?? 0) >= BOUND_SHOWN_MAX) delete jsonSchema.maxItems
      if (jsonSchema.minimum === Number.MIN_SAFE_INTEGER || jsonSchema.minimum === 0) delete jsonSchema.minimum
    },
  })
  return { ...json, type: 'object' }
}

/** Fields that every output may have; the cursor's input names the one that matters. */
const PAGING_FIELDS: ReadonlySet<string> = new Set(Object.keys(pagedOutput({}).shape))

/**
 * An output by the names and types of its own fields alone: results explain themselves, and what is in them is a matter of
 * the tool's own schema, which is strict and which tests hold every result to. Further fields are not ruled out.
 */
function outputSchema(schema: z.ZodObject): ObjectSchema {
  const { properties = {}, required } = z.toJSONSchema(schema, { target: 'draft-7', io: 'input' })
  return {
    type: 'object',
    properties: Object.fromEntries(
      Object.entries(properties).flatMap(([key, field]) => (PAGING_FIELDS.has(key) ? [] : [[key, typeOf(field)]])),
    ),
    ...(required !== undefined && { required }),
  }
}

/** The one type of a field; nothing where it has several, or may be null: lists of types trip strict clients. */
const typeOf = (field: Json | boolean): Json =>
  typeof field === 'boolean' || typeof field.type !== 'string' ? {} : { type: field.type }
