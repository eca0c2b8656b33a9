import { z } from 'zod'
import { AuditError, type ErrorKind, shortened, wordsOf } from './errors.ts'
import { nearest } from './nearest.ts'

interface Complaint {
  /** Dotted path of the value; '' for the whole. */
  readonly field: string
  readonly problem: string
  readonly accepted: string
}

const SHOWN_CHARS = 80
const SHOWN_NAMES = 40

export interface ParseOptions {
  readonly kind: ErrorKind
  /** Where the value came from, when its field names alone do not tell. */
  readonly where?: string
  /** What to do next; of a field and what was found there, where that is for one field alone. */
  readonly next?: string | ((field: string, found: unknown) => string | undefined)
}

/**
 * Parses a value that came from outside. Throws an AuditError that names the first field at fault, what was found there
 * and what is accepted.
 */
export function parseOutside<S extends z.ZodType>(schema: S, value: unknown, options: ParseOptions): z.output<S> {
  const result = schema.safeParse(value)
  if (result.success) return result.data
  const issue = tellingIssue(result.error.issues, value)
  if (issue === undefined) throw new AuditError(options.kind, 'the value is not accepted')
  const { field, problem, accepted } = complaintOf(issue, value, schema)
  const where = options.where === undefined ? '' : `${options.where}: `
  const next = typeof options.next === 'function' ? options.next(field, valueAt(value, issue.path)) : options.next
  throw new AuditError(options.kind, `${where}${field === '' ? '' : `${field}: `}${problem}; give ${accepted}`, {
    field,
    accepted,
    next,
  })
}

/** The first issue, but for what is missing where a name of the same object is unknown: it was meant for that, as a rule. */
function tellingIssue(issues: readonly z.core.$ZodIssue[], root: unknown): z.core.$ZodIssue | undefined {
  const [first] = issues
  if (first === undefined || valueAt(root, first.path) !== undefined) return first
  const parent = JSON.stringify(first.path.slice(0, -1))
  const isBeside = ({ code, path }: z.core.$ZodIssue) => code === 'unrecognized_keys' && JSON.stringify(path) === parent
  return issues.find(isBeside) ?? first
}

function complaintOf(issue: z.core.$ZodIssue, root: unknown, schema: z.ZodType): Complaint {
  const field = issue.path.map(String).join('.')
  const found = valueAt(root, issue.path)
  if (issue.code === 'unrecognized_keys') {
    const [key = ''] = issue.keys
    const known = keysAt(schema, issue.path)
    const accepted = known.length === 0 ? 'no such field' : `one of: ${listed(known)}`
    const near = nearest(key, known)
    const problem = `there is no such field${near.length === 0 ? '' : ` (is it ${near.join(' or ')}?)`}`
    return { field: field === '' ? key : `${field}.${key}`, problem, accepted }
  }
  if (issue.code === 'invalid_union') {
    const branches = issue.errors.map((branch) => branch[0]).filter((branch) => branch !== undefined)
    const accepted = [...new Set(branches.map((branch) => acceptedBy(branch)))].join(' or ')
    return { field, problem: problemOf(found), accepted: accepted === '' ? issue.message : accepted }
  }
  const isList = issue.code === 'invalid_type' && issue.expected === 'array'
  const accepted = isList ? listOf(wrappedAt(schema, issue.path)) : acceptedBy(issue) + notOfType(issue, found)
  return { field, problem: problemOf(found), accepted }
}

/** Names, and how many of them are not shown. */
function listed(names: readonly string[]): string {
  const more = names.length - SHOWN_NAMES
  return `${names.slice(0, SHOWN_NAMES).join(', ')}${more > 0 ? ` and ${more} more` : ''}`
}

const problemOf = (found: unknown): string => (found === undefined ? 'is missing' : `${show(found)} is not accepted`)

function show(value: unknown): string {
  const text = typeof value === 'string' ? value : wordsOf(value, (each) => JSON.stringify(each) ?? String(each))
  return `"${shortened(text, SHOWN_CHARS)}"`
}

function acceptedBy(issue: z.core.$ZodIssue): string {
  switch (issue.code) {
    case 'invalid_type':
      return TYPE_WORDS[issue.expected] ?? `a value of type ${issue.expected}`
    case 'invalid_value':
      return issue.values.length === 1 ? String(issue.values[0]) : `one of: ${issue.values.map(String).join(', ')}`
    case 'too_small':
      return sized(issue.origin, issue.minimum, issue.inclusive === false ? 'more than' : 'at least')
    case 'too_big':
      return sized(issue.origin, issue.maximum, issue.inclusive === false ? 'less than' : 'at most')
    case 'invalid_key':
      return 'other names'
    default:
      return issue.message
  }
}

const NUMERAL = /^-?\d+(?:\.\d+)?$/

/** A value is shown in quotes whatever its type: where it looks like what is accepted, the type is what is wrong. */
function notOfType(issue: z.core.$ZodIssue, found: unknown): string {
  if (issue.code !== 'invalid_type') return ''
  if (issue.expected === 'string') {
    return typeof found === 'number' ? ', not a number' : typeof found === 'boolean' ? ', not true or false' : ''
  }
  const isNumber = issue.expected === 'number' || issue.expected === 'int'
  return isNumber && typeof found === 'string' && NUMERAL.test(found) ? ', not a text' : ''
}

const TYPE_WORDS: Readonly<Record<string, string>> = {
  string: 'a text',
  number: 'a number',
  int: 'a whole number',
  boolean: 'true or false',
  array: 'a list',
  object: 'an object',
  record: 'an object',
}

function sized(origin: string, bound: number | bigint, relation: string): string {
  if (origin === 'string')
    return relation === 'at least' && bound === 1 ? 'a text that is not empty' : `${relation} ${bound} characters`
  if (origin === 'array' || origin === 'set') return `${relation} ${bound} ${bound === 1 ? 'item' : 'items'}`
  return `a number of ${relation} ${bound}`
}

function valueAt(root: unknown, path: readonly PropertyKey[]): unknown {
  let value = root
  for (const key of path) value = typeof value === 'object' && value !== null ? Reflect.get(value, key) : undefined
  return value
}

/** The names that an object at a path of the schema knows. */
function keysAt(schema: z.ZodType, path: readonly PropertyKey[]): string[] {
  const at = schemaAt(schema, path)
  return at instanceof z.ZodObject ? Object.keys(at.shape) : []
}

const schemaAt = (schema: z.ZodType, path: readonly PropertyKey[]): unknown => unwrap(wrappedAt(schema, path))

/** The same with what stands around it, which is where it is described. */
function wrappedAt(schema: z.ZodType, path: readonly PropertyKey[]): unknown {
  let at: unknown = schema
  for (const key of path) {
    const inner = unwrap(at)
    at =
      inner instanceof z.ZodObject ? inner.shape[String(key)] : inner instanceof z.ZodArray ? inner.element : undefined
  }
  return at
}

const EXAMPLE = /\bsuch as (\S+)$/

/** What a list holds, as a caller writes it: with the example of its description, where that gives one. */
function listOf(wrapped: unknown): string {
  const schema = unwrap(wrapped)
  const element = schema instanceof z.ZodArray ? unwrap(schema.element) : undefined
  if (element instanceof z.ZodNumber) return 'a list of numbers, such as [5, 12]'
  if (element instanceof z.ZodString) {
    const example = EXAMPLE.exec(wrapped instanceof z.ZodType ? (wrapped.description ?? '') : '')?.[1]
    return `a list of texts, such as ${example === undefined ? '["a", "b"]' : `["${example}"]`}`
  }
  if (element instanceof z.ZodEnum) return `a list of some of: ${element.options.map(String).join(', ')}`
  return element instanceof z.ZodObject ? 'a list of objects' : 'a list'
}

function unwrap(schema: unknown): unknown {
  let at = schema
  while (at instanceof z.ZodOptional || at instanceof z.ZodDefault || at instanceof z.ZodNullable) at = at.unwrap()
  return at
}
