import { z } from 'zod'
import { SERVE } from '../../limits.ts'
import { isCoded } from './problem.ts'
import { pathInputs, type Route, TOOLS_PATH } from './routes.ts'

type Json = Readonly<Record<string, unknown>>

export interface OpenApiDocument extends Json {
  readonly openapi: '3.1.0'
  readonly info: { readonly title: string; readonly version: string; readonly description: string }
  readonly paths: Readonly<Record<string, Readonly<Record<string, OpenApiOperation>>>>
}

export interface OpenApiParameter {
  readonly name: string
  readonly in: 'query' | 'path'
  readonly description?: string
  readonly schema: Json
}

export interface OpenApiOperation {
  readonly operationId: string
  readonly tags: readonly string[]
  readonly summary: string
  readonly description?: string
  readonly parameters?: readonly OpenApiParameter[]
  readonly requestBody?: { readonly required: boolean; readonly content: Readonly<Record<string, { schema: Json }>> }
  readonly responses: Json
  readonly security?: readonly Json[]
}

const JSON_TYPE = 'application/json'
const FORM_TYPE = 'application/x-www-form-urlencoded'

/** The OpenAPI 3.1 document of the REST side, made of the schemas that inputs and results are held to. */
export function openApiOf(routes: readonly Route[], version: string, tokenNeeded: boolean): OpenApiDocument {
  const paths: Record<string, Record<string, OpenApiOperation>> = {}
  const bearer = { bearer: { type: 'http', scheme: 'bearer' }, admin: ADMIN_SCHEME }
  for (const route of routes) {
    paths[route.path] = { ...paths[route.path], [route.method.toLowerCase()]: operationOf(route) }
  }
  return {
    openapi: '3.1.0',
    info: {
      title: 'fal-consumption-audit',
      version,
      license: { name: 'MIT', identifier: 'MIT' },
      description:
        "Billing audit for fal.ai resellers: fal's official bill, the recorded tasks and the users' ledgers. The same operations as the MCP tools, which only read; what is written, the prices of the billing module, is kept apart from the audited database. Amounts in USD are exact decimal texts; null was not read and is not zero.",
    } as OpenApiDocument['info'],
    servers: [{ url: '/' }],
    ...(tokenNeeded && { security: [{ bearer: [] }] }),
    tags: [
      { name: 'billing', description: "fal's usage, invoices, balance and estimates" },
      {
        name: 'rules',
        description: 'the billing module: what users pay for a use, what they were charged, and monthly statements',
      },
      { name: 'tools', description: 'every operation under its own name' },
      { name: 'server', description: 'the server itself' },
    ],
    paths: { ...paths, ...serverPaths() },
    components: {
      securitySchemes: tokenNeeded ? bearer : { admin: ADMIN_SCHEME },
      schemas: { Error: ERROR_SCHEMA, Refusal: REFUSAL_SCHEMA, CodedError: CODED_ERROR_SCHEMA },
      responses: {
        Error: { description: 'What is wrong, where, and what to do', content: jsonOf(refTo('schemas/Error')) },
        Refusal: { description: 'What is wrong and what to do', content: jsonOf(refTo('schemas/Refusal')) },
      },
    },
  }
}

const text = { type: 'string' }

const ERROR_SCHEMA = {
  type: 'object',
  required: ['error'],
  properties: {
    error: {
      type: 'object',
      required: ['type', 'message'],
      properties: {
        type: { ...text, description: 'one word for programs, such as input, source or rate-limited' },
        message: text,
        field: { ...text, description: 'the input or header at fault' },
        accepted: { ...text, description: 'what would be accepted' },
        next: { ...text, description: 'what to do next' },
      },
    },
  },
}

const REFUSAL_SCHEMA = {
  type: 'object',
  required: ['ok', 'message'],
  properties: { ok: { const: false }, message: text },
}

const CODED_ERROR_SCHEMA = {
  type: 'object',
  required: ['code', 'message', 'data'],
  properties: {
    code: { type: 'integer', description: 'the status' },
    message: text,
    data: { type: 'null' },
    field: { ...text, description: 'the input or header at fault' },
    accepted: { ...text, description: 'what would be accepted' },
    next: { ...text, description: 'what to do next' },
  },
}

const ADMIN_SCHEME = { type: 'http', scheme: 'bearer', description: 'the value of ADMIN_TOKEN' }

const refTo = (name: string): Json => ({ $ref: `#/components/${name}` })
const jsonOf = (schema: Json) => ({ [JSON_TYPE]: { schema } })

/** Statuses that any route may answer with, and what they say. */
const ERRORS: Readonly<Record<string, string>> = {
  401: 'A bearer token is needed, or this one is not accepted',
  403: 'The Host or the Origin is not accepted',
  422: 'An input is not accepted; field names it',
  429: 'Too many requests in a minute; Retry-After says when',
  500: 'The program failed; what failed stands in the log of the server',
  503: 'The database or fal cannot be reached or is not configured, or the server is busy or stopping',
}
/** Those of them that a route without inputs has, and one that needs no token. */
const { 422: _input, ...GUARDED } = ERRORS
const { 401: _token, ...OPEN } = GUARDED
const BODY_ERRORS: Readonly<Record<string, string>> = {
  400: 'The body is no valid JSON, or not in UTF-8',
  413: `The body is larger than ${SERVE.bodyBytes} bytes`,
  415: 'The body has another content type',
}

const QUERY_ERRORS: Readonly<Record<string, string>> = {
  400: 'A parameter is unknown, given twice or of another type; field names it',
}

function operationOf(route: Route): OpenApiOperation {
  const properties = propertiesOf(route.input)
  const inPath = pathInputs(route.path)
  const outside = route.takes === 'query' ? Object.keys(properties) : inPath
  const required = requiredOf(route.input)
  const parameters = [
    ...outside.map((name): OpenApiParameter & Json => {
      const schema = properties[name] ?? {}
      return {
        name,
        in: inPath.includes(name) ? 'path' : 'query',
        ...((required.includes(name) || inPath.includes(name)) && { required: true }),
        ...(typeof schema.description === 'string' && { description: schema.description }),
        // Lists stand in one text, with commas.
        ...(schema.type === 'array' && { style: 'form', explode: false }),
        schema,
      }
    }),
    ...(route.paged ? [FULL] : []),
  ]
  return {
    operationId: idOf(route),
    tags: [route.tag],
    summary: route.summary,
    description: route.description,
    ...(route.access === 'admin' && { security: [{ admin: [] }] }),
    ...(route.access === 'open' && { security: [] }),
    ...(parameters.length > 0 && { parameters }),
    ...(route.takes !== 'query' && { requestBody: bodyOf(route, required.length > inPath.length) }),
    responses: {
      200: { description: 'The result', content: contentOf(route) },
      ...errorsOf(statusesOf(route), errorSchemaOf(route)),
    },
  }
}

const contentOf = ({ mediaType, output }: Route): Json =>
  mediaType === undefined ? jsonOf(schemaOf(output)) : { [mediaType]: {} }

function statusesOf({ takes, path, statuses }: Route): Readonly<Record<string, string>> {
  if (takes !== 'query') return { ...BODY_ERRORS, ...ERRORS, ...statuses }
  return { ...(isCoded(path) && QUERY_ERRORS), ...ERRORS, ...statuses }
}

function errorSchemaOf({ takes, path }: Route): string {
  if (isCoded(path)) return 'CodedError'
  return takes === 'form' ? 'Refusal' : 'Error'
}

const idOf = ({ method, path }: Route): string => `${method.toLowerCase()}${path.replace(/[^A-Za-z0-9]+/g, '-')}`

function bodyOf(route: Route, required: boolean) {
  const schema = withoutInputs(schemaOf(route.input), pathInputs(route.path))
  return {
    required,
    content: { ...(route.takes === 'form' && { [FORM_TYPE]: { schema } }), [JSON_TYPE]: { schema } },
  }
}

const FULL: OpenApiParameter = {
  name: 'full',
  in: 'query',
  description: '1: the whole result at once; otherwise it comes in pages, each with the cursor of the next',
  schema: { type: 'string', enum: ['0', '1', 'false', 'true'] },
}

const errorsOf = (errors: Readonly<Record<string, string>>, schema: string): Json =>
  Object.fromEntries(
    Object.entries(errors).map(([status, description]) => [
      status,
      { description, content: jsonOf(refTo(`schemas/${schema}`)) },
    ]),
  )

function schemaOf(schema: z.ZodType): Json {
  const { $schema: _, ...json } = z.toJSONSchema(schema, { target: 'draft-2020-12', io: 'input' })
  return json
}

/** The schema of what is left where some inputs stand in the path. */
function withoutInputs(schema: Json, names: readonly string[]): Json {
  const properties = Object.entries((schema.properties ?? {}) as Json).filter(([name]) => !names.includes(name))
  const required = ((schema.required ?? []) as readonly string[]).filter((name) => !names.includes(name))
  return names.length === 0 ? schema : { ...schema, properties: Object.fromEntries(properties), required }
}

const propertiesOf = (schema: z.ZodObject): Record<string, Json> =>
  (schemaOf(schema).properties ?? {}) as Record<string, Json>

const requiredOf = (schema: z.ZodObject): readonly string[] => (schemaOf(schema).required ?? []) as string[]

/** The routes that are no operation of the registry. */
function serverPaths(): Record<string, Record<string, OpenApiOperation>> {
  const get = (path: string, summary: string, type: string, more: Partial<OpenApiOperation> = {}) => ({
    [path]: {
      get: {
        operationId: `get${path.replace(/[^A-Za-z0-9]+/g, '-')}`,
        tags: ['server'],
        summary,
        ...more,
        responses: {
          200: { description: summary, content: { [type]: {} } },
          ...errorsOf(more.security === undefined ? GUARDED : OPEN, 'Error'),
          ...more.responses,
        },
      },
    },
  })
  const notReady = { 503: { description: 'What is not ready, and why', content: { [JSON_TYPE]: {} } } }
  return {
    ...get(TOOLS_PATH, 'Every tool with its schemas', JSON_TYPE),
    ...get('/healthz', 'Whether the process answers; needs no token', JSON_TYPE, { security: [] }),
    ...get('/readyz', 'Whether configuration and database are ready', JSON_TYPE, { responses: notReady }),
    ...get('/metrics', 'Metrics for Prometheus', 'text/plain'),
    ...get('/openapi.json', 'This document', JSON_TYPE),
    ...get('/docs', 'This document as a page', 'text/html'),
  }
}
