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

/**
 * The JSON schemas (draft-07) of a tool's input and output, as small as they can be: every client holds the list of tools
 * in its context. Costly enough to be made once.
 */
export function toolSchemas(tool: Tool): ToolSchemas {
  return { inputSchema: inputSchema(tool.input), outputSchema: outputSchema(tool.output) }
}

/** Bounds from here on are guards, which no caller meets by accident; where one does, the error names them. */
const BOUND_SHOWN_MAX = 1000

/** What a caller may give. That nothing else is accepted goes without saying: the error for it names what is. */
function inputSchema(schema: z.ZodObject): ObjectSchema {
  const {
    $schema: _,
    additionalProperties: __,
    ...json
  } = z.toJSONSchema(schema, {
    target: 'draft-7',
    io: 'input',
    override: ({ jsonSchema }) => {
      delete jsonSchema.maxLength
      // Written for this program's own reader; the error for a text that does not fit says what would.
      delete jsonSchema.pattern
      if (jsonSchema.minLength === 1) delete jsonSchema.minLength
      if ((jsonSchema.maximum ?? 0) > BOUND_SHOWN_MAX) delete jsonSchema.maximum
      if ((jsonSchema.maxItems ?? 0) >= BOUND_SHOWN_MAX) delete jsonSchema.maxItems
      if (jsonSchema.minimum === Number.MIN_SAFE_INTEGER || jsonSchema.minimum === 0) delete jsonSchema.minimum
    },
  })
  const { properties = {} } = json
  // Results name their nextCursor, and the instructions of the server say what it is for.
  if (typeof properties.cursor === 'object') delete properties.cursor.description
  return { ...json, type: 'object' }
}

/** Fields that every output may have, and those that say of most when and in which zone they were read. */
const COMMON_FIELDS: ReadonlySet<string> = new Set([...Object.keys(pagedOutput({}).shape), 'asOf', 'timezone'])

/**
 * An output by the names of its own fields alone, those that are always there and those that may be: results explain
 * themselves, and what is in them is a matter of the tool's own schema, which is strict and which tests hold every result
 * to. Clients hold results to this one; further fields are not ruled out.
 */
function outputSchema(schema: z.ZodObject): ObjectSchema {
  const { properties = {}, required = [] } = z.toJSONSchema(schema, { target: 'draft-7', io: 'input' })
  const own = Object.keys(properties).filter((key) => !COMMON_FIELDS.has(key))
  const optional = own.filter((key) => !required.includes(key))
  const always = own.filter((key) => required.includes(key))
  return {
    type: 'object',
    ...(optional.length > 0 && { properties: Object.fromEntries(optional.map((key) => [key, {}])) }),
    ...(always.length > 0 && { required: always }),
  }
}
