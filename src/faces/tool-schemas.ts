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

type Json = z.core.JSONSchema.BaseSchema

/**
 * The JSON schemas (draft-07) of a tool's input and output, as small as they can be: every client holds the list of tools
 * in its context. Costly enough to be made once.
 */
export function toolSchemas(tool: Tool): ToolSchemas {
  const output = outline(z.toJSONSchema(tool.output, { target: 'draft-7', io: 'input' }), 0)
  return { inputSchema: inputSchema(tool.input), outputSchema: { ...output, type: 'object' } }
}

/** Bounds from here on are guards, which no caller meets by accident; where one does, the error names them. */
const BOUND_SHOWN_MAX = 1000

function inputSchema(schema: z.ZodObject): ObjectSchema {
  const { $schema: _, ...json } = z.toJSONSchema(schema, {
    target: 'draft-7',
    io: 'input',
    override: ({ jsonSchema }) => {
      delete jsonSchema.maxLength
      if ((jsonSchema.maximum ?? 0) > BOUND_SHOWN_MAX) delete jsonSchema.maximum
      if ((jsonSchema.maxItems ?? 0) >= BOUND_SHOWN_MAX) delete jsonSchema.maxItems
      if (jsonSchema.minimum === Number.MIN_SAFE_INTEGER) delete jsonSchema.minimum
    },
  })
  return { ...json, type: 'object' }
}

/**
 * An output in outline: its own fields whole, of objects further in only the names that are always there. The outline
 * allows whatever the schema allows; that results keep to the schema itself is a matter of tests.
 */
function outline(schema: Json, depth: number): Json {
  const description = depth <= 1 && schema.description !== undefined ? { description: schema.description } : {}
  const options = optionsOf(schema)
  const [only, ...others] = options.filter(({ type }) => type !== 'null')
  if (only === undefined || others.length > 0) return description
  // Clients that know one type a field read a choice better than a list of types.
  if (options.length > 1) return { anyOf: [outline(only, NO_DESCRIPTION), { type: 'null' }], ...description }
  return {
    ...(only.type !== undefined && { type: only.type }),
    ...(only.enum !== undefined && { enum: only.enum }),
    ...(only.const !== undefined && { const: only.const }),
    ...description,
    ...(depth === 0 && { properties: fieldsOf(only), additionalProperties: false }),
    ...(only.required !== undefined && { required: only.required }),
    ...(isSchema(only.items) && { items: outline(only.items, depth + 1) }),
  }
}

/** A depth at which a schema is only named. */
const NO_DESCRIPTION = 2

/** What a schema lets a caller choose from; itself where there is no choice. */
function optionsOf(schema: Json): Json[] {
  if (schema.anyOf !== undefined) return schema.anyOf
  const types: unknown = schema.type
  return Array.isArray(types) ? types.map((type) => ({ ...schema, type })) : [schema]
}

const fieldsOf = ({ properties = {} }: Json): Record<string, Json> =>
  Object.fromEntries(
    Object.entries(properties).flatMap(([key, field]) => (isSchema(field) ? [[key, outline(field, 1)]] : [])),
  )

const isSchema = (value: unknown): value is Json => typeof value === 'object' && value !== null && !Array.isArray(value)
