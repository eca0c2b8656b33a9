import { isUtf8 } from 'node:buffer'
import type { Dialect } from './records.ts'

/** Bytes of the longest stored field: what a TEXT of MySQL holds. Fields that are not stored may have any length. */
export const FIELD_BYTES_MAX = 65_535

/** A field whose bytes are no text. */
export class UnreadableField {
  readonly problem: string
  constructor(problem: string) {
    this.problem = problem
  }
}

const TOO_LONG = new UnreadableField(`it is longer than ${FIELD_BYTES_MAX} bytes`)
const noUtf8 = ({ utf8By }: Dialect): UnreadableField =>
  new UnreadableField(
    `it is not UTF-8; export the file as UTF-8 (utf8mb4)${utf8By === undefined ? '' : `, such as with ${utf8By}`}`,
  )

/** The bytes of one field, which may come in several chunks, and the text that they mean. */
export class Field {
  private readonly dialect: Dialect
  private parts: Buffer[] = []
  private bytes = 0

  constructor(dialect: Dialect) {
    this.dialect = dialect
  }

  add(chunk: Buffer, from: number, until: number): void {
    this.bytes += until - from
    if (until > from && this.bytes <= FIELD_BYTES_MAX) this.parts.push(chunk.subarray(from, until))
  }

  clear(): void {
    this.parts = []
    this.bytes = 0
  }

  /**
   * The text of the field, null for NULL; then the next one begins. An enclosed field ends in its closing quote, the last
   * of a line perhaps in the CR of its line break.
   */
  take(enclosed: boolean, last: boolean): string | null | UnreadableField {
    const { parts, bytes } = this
    if (bytes === 0) return this.dialect.nulls.includes('') ? null : ''
    this.clear()
    if (bytes > FIELD_BYTES_MAX) return TOO_LONG
    const [first = Buffer.alloc(0)] = parts
    const whole = parts.length === 1 ? first : Buffer.concat(parts)
    const text = whole.toString('utf8')
    // Decoding puts this character in the place of what is no UTF-8; but it may also have been stored.
    if (text.includes('\ufffd') && !isUtf8(whole)) return noUtf8(this.dialect)
    return enclosed ? this.enclosed(text) : this.bare(last && text.endsWith('\r') ? text.slice(0, -1) : text)
  }

  private bare(text: string): string | null {
    const { escapes, nulls } = this.dialect
    if (nulls.includes(text)) return null
    return escapes ? unescaped(text) : text
  }

  private enclosed(text: string): string {
    // Behind the closing quote only a CR can stand.
    const inner = text.slice(0, text.lastIndexOf('"'))
    const undoubled = inner.includes('"') ? inner.replaceAll('""', '"') : inner
    return this.dialect.escapes ? unescaped(undoubled) : undoubled
  }
}

/** What MySQL writes behind a backslash. A line break, a backslash, a quote and a tab stand for themselves. */
const ESCAPED: Readonly<Record<string, string>> = {
  '0': '\u0000',
  b: '\b',
  n: '\n',
  r: '\r',
  t: '\t',
  Z: '\u001a',
}

const unescaped = (text: string): string =>
  text.includes('\\') ? text.replace(/\\([\s\S])/g, (_, character: string) => ESCAPED[character] ?? character) : text
