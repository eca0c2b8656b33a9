import type { FieldPacket } from 'mysql2'
import type { Cell, CellType } from './cells.ts'
import type { DecoderFactory, RowDecoder } from './decode.ts'
import type { Link } from './mysql-link.ts'
import { type RowReader, rowReader, type WireColumn } from './mysql-rows.ts'
import type { Statement } from './queries.ts'
import { BATCH_ROWS } from './session.ts'

/** The rows of one running statement, decoded as they come, never more than a few batches ahead of their reader. */
export interface RowStream<Row> {
  /** The next rows; undefined at the end. Rejects with what went wrong, a driver's error as it came. */
  next(): Promise<readonly Row[] | undefined>
  /** Stops decoding; next() rejects with the reason. */
  fail(reason: Error): void
  /** Throws the rest away and settles when the server is done with the statement, or the connection is broken. */
  drained(): Promise<void>
  /** Whether the server is done with the statement. */
  over(): boolean
}

// The reader is woken at one batch, the server is held back at this many rows.
const ROWS_AHEAD_MAX = 4 * BATCH_ROWS
// MYSQL_TYPE_FLOAT of the protocol.
const FLOAT = 4

/**
 * Runs a statement in the binary protocol: it sends a FLOAT whole, where the text protocol prints six digits.
 * Uses row events, five to ten times as fast as drizzle's iterator and in a tenth of its memory.
 */
export function streamRows<Row>(link: Link, statement: Statement, decoder: DecoderFactory<Row>): RowStream<Row> {
  const { connection } = link
  let rows: Row[] = []
  let decode: RowDecoder<Row> | undefined
  let failure: Error | undefined
  let over = false
  let discarding = false
  let paused = false
  let wake: (() => void) | undefined
  let whenOver: (() => void) | undefined

  const fail = (cause: Error) => {
    failure ??= cause
    decode = undefined
    rows = []
    wake?.()
  }
  const end = () => {
    over = true
    offBroken()
    wake?.()
    whenOver?.()
  }
  const hold = (wanted: boolean) => {
    if (paused === wanted) return
    paused = wanted
    // Resuming hands over the packets that waited, synchronously: the flag is set before.
    if (wanted) connection.pause()
    else connection.resume()
  }
  const offBroken = link.whenBroken((cause) => {
    fail(cause)
    over = true
    whenOver?.()
  })
  if (link.brokenBy() === undefined) {
    const command = connection.execute({ sql: statement.sql, values: [...statement.binds], rowsAsArray: true })
    command.on('fields', (fields: FieldPacket[]) => {
      if (failure === undefined) decode = decoder(fields.map(typeOf))
    })
    readRowsBy(command, (fields) => {
      const reader = rowReader(fields, decoder.times ?? [])
      if (reader !== undefined && failure === undefined) decode = decoder(reader.types)
      return reader
    })
    command.on('result', (cells: unknown) => {
      if (decode === undefined || discarding) return
      try {
        const row = decode(cells as readonly Cell[])
        if (row === undefined) return
        rows.push(row)
      } catch (cause) {
        // Thrown into the driver it would break the connection and hide what is wrong with the row.
        fail(cause instanceof Error ? cause : new Error(String(cause)))
        return
      }
      if (rows.length === BATCH_ROWS) wake?.()
      if (rows.length >= ROWS_AHEAD_MAX) hold(true)
    })
    command.on('error', fail)
    command.on('end', end)
  }

  return {
    async next() {
      if (failure === undefined && !over && rows.length < BATCH_ROWS) {
        await new Promise<void>((resolve) => {
          wake = resolve
        })
        wake = undefined
      }
      if (failure !== undefined) throw failure
      if (rows.length === 0) return undefined
      const batch = rows
      rows = []
      hold(false)
      return batch
    },
    fail,
    async drained() {
      discarding = true
      rows = []
      hold(false)
      if (over) return
      await new Promise<void>((resolve) => {
        whenOver = resolve
      })
    },
    over: () => over,
  }
}

const typeOf = (field: FieldPacket): CellType => ((field.columnType ?? field.type) === FLOAT ? 'float32' : 'other')

/** The parser that mysql2 makes for each result, once all columns are told; it asks a method of its command for it. */
interface ParsedCommand {
  buildParserFromFields?(fields: readonly WireColumn[], connection: unknown): new () => Pick<RowReader, 'next'>
}

/**
 * Has the rows of a command read by a reader of ours, where there is one for its columns. The method is no public one, and
 * the version of mysql2 is pinned: one that no longer asks it reads the rows itself, and nothing else changes.
 */
function readRowsBy(command: object, readerOf: (fields: readonly WireColumn[]) => RowReader | undefined): void {
  const parsed: ParsedCommand = command
  const own = parsed.buildParserFromFields
  if (own === undefined) return
  parsed.buildParserFromFields = (fields, connection) => {
    const reader = readerOf(fields)
    if (reader === undefined) return own.call(command, fields, connection)
    const { next } = reader
    return class {
      next = next
    }
  }
}
