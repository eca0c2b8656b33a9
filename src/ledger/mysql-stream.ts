import type { FieldPacket } from 'mysql2'
import type { Cell, CellType } from './cells.ts'
import type { DecoderFactory, RowDecoder } from './decode.ts'
import type { Link } from './mysql-link.ts'
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
