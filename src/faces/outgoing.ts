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

/** A failure as every face tells it: what is wrong, where, what would be accepted and what to do next. */
export interface Failure {
  readonly kind: ErrorKind
  readonly message: string
  readonly field?: string
  readonly accepted?: string
  readonly next?: string
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
  return {
    kind,
    message: outgoingText(message, redact),
    ...(field !== undefined && { field: outgoingText(field, redact) }),
    ...(accepted !== undefined && { accepted: outgoingText(accepted, redact) }),
    ...(next !== undefined && { next: outgoingText(next, redact) }),
  }
}

/** For the log of the operator: the stack, redacted. */
export const faultLog = (error: unknown, redact: Redact): string =>
  redact(error instanceof Error ? (error.stack ?? error.message) : String(error))
