import { parseArgs } from 'node:util'
import { z } from 'zod'
import { AuditError, shortened } from '../errors.ts'
import { nearest } from '../nearest.ts'
import { wasUtf8 } from '../units/utf-8.ts'

type FlagKind = 'text' | 'number' | 'switch' | 'texts' | 'numbers' | 'paths'

/** One flag of a command, derived from a key of its input schema. */
export interface Flag {
  /** The input key it fills. */
  readonly key: string
  /** Without dashes; the first is the one that help shows. */
  readonly names: readonly string[]
  readonly kind: FlagKind
  readonly description: string
  readonly values: readonly string[]
  readonly fallback: string | undefined
}

interface PropertySchema {
  readonly type?: string
  readonly format?: string
  readonly description?: string
  readonly enum?: readonly unknown[]
  readonly default?: unknown
  readonly items?: PropertySchema
  readonly anyOf?: readonly PropertySchema[]
}

/** user_ids is --user-ids, and --user_ids for those who write it as the tools do. */
const namesOf = (key: string, aliases: readonly string[]): string[] => [
  ...new Set([key.replaceAll('_', '-'), key, ...aliases]),
]

/** The flags of an input schema, in the order of its keys. `aliases` are further names by key. */
export function flagsOf(schema: z.ZodObject, aliases: Readonly<Record<string, readonly string[]>> = {}): Flag[] {
  const json = z.toJSONSchema(schema, { target: 'draft-7', io: 'input', unrepresentable: 'any' })
  return Object.entries((json.properties ?? {}) as Record<string, PropertySchema>).map(([key, property]) => ({
    key,
    names: namesOf(key, aliases[key] ?? []),
    kind: kindOf(property),
    description: property.description ?? '',
    values: (property.enum ?? property.items?.enum ?? []).map(String),
    fallback: property.default === undefined ? undefined : String(property.default),
  }))
}

function kindOf(property: PropertySchema): FlagKind {
  const list = property.type === 'array' ? property : property.anyOf?.find((each) => each.type === 'array')
  if (list?.items?.format === 'path') return 'paths'
  if (list !== undefined) return isNumeric(list.items) ? 'numbers' : 'texts'
  if (isNumeric(property)) return 'number'
  return property.type === 'boolean' ? 'switch' : 'text'
}

const isNumeric = (property: PropertySchema | undefined): boolean =>
  property?.type === 'integer' ||
  property?.type === 'number' ||
  (property?.anyOf ?? []).some((each) => each.type === 'integer' || each.type === 'number')

const isList = (flag: Flag): boolean => flag.kind === 'texts' || flag.kind === 'numbers' || flag.kind === 'paths'

export interface ParsedFlags {
  /** Input by key, holding only what was given. */
  readonly input: Record<string, unknown>
  readonly help: boolean
  readonly version: boolean
}

/** The shape of a parseArgs token that this file reads. */
interface Token {
  readonly kind: string
  /** Of the argument that it stands in. */
  readonly index: number
  readonly name?: string
  readonly rawName?: string
  readonly value?: string | undefined
  /** Whether the value stands behind a =. */
  readonly inlineValue?: boolean | undefined
}

/** An id below 0. No flag begins with a digit. */
const BELOW_NOUGHT = /^-\d/

/**
 * Reads the arguments of a command. Lists take several words, commas or repeated flags; switches take no value, `=false`
 * or the form --no-NAME. Throws AuditError of kind 'input' that names the flag and what is accepted.
 */
export function parseFlags(args: readonly string[], flags: readonly Flag[], command: string): ParsedFlags {
  const byName = new Map(flags.flatMap((flag) => flag.names.map((name) => [name, flag] as const)))
  const input: Record<string, unknown> = {}
  let help = false
  let version = false
  let open: Flag | undefined
  let taken: number | undefined
  if (!args.every(wasUtf8)) throw notInUtf8(command)
  for (const token of tokensOf(args, byName)) {
    const word = args[token.index] ?? ''
    if (token.kind === 'option' && open?.kind === 'numbers' && BELOW_NOUGHT.test(word)) {
      // Each of its digits is a token of its own.
      if (taken !== token.index) append(input, open, word)
      taken = token.index
    } else if (token.kind === 'option' && (token.name === 'help' || token.name === 'h')) {
      help = true
    } else if (token.kind === 'option' && token.name === 'version' && !byName.has('version')) {
      version = true
    } else if (token.kind === 'option') {
      open = takeOption(token, byName, input, command)
    } else if (token.kind === 'positional' && open !== undefined) {
      append(input, open, token.value ?? '')
    } else if (token.kind === 'positional') {
      throw new AuditError('input', `${command}: "${token.value}" is not accepted here; give flags only`, {
        field: token.value ?? '',
        next: `See: fal-consumption-audit ${command} --help`,
      })
    }
  }
  for (const flag of flags) if (flag.key in input) input[flag.key] = converted(flag, input[flag.key])
  return { input, help, version }
}

function tokensOf(args: readonly string[], byName: ReadonlyMap<string, Flag>): readonly Token[] {
  const options = Object.fromEntries(
    [...byName].map(([name, flag]) => [
      name,
      { type: flag.kind === 'switch' ? ('boolean' as const) : ('string' as const), multiple: true },
    ]),
  )
  const { tokens } = parseArgs({ args: [...args], options, strict: false, allowPositionals: true, tokens: true })
  return tokens
}

/** Takes one flag; returns it where the words that follow belong to it too. */
function takeOption(
  token: Token,
  byName: ReadonlyMap<string, Flag>,
  input: Record<string, unknown>,
  command: string,
): Flag | undefined {
  const name = token.name ?? ''
  const flag = byName.get(name)
  if (flag === undefined) {
    const negated = name.startsWith('no-') ? byName.get(name.slice(3)) : undefined
    if (negated?.kind === 'switch' && token.value === undefined) {
      if (negated.key in input) throw repeated(negated)
      input[negated.key] = 'false'
      return undefined
    }
    throw unknownFlag(token.rawName ?? name, byName, command)
  }
  if (flag.kind === 'switch') {
    if (flag.key in input) throw repeated(flag)
    input[flag.key] = token.value ?? 'true'
    return undefined
  }
  const isFlag = token.inlineValue !== true && token.value?.startsWith('--') === true && token.value.length > 2
  if (token.value === undefined || isFlag) {
    throw refused(flag, undefined)
  }
  if (!isList(flag)) {
    if (flag.key in input) throw repeated(flag)
    input[flag.key] = token.value
    return undefined
  }
  append(input, flag, token.value)
  return flag
}

/** Adds the words of a list. */
function append(input: Record<string, unknown>, flag: Flag, text: string): void {
  // Commas and blanks belong to a path.
  if (flag.kind === 'paths') {
    if (text === '') throw refused(flag, undefined)
    input[flag.key] = [...heldBy(input, flag), text]
    return
  }
  input[flag.key] = [...heldBy(input, flag), ...wordsOfList(flag, text)]
}

/**
 * The words of a list in one text. A comma at its end is let through: shells split "5, 12" after it. An empty part is refused:
 * what was to stand there is missing, and a list of nothing would ask for all.
 */
export function wordsOfList(flag: Flag, text: string): string[] {
  const parts = text.replace(/^\s*[,，]|[,，]\s*$/g, '').split(/[,，]/)
  const empty = parts.findIndex((part) => part.trim() === '')
  if (empty >= 0) throw refused(flag, text.trim() === '' ? undefined : text, `part ${empty + 1} is empty`)
  return parts.flatMap((part) => part.trim().split(/\s+/))
}

function heldBy(input: Record<string, unknown>, flag: Flag): readonly unknown[] {
  const held = input[flag.key]
  return Array.isArray(held) ? held : []
}

function converted(flag: Flag, given: unknown): unknown {
  if (flag.kind === 'switch') {
    if (given !== 'true' && given !== 'false') throw refused(flag, String(given))
    return given === 'true'
  }
  if (flag.kind === 'number') return numberOf(flag, String(given))
  if (flag.kind === 'numbers' && Array.isArray(given)) return given.map((word) => numberOf(flag, String(word)))
  return given
}

function numberOf(flag: Flag, text: string): number {
  const read = numberIn(flag, text)
  if (typeof read === 'string') throw refused(flag, read)
  return read
}

/** The number that a text is, or the text where it is none. Throws where it is a whole one that no number holds exactly. */
export function numberIn(flag: Flag, text: string): number | string {
  if (/^[+-]?\d{16,}$/.test(text)) {
    const whole = Number(text)
    if (!Number.isSafeInteger(whole)) throw refused(flag, text, `it is beyond ${Number.MAX_SAFE_INTEGER}`)
    return whole
  }
  return /^[+-]?\d{1,15}(?:\.\d{1,9})?$/.test(text) ? Number(text) : text
}

const ACCEPTED: Readonly<Record<FlagKind, string>> = {
  text: 'a value',
  number: 'a number',
  switch: 'no value, true or false',
  texts: 'one or more values',
  numbers: 'one or more whole numbers',
  paths: 'one or more files',
}

function refused(flag: Flag, value: string | undefined, why = ''): AuditError {
  const accepted = flag.values.length > 0 ? `one of: ${flag.values.join(', ')}` : ACCEPTED[flag.kind]
  const problem =
    value === undefined ? 'has no value' : `"${shortened(value, 80)}" is not accepted${why === '' ? '' : ` (${why})`}`
  return new AuditError('input', `${flag.key}: ${problem}; give ${accepted}`, { field: flag.key, accepted })
}

/** What came of it would be looked for as another name, of which there is nothing, or written to as another file. */
const notInUtf8 = (command: string): AuditError =>
  new AuditError('input', `${command}: an argument is not in UTF-8; give arguments in UTF-8`, {
    accepted: 'arguments in UTF-8',
  })

/** Of two values nobody could say which was meant; the values are not told, as REST does not. */
const repeated = ({ key }: Flag): AuditError =>
  new AuditError('input', `${key}: is given more than once; give it once`, { field: key, accepted: 'one value' })

function unknownFlag(rawName: string, byName: ReadonlyMap<string, Flag>, command: string): AuditError {
  const shown = [...new Set([...byName.values()].map((flag) => flag.names[0] ?? flag.key)), 'help']
  const close = nearest(rawName.replace(/^-+/, ''), shown)
  const accepted = (close.length > 0 ? close : shown).map((name) => `--${name}`).join(', ')
  return new AuditError('input', `${command}: there is no flag ${shortened(rawName, 80)}; accepted: ${accepted}`, {
    field: rawName,
    accepted,
    next: `See: fal-consumption-audit ${command} --help`,
  })
}
