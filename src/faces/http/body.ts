import type { Context } from 'hono'
import { bodyLimit } from 'hono/body-limit'
import { SERVE } from '../../limits.ts'
import type { JsonObject } from '../../paging.ts'
import { textOfUtf8 } from '../../units/utf-8.ts'
import type { Flag } from '../flags.ts'
import { HttpRefusal } from './problem.ts'
import { inputOfTexts } from './query.ts'

/** Answers 413 to a body beyond the limit, read or only announced. */
export const limitedBody = bodyLimit({
  maxSize: SERVE.bodyBytes,
  onError: () => {
    throw new HttpRefusal({
      status: 413,
      type: 'too-large',
      message: `the body is larger than ${SERVE.bodyBytes} bytes`,
      accepted: `at most ${SERVE.bodyBytes} bytes`,
      // What is left of the body is not read.
      headers: { connection: 'close' },
    })
  },
})

const JSON_TYPE = 'application/json'
const FORM_TYPE = 'application/x-www-form-urlencoded'

/** The media type of a request, without its parameters. */
const mediaType = (c: Context): string =>
  (c.req.header('content-type') ?? '').split(';', 1)[0]?.trim().toLowerCase() ?? ''

/** Throws 400 for a body in another encoding: a name in it would be looked for as another one, of which there is nothing. */
async function textOf(c: Context): Promise<string> {
  const text = textOfUtf8(new Uint8Array(await c.req.arrayBuffer()))
  if (text !== undefined) return text
  throw new HttpRefusal({
    status: 400,
    type: 'bad-encoding',
    message: 'body: this is not in UTF-8',
    field: 'body',
    accepted: 'a text in UTF-8',
  })
}

/** A body of JSON, whatever is in it. Throws 415 for another type and 400 for broken JSON. */
export async function readJson(c: Context): Promise<unknown> {
  const type = mediaType(c)
  const text = type === JSON_TYPE || type === '' ? await textOf(c) : ''
  // Without inputs there is nothing to be typed.
  if (type === '' && text === '') return {}
  if (type !== JSON_TYPE) throw unsupported(JSON_TYPE)
  return parseJson(text)
}

/** The inputs in a body of JSON. Throws 422 where it is no object. */
export async function readJsonObject(c: Context): Promise<JsonObject> {
  return objectIn(await readJson(c))
}

/** The inputs in a form, or in a body of JSON. `flags` say which inputs of a form are numbers and lists. */
export async function readFormOrJson(c: Context, flags: readonly Flag[]): Promise<JsonObject> {
  const type = mediaType(c)
  if (type === FORM_TYPE) return inputOfTexts(new URLSearchParams(await textOf(c)), flags)
  if (type === JSON_TYPE) return objectIn(parseJson(await textOf(c)))
  throw unsupported(`${FORM_TYPE} or ${JSON_TYPE}`)
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    throw new HttpRefusal({
      status: 400,
      type: 'bad-json',
      message: 'body: this is no valid JSON',
      field: 'body',
      accepted: 'one JSON object',
    })
  }
}

function objectIn(value: unknown): JsonObject {
  if (typeof value === 'object' && value !== null && !Array.isArray(value)) return value as JsonObject
  throw new HttpRefusal({
    status: 422,
    type: 'input',
    message: 'body: give the inputs as one JSON object',
    field: 'body',
    accepted: 'one JSON object',
  })
}

const unsupported = (accepted: string): HttpRefusal =>
  new HttpRefusal({
    status: 415,
    type: 'unsupported-media-type',
    message: `Content-Type: give ${accepted}`,
    field: 'Content-Type',
    accepted,
  })
