import type { FieldPacket } from 'mysql2'
import type { ThreadUse } from '../thread/second-thread.ts'
import { BATCH_ROWS, type Batcher, type BatcherFactory } from './batches.ts'
import type { Cell, CellType } from './cells.ts'
import { kindOf } from './column-kinds.ts'
import type { Link } from './mysql-link.ts'
import { type RowsAway, readRowsBy, type TakeRow } from './mysql-rows.ts'
import type { Statement } from './queries.ts'
import { CellRow } from './row-cells.ts'
import { ElsewhereRows } from './rows-elsewhere.ts'
import { type WireColumn, wireRow } from './wire-row.ts'

/** The rows of one running statement, decoded as they come, never more than a few batches ahead of their reader. */
export interface RowStream<Batch> {
  /** The next rows, good until the next call; undefined at the end. Rejects with what went wrong, a driver's error as it came. */
  next(): Promise<Batch | undefined>
  /** Stops decoding; next() rejects with the reason. */
  fail(reason: Error): void
  /** Throws the rest away and settles when the server is done with the statement, or the connection is broken. */
  drained(): Promise<void>
  /** Whether the server is done with the statement. */
  over(): boolean
  /** No batch is asked for any more. */
  close(): void
}

// The reader is woken at one batch, the server is held back at this many.
const BATCHES_AHEAD_MAX = 4
// MYSQL_TYPE_FLOAT of the protocol.
const FLOAT = 4

/** A batch that waits for its reader. */
interface Ready<Batch> {
  readonly batch: Batch
  /** It is read no more. */
  readonly release: () => void
}

// Bytes of rows that wait for the other thread: beyond them the server is held back too.
const BYTES_AWAY_MAX = 2 * 1024 * 1024

/**
 * Runs a statement in the binary protocol: it sends a FLOAT whole, where the text protocol prints six digits.
 * Rows are read out of what came from the server, ten to twenty times as fast as by drizzle's iterator and in a tenth of its
 * memory. Where they are many, and another thread may be used, most of them are read there.
 */
export function streamRows<Batch>(
  link: Link,
  statement: Statement,
  batches: BatcherFactory<Batch>,
  use?: ThreadUse,
): RowStream<Batch> {
  const { connection } = link
  const ready: Ready<Batch>[] = []
  let batcher: Batcher<Batch> | undefined
  let away: ElsewhereRows<Batch> | undefined
  let rows = 0
  let failure: Error | undefined
  let over = false
  let discarding = false
  let paused = false
  let inUse: Ready<Batch> | undefined
  let wake: (() => void) | undefined
  let whenOver: (() => void) | undefined

  const fail = (cause: Error) => {
    failure ??= cause
    ready.length = 0
    away?.end()
    wake?.()
  }
  const end = () => {
    over = true
    offBroken()
    away?.flush()
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
  /** Holds the server back where its reader is behind. */
  const steer = () => hold(ready.length >= BATCHES_AHEAD_MAX || (away?.waiting ?? 0) > BYTES_AWAY_MAX)
  const offBroken = link.whenBroken((cause) => {
    fail(cause)
    over = true
    whenOver?.()
  })
  const put = (batch: Batch, release: () => void) => {
    if (discarding || failure !== undefined) return
    ready.push({ batch, release })
    wake?.()
  }
  const putRead = (from: Batcher<Batch>) => put(from.take(), () => from.release())
  const take: TakeRow = (row) => {
    if (batcher === undefined || discarding || failure !== undefined) return
    try {
      batcher.add(row)
    } catch (cause) {
      // Thrown into the driver it would break the connection and hide what is wrong with the row.
      fail(cause instanceof Error ? cause : new Error(String(cause)))
      return
    }
    rows += 1
    if (batcher.count < BATCH_ROWS) return
    putRead(batcher)
    steer()
  }
  const awayOf = (columns: readonly WireColumn[]): RowsAway | undefined => {
    const { elsewhere } = batches
    if (away === undefined && use !== undefined && elsewhere !== undefined && rows >= use.rowsLeast) {
      // Nothing more is read from here on, and nobody is to be asked for what nobody waits for.
      if (discarding || failure !== undefined) return undefined
      if (batcher !== undefined && batcher.count > 0) putRead(batcher)
      away = new ElsewhereRows(use.thread, elsewhere, columns, {
        onBatch: put,
        onRead: () => {
          wake?.()
          steer()
        },
        onFailure: fail,
      })
    }
    return away && steered(away)
  }
  const steered = (to: RowsAway): RowsAway => ({
    addPackets: (...packets) => {
      to.addPackets(...packets)
      steer()
    },
    addRow: (...row) => to.addRow(...row),
  })
  if (link.brokenBy() === undefined) {
    const command = connection.execute({ sql: statement.sql, values: [...statement.binds], rowsAsArray: true })
    let types: readonly CellType[] = []
    command.on('fields', (fields: FieldPacket[]) => {
      types = fields.map(typeOf)
      batcher = batches(types, fields.map(columnTypeOf).map(kindOf))
    })
    readRowsBy(link, command, { rowOf: wireRow, take, awayOf })
    let driverRow: CellRow | undefined
    // Rows that the driver has to read, since they hold a type that is not known here.
    command.on('result', (cells: unknown) => {
      driverRow ??= new CellRow(types)
      if (Array.isArray(cells)) take(driverRow.of(cells as readonly Cell[]))
    })
    command.on('error', fail)
    command.on('end', end)
  }
  const isOpen = () => !over || (away !== undefined && away.waiting > 0)

  return {
    async next() {
      inUse?.release()
      inUse = undefined
      while (failure === undefined && ready.length === 0 && isOpen()) {
        await new Promise<void>((resolve) => {
          wake = resolve
        })
        wake = undefined
      }
      if (failure !== undefined) throw failure
      if (ready.length === 0 && batcher !== undefined && batcher.count > 0) putRead(batcher)
      inUse = ready.shift()
      if (inUse !== undefined) steer()
      return inUse?.batch
    },
    fail,
    async drained() {
      discarding = true
      ready.length = 0
      away?.end()
      hold(false)
      if (over) return
      await new Promise<void>((resolve) => {
        whenOver = resolve
      })
    },
    over: () => over,
    close: () => away?.end(),
  }
}

const columnTypeOf = (field: FieldPacket): number | undefined => field.columnType ?? field.type
const typeOf = (field: FieldPacket): CellType => (columnTypeOf(field) === FLOAT ? 'float32' : 'other')
