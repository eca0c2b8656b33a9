import { AuditError, shortened } from '../../errors.ts'
import type { JsonObject } from '../../paging.ts'
import { wasUtf8 } from '../../units/utf-8.ts'
import { type Flag, numberIn, wordsOfList } from '../flags.ts'

/**
 * Inputs from the texts of a query or a form. Lists take commas and repeated names, read as those of the command line; an
 * empty text counts as left out.
 * What cannot be read stays a text, and unknown names stay in: the schema then says what is accepted.
 */
export function inputOfTexts(given: URLSearchParams, flags: readonly Flag[]): JsonObject {
  const byKey = new Map(flags.map((flag) => [flag.key, flag]))
  const names = [...new Set(given.keys())]
  return Object.fromEntries(
    names.flatMap((name) => {
      const texts = given.getAll(name).filter((text) => text !== '')
      if (!texts.every(wasUtf8)) throw notInUtf8(name)
      return texts.length === 0 ? [] : [[name, readTexts(name, texts, byKey.get(name))]]
    }),
  )
}

function readTexts(name: string, texts: readonly string[], flag: Flag | undefined): unknown {
  if (flag?.kind === 'texts') return texts.flatMap((text) => wordsOfList(flag, text))
  if (flag?.kind === 'numbers') {
    return texts.flatMap((text) => wordsOfList(flag, text)).map((word) => numberIn(flag, word))
  }
  const [text = '', ...more] = texts
  if (more.length > 0) throw repeated(name)
  if (flag?.kind === 'number') return numberIn(flag, text)
  if (flag?.kind === 'switch') return switchIn(text)
  return text
}

const switchIn = (text: string): boolean | string => {
  if (text === 'true' || text === '1') return true
  return text === 'false' || text === '0' ? false : text
}

const notInUtf8 = (name: string): AuditError =>
  new AuditError('input', `${shortened(name, 80)}: is not in UTF-8; give it percent-encoded in UTF-8`, {
    field: shortened(name, 80),
    accepted: 'a text in UTF-8',
  })

/** The values are not told: one of them may be a key. */
const repeated = (name: string): AuditError =>
  new AuditError('input', `${shortened(name, 80)}: is given more than once; give it once`, {
    field: shortened(name, 80),
    accepted: 'one value',
  })
