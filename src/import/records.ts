import { Field, UnreadableField } from './field.ts'

/** How a file separates and escapes. All marks are ASCII bytes, which in UTF-8 are never part of another character. */
export interface Dialect {
  readonly delimiter: number
  /** Fields may be enclosed in double quotes, in which quotes are doubled (RFC 4180). */
  readonly quotes: boolean
  /** A backslash escapes the next character, as MySQL writes it. */
  readonly escapes: boolean
  /** Fields that mean NULL, as they are written. Within quotes they are texts. */
  readonly nulls: readonly string[]
  /** What has the program that writes such files write them in UTF-8, where that is known. */
  readonly utf8By?: string
}

export interface RecordSink {
  /** One whole record. `line` is the first of its lines, counted from 1; the array is used again for the next record. */
  record(line: number, values: readonly (string | null)[]): void
  /** A record that cannot be read; `slot` is that of the field at fault, -1 where it is no wanted one. */
  bad(line: number, slot: number, problem: string): void
}

const LF = 10
const CR = 13
const QUOTE = 34
const BACKSLASH = 92

// Where in a field the reading stands.
const START = 0
const BARE = 1
const BARE_ESCAPE = 2
const QUOTED = 3
const QUOTED_ESCAPE = 4
const QUOTE_SEEN = 5
const QUOTE_THEN_CR = 6

/**
 * Splits bytes into records and holds no more of them than the wanted fields of one. Empty lines are skipped. `slots` tells
 * by its place which slot of the values a field fills, -1 for none; its length is that of a record. Without slots all
 * fields are wanted, however many there are.
 */
export class RecordSplitter {
  private readonly dialect: Dialect
  private readonly slots: readonly number[] | undefined
  private readonly sink: RecordSink
  private readonly field: Field
  private readonly values: (string | null)[] = []
  private state = START
  private line: number
  private recordLine: number
  private column = 0
  private slot: number
  /** Whether the record is more than an empty line. */
  private begun = false
  private fault: { readonly slot: number; readonly problem: string } | undefined
  /** Where the bytes of the open field begin in the chunk. */
  private from = 0

  constructor(dialect: Dialect, slots: readonly number[] | undefined, sink: RecordSink, firstLine = 1) {
    this.dialect = dialect
    this.slots = slots
    this.sink = sink
    this.field = new Field(dialect)
    this.slot = this.slotOf(0)
    this.line = firstLine
    this.recordLine = firstLine
  }

  /** Takes the next bytes; they may end anywhere. */
  push(chunk: Buffer): void {
    this.from = 0
    for (let at = this.skip(chunk, 0); at < chunk.length; at = this.skip(chunk, at + 1)) {
      const byte = chunk[at] ?? 0
      if (byte === LF) this.line++
      if (this.state === BARE) this.bare(byte, chunk, at)
      else if (this.state === QUOTED) this.quoted(byte)
      else if (this.state === START) this.start(byte, chunk, at)
      else if (this.state === QUOTE_SEEN || this.state === QUOTE_THEN_CR) this.behindQuote(byte, chunk, at)
      else this.state = this.state === BARE_ESCAPE ? BARE : QUOTED
    }
    if (this.state !== START) this.keep(chunk, chunk.length)
  }

  /** Takes the end. The last record needs no line break. */
  end(): void {
    const { state } = this
    if (state === QUOTED || state === QUOTED_ESCAPE) this.spoil('a quote is opened that is never closed')
    if (state === BARE_ESCAPE) this.spoil('the file ends in the middle of an escape')
    if (this.begun || this.column > 0) this.endRecord(state === QUOTE_SEEN || state === QUOTE_THEN_CR)
  }

  /** The next byte that could change anything. Most cannot, and a loop of its own passes over them four times as fast. */
  private skip(chunk: Buffer, from: number): number {
    const { length } = chunk
    let at = from
    if (this.state === QUOTED) {
      for (; at < length; at++) {
        const byte = chunk[at]
        if (byte === QUOTE || byte === LF || byte === BACKSLASH) break
      }
    } else if (this.state === BARE) {
      const { delimiter } = this.dialect
      for (; at < length; at++) {
        const byte = chunk[at]
        if (byte === delimiter || byte === LF || byte === QUOTE || byte === CR || byte === BACKSLASH) break
      }
      if (at > from) this.begun = true
    }
    return at
  }

  private start(byte: number, chunk: Buffer, at: number): void {
    this.from = at
    this.state = BARE
    if (byte === QUOTE && this.dialect.quotes) {
      this.begun = true
      this.from = at + 1
      this.state = QUOTED
    } else {
      this.bare(byte, chunk, at)
    }
  }

  private bare(byte: number, chunk: Buffer, at: number): void {
    if (byte === this.dialect.delimiter) {
      this.keep(chunk, at)
      this.endField(false, false)
    } else if (byte === LF) {
      this.keep(chunk, at)
      this.endRecord(false)
    } else if (byte !== CR) {
      this.begun = true
      if (byte === BACKSLASH && this.dialect.escapes) this.state = BARE_ESCAPE
      if (byte === QUOTE && this.dialect.quotes) {
        this.spoil('there is a quote in a field that is not enclosed in quotes')
      }
    }
  }

  private quoted(byte: number): void {
    if (byte === QUOTE) this.state = QUOTE_SEEN
    else if (byte === BACKSLASH && this.dialect.escapes) this.state = QUOTED_ESCAPE
  }

  private behindQuote(byte: number, chunk: Buffer, at: number): void {
    const closed = this.state === QUOTE_SEEN
    if (byte === QUOTE && closed) this.state = QUOTED
    else if (byte === CR && closed) this.state = QUOTE_THEN_CR
    else if (byte === LF) {
      this.keep(chunk, at)
      this.endRecord(true)
    } else if (byte === this.dialect.delimiter && closed) {
      this.keep(chunk, at)
      this.endField(true, false)
    } else {
      this.spoil('there is something between a closing quote and the end of its field')
      this.state = BARE
    }
  }

  private slotOf(column: number): number {
    return this.slots === undefined ? column : (this.slots[column] ?? -1)
  }

  private keep(chunk: Buffer, until: number): void {
    if (this.slot >= 0) this.field.add(chunk, this.from, until)
  }

  private spoil(problem: string, slot = this.slot): void {
    this.fault ??= { slot, problem }
  }

  private endField(enclosed: boolean, last: boolean): void {
    if (this.slot >= 0) {
      const read = this.field.take(enclosed, last)
      if (read instanceof UnreadableField) this.spoil(read.problem)
      else this.values[this.slot] = read
    }
    this.begun = true
    this.column++
    this.slot = this.slotOf(this.column)
    this.state = START
  }

  private endRecord(enclosed: boolean): void {
    if (this.begun) {
      this.endField(enclosed, true)
      const width = this.slots?.length ?? this.column
      if (this.column !== width) this.spoil(`it has ${this.column} fields where there are ${width} columns`, -1)
      if (this.fault === undefined) this.sink.record(this.recordLine, this.values)
      else this.sink.bad(this.recordLine, this.fault.slot, this.fault.problem)
      if (this.slots === undefined) this.values.length = 0
    }
    this.field.clear()
    this.fault = undefined
    this.begun = false
    this.column = 0
    this.slot = this.slotOf(0)
    this.state = START
    this.recordLine = this.line
  }
}
