import { redactor } from './render/clean.ts'

/** The secrets of this process, which grow as it learns them, and the one function that blanks them out. */
export interface Secrets {
  add(secret: string): void
  redact(text: string): string
}

/** How messages of this program write a DATABASE_URL; it looks like one with a password, and holds none. */
const EXAMPLE_URL = 'mysql://user:pass@host:port/db'
/** Texts remembered with what became of them: the names of models and users come again and again. */
const REMEMBERED = 10_000
const REMEMBERED_CHARS_MAX = 100

export function createSecrets(): Secrets {
  const known = new Set<string>()
  const remembered = new Map<string, string>()
  // Made anew only after a secret was added: making it costs more than using it.
  let blank: ((text: string) => string) | undefined
  const redact = (text: string): string => {
    blank ??= redactor([...known])
    return text.includes(EXAMPLE_URL) ? text.split(EXAMPLE_URL).map(blank).join(EXAMPLE_URL) : blank(text)
  }
  return {
    add(secret) {
      if (secret === '' || known.has(secret)) return
      known.add(secret)
      blank = undefined
      remembered.clear()
    },
    redact(text) {
      if (text.length > REMEMBERED_CHARS_MAX) return redact(text)
      const before = remembered.get(text)
      if (before !== undefined) return before
      const clean = redact(text)
      if (remembered.size >= REMEMBERED) remembered.clear()
      remembered.set(text, clean)
      return clean
    },
  }
}
