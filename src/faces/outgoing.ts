import type { z } from 'zod'
import { AuditError, type ErrorKind } from '../errors.ts'
import type { JsonObject } from '../paging.ts'
import { cleanText } from '../render/clean.ts'
import { type FixedWords, fixedWordsOf, NOTHING_FIXED } from './fixed-words.ts'

export type Redact = (text: string) => string

/** Longest text that leaves in a result or an error; texts from outside were cut much shorter before. */
const TEXT_CHARS_MAX = 4000

/** A text fit to leave the program: no secret, nothing invisible, one line. */
export const outgoingText = (text: string, redact: Redact): string =>
  // Before a cut, which could leave half a secret; and after, since what was invisible may have broken one up.
  redact(cleanText(text.length > TEXT_CHARS_MAX ? redact(text) : text, TEXT_CHARS_MAX))

/**
 * A copy of a JSON value whose texts, keys of records included, are fit to leave the program. Names of fields and words of
 * enums that its schema fixes stay as they are, though a secret reads like one: whoever reads the result goes by them.
 */
export const outgoing = (value: unknown, redact: Redact, schema: z.ZodType | undefined): unknown =>
  clean(value, redact, schema === undefined ? NOTHING_FIXED : fixedWordsOf(schema))

export const outgoingObject = (value: object, redact: Redact, schema: z.ZodType | undefined): JsonObject =>
  cleanObject(value, redact, schema === undefined ? NOTHING_FIXED : fixedWordsOf(schema))

/** Characters of JSON that are made at once. */
const PIECE_CHARS = 64 * 1024

/** As `outgoing`, written as JSON with a line break at its end: piece by piece, so that no more than one is held at once. */
export function* outgoingJson(value: unknown, redact: Redact, schema: z.ZodType): Generator<string, void, undefined> {
  let piece = ''
  for (const part of jsonOf(value, redact, fixedWordsOf(schema), '\n')) {
    piece += part
    if (piece.length < PIECE_CHARS) continue
    yield piece
    piece = ''
  }
  yield `${piece}\n`
}

/** `line`: a line break with the indent of what holds the value. */
function* jsonOf(value: unknown, redact: Redact, fixed: FixedWords, line: string): Generator<string, void, undefined> {
  const inner = `${line}  `
  if (Array.isArray(value) && value.length > 0) {
    for (const [at, each] of value.entries()) {
      yield `${at === 0 ? '[' : ','}${inner}${jsonText(clean(each, redact, fixed.items), inner)}`
    }
    yield `${line}]`
  } else if (hasOwnFields(value, fixed)) {
    let mark = '{'
    for (const [name, each] of Object.entries(value)) {
      if (each === undefined) continue
      yield `${mark}${inner}${JSON.stringify(name)}: `
      yield* jsonOf(each, redact, fixed.fields.get(name) ?? NOTHING_FIXED, inner)
      mark = ','
    }
    yield mark === '{' ? '{}' : `${line}}`
  } else yield jsonText(clean(value, redact, fixed), line)
}

/** Whether all its names are those of its schema: others change, and two may become one. */
const hasOwnFields = (value: unknown, { fields }: FixedWords): value is object =>
  typeof value === 'object' &&
  value !== null &&
  !Array.isArray(value) &&
  Object.keys(value).every((name) => fields.has(name))

/** In a text of JSON a line break stands between values alone. */
const jsonText = (value: unknown, line: string): string =>
  (JSON.stringify(value, null, 2) ?? 'null').replaceAll('\n', line)

function clean(value: unknown, redact: Redact, fixed: FixedWords): unknown {
  if (typeof value === 'string') return fixed.words.has(value) ? value : outgoingText(value, redact)
  if (Array.isArray(value)) return value.map((each) => clean(each, redact, fixed.items))
  return typeof value !== 'object' || value === null ? value : cleanObject(value, redact, fixed)
}

const cleanObject = (value: object, redact: Redact, { fields, others, ownNames }: FixedWords): JsonObject =>
  Object.fromEntries(
    Object.entries(value).map(([key, each]) => {
      const name = ownNames || fields.has(key) ? key : outgoingText(key, redact)
      return [name, clean(each, redact, fields.get(key) ?? others)]
    }),
  )

interface Told {
  readonly message: string
  readonly field?: string | undefined
  readonly accepted?: string | undefined
  readonly next?: string | undefined
}

/** A failure as every face tells it: what is wrong, where, what would be accepted and what to do next. */
export interface Failure extends Told {
  readonly kind: ErrorKind
}

/** A failure whose texts are fit to leave. */
export function outgoingFailure<F extends Told>(failure: F, redact: Redact): F {
  const told = (text: string | undefined) => text && outgoingText(text, redact)
  const { message, field, accepted, next } = failure
  return {
    ...failure,
    message: outgoingText(message, redact),
    field: told(field),
    accepted: told(accepted),
    next: told(next),
  }
}

/** Turns whatever was thrown into a Failure without secrets. Of a fault of the program only its name is told, no stack. */
export function failureOf(error: unknown, redact: Redact): Failure {
  if (!(error instanceof AuditError) || error.kind === 'internal') {
    const name = error instanceof Error ? error.name : typeof error
    return {
      kind: 'internal',
      message: `a fault of this program, not of the call or the data (${outgoingText(name, redact)})`,
      next: 'Trying again with the same inputs will hardly help; report it with the inputs and the log on stderr.',
    }
  }
  const { kind, message, field, accepted, next } = error
  return outgoingFailure({ kind, message, field, accepted, next }, redact)
}

/**
 * For the log of the operator: the stack, each line of it fit to leave. Its message may quote a text of others: what that breaks
 * into lines is indented as the stack is, and looks like no line of the log.
 */
export const faultLog = (error: unknown, redact: Redact): string =>
  redact(error instanceof Error ? (error.stack ?? error.message) : String(error))
    .split('\n')
    .map((line) => outgoingText(line, redact))
    .join('\n    ')
