import { redactor } from './render/clean.ts'

/** The secrets of this process, which grow as it learns them, and the one function that blanks them out. */
export interface Secrets {
  add(secret: string): void
  redact(text: string): string
}

/** How messages of this program write a DATABASE_URL; it looks like one with a password, and holds none. */
const EXAMPLE_URL = 'mysql://user:pass@host:port/db'

export function createSecrets(): Secrets {
  const known = new Set<string>()
  // Made anew only after a secret was added: making it costs more than using it.
  let redact: ((text: string) => string) | undefined
  return {
    add(secret) {
      if (secret === '' || known.has(secret)) return
      known.add(secret)
      redact = undefined
    },
    redact(text) {
      redact ??= redactor([...known])
      return text.split(EXAMPLE_URL).map(redact).join(EXAMPLE_URL)
    },
  }
}
