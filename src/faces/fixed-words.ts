import { z } from 'zod'
import { ownName } from '../../schemas/own-name.ts'

/** Which texts of a value its schema fixes: names of fields, and words of enums. They come from nobody, and stay as they are. */
export interface FixedWords {
  /** What a field holds, by its name. */
  readonly fields: ReadonlyMap<string, FixedWords>
  /** What other fields hold, those of a record. */
  readonly others: FixedWords
  /** Whether names of other fields are the program's own too. */
  readonly ownNames: boolean
  readonly items: FixedWords
  readonly words: ReadonlySet<string>
}

/** Of a value without a schema. */
export const NOTHING_FIXED: FixedWords = {
  fields: new Map(),
  get others() {
    return NOTHING_FIXED
  },
  ownNames: false,
  get items() {
    return NOTHING_FIXED
  },
  words: new Set(),
}

const known = new WeakMap<z.core.$ZodType, FixedWords>()

/** Read off a schema once. */
export function fixedWordsOf(schema: z.core.$ZodType): FixedWords {
  const before = known.get(schema)
  if (before !== undefined) return before
  const fixed = read(schema)
  known.set(schema, fixed)
  return fixed
}

function read(schema: z.core.$ZodType): FixedWords {
  if (schema instanceof z.ZodObject) {
    const shape: Readonly<Record<string, z.core.$ZodType>> = schema.shape
    return { ...NOTHING, fields: new Map(Object.entries(shape).map(([key, each]) => [key, fixedWordsOf(each)])) }
  }
  if (schema instanceof z.ZodRecord) {
    const others = fixedWordsOf(schema.valueType)
    const names = fixedWordsOf(schema.keyType).words
    const fields = new Map([...names].map((name) => [name, others]))
    return { ...NOTHING, fields, others, ownNames: schema.keyType === ownName }
  }
  if (schema instanceof z.ZodArray) return { ...NOTHING, items: fixedWordsOf(schema.element) }
  if (schema instanceof z.ZodEnum) return { ...NOTHING, words: new Set(schema.options.map(String)) }
  if (schema instanceof z.ZodLiteral) return { ...NOTHING, words: new Set([...schema.values].map(String)) }
  if (schema instanceof z.ZodUnion) return schema.options.map(fixedWordsOf).reduce(eitherOf, NOTHING_FIXED)
  if (schema instanceof z.ZodOptional || schema instanceof z.ZodNullable || schema instanceof z.ZodDefault) {
    return fixedWordsOf(schema.unwrap())
  }
  // Results are told as they are before a schema transforms them.
  if (schema instanceof z.ZodPipe) return fixedWordsOf(schema.in)
  return NOTHING_FIXED
}

const NOTHING = {
  fields: NOTHING_FIXED.fields,
  others: NOTHING_FIXED,
  ownNames: false,
  items: NOTHING_FIXED,
  words: NOTHING_FIXED.words,
}

/** What is fixed where a value has one of two schemas. */
function eitherOf(one: FixedWords, other: FixedWords): FixedWords {
  if (one === NOTHING_FIXED || one === other) return other
  if (other === NOTHING_FIXED) return one
  const fields = new Map(one.fields)
  for (const [name, held] of other.fields) fields.set(name, eitherOf(fields.get(name) ?? NOTHING_FIXED, held))
  return {
    fields,
    others: eitherOf(one.others, other.others),
    ownNames: one.ownNames || other.ownNames,
    items: eitherOf(one.items, other.items),
    words: new Set([...one.words, ...other.words]),
  }
}
