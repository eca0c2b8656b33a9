import type { z } from 'zod'
import { type Answer, complete, failed } from './answer.ts'
import { looksLikeHtml } from './reasons.ts'

/** The answer that is an HTML page where data was expected. */
export const HTML_PAGE = failed(
  'bad-answer',
  'fal answered with an HTML page instead of data: a proxy or login page is probably in between. Check FAL_API_BASE_URL',
)

/** The answer that tells of an error, whatever else is in it: an empty list beside one is nothing that was read. */
export const ERROR_TOLD = failed('bad-answer', 'fal answered with an error in place of data')

/** Reads JSON of the schema's shape. A refusal names the path that is wrong, and never a value. */
export function readJson<Schema extends z.ZodType>(schema: Schema): (text: string) => Answer<z.output<Schema>> {
  return (text) => {
    const json = jsonOf(text)
    return json.status === 'failed' ? json : shapeOf(schema, json.value)
  }
}

/** Lists and objects within one another. Answers of fal have a handful; what goes through thousands has no room for its calls. */
const LEVELS_MAX = 100
const TOO_DEEP = failed('bad-answer', `fal's answer is nested deeper than ${LEVELS_MAX} levels`)

/** Reads JSON of any shape but that of an error. A byte order mark, which a proxy may add, is no part of it (RFC 8259, 8.1). */
export function jsonOf(text: string): Answer<unknown> {
  if (looksLikeHtml(text)) return HTML_PAGE
  const json = parseJson(text.startsWith('\uFEFF') ? text.slice(1) : text)
  if (json === undefined) return failed('bad-answer', "fal's answer is broken JSON; it may have been cut on its way")
  if (isDeeper(json.value, LEVELS_MAX)) return TOO_DEEP
  return tellsError(json.value) ? ERROR_TOLD : complete(json.value)
}

function isDeeper(value: unknown, levels: number): boolean {
  if (typeof value !== 'object' || value === null) return false
  if (levels === 0) return true
  if (Array.isArray(value)) return value.some((each) => isDeeper(each, levels - 1))
  for (const key in value) if (isDeeper((value as Readonly<Record<string, unknown>>)[key], levels - 1)) return true
  return false
}

function tellsError(json: unknown): boolean {
  if (typeof json !== 'object' || json === null || !('error' in json)) return false
  return isError(json.error)
}

/** Whether the `error` of an answer says that there is one. */
export const isError = (error: unknown): boolean => error != null && error !== false && error !== ''

/** Holds JSON against a schema. */
export function shapeOf<Schema extends z.ZodType>(schema: Schema, json: unknown): Answer<z.output<Schema>> {
  const parsed = schema.safeParse(json)
  if (parsed.success) return complete(parsed.data)
  return failed('bad-answer', `fal's answer has another shape than expected: ${describe(parsed.error.issues[0])}`)
}

/** Undefined where the text is no JSON. */
export function parseJson(text: string): { readonly value: unknown } | undefined {
  try {
    return { value: JSON.parse(text) }
  } catch {
    return undefined
  }
}

function describe(issue: z.core.$ZodIssue | undefined): string {
  if (issue === undefined) return 'unknown'
  const path = issue.path.reduce<string>(
    (before, key) => before + (typeof key === 'number' ? `[${key}]` : `${before === '' ? '' : '.'}${String(key)}`),
    '',
  )
  const inner = issue.code === 'invalid_union' ? undefined : issue.message
  return `${path === '' ? 'the whole' : path} ${inner ?? 'is of another type'}`.replace(
    / Invalid input: expected/,
    ': expected',
  )
}
