import { TaskWords } from '../rows/task-records.ts'
import type { JobKind } from '../thread/job.ts'
import type { BeginJob } from '../thread/serve-jobs.ts'
import { openZone } from '../units/zone.ts'
import type { Batcher } from './batches.ts'
import { type Membership, recordsOf } from './decode-rows.ts'
import type { TableMapping } from './mapping.ts'
import type { TimedTable } from './queries.ts'
import { type WireColumn, type WireRow, wireRow } from './wire-row.ts'

/** What rows of one result are, and the words that records have so far, in the order of their codes. */
export interface RowsSetup {
  readonly table: TimedTable
  readonly mapping: TableMapping
  readonly zoneId: string
  readonly range: Membership
  readonly columns: readonly WireColumn[]
  readonly models: readonly string[]
  readonly apiKeys: readonly string[]
}

/** Bytes as they came from the server. */
export interface WireStretch {
  readonly bytes: Uint8Array<ArrayBuffer>
  /** Whether they are one row, without its head; otherwise they are whole packets, each a row. */
  readonly isRow: boolean
}

export interface RowsQuestion {
  readonly stretches: readonly WireStretch[]
  /** Places that records may be written to. */
  readonly rooms: readonly ArrayBuffer[]
}

/** The records of one question. */
export interface RowsAnswer {
  readonly room: ArrayBuffer
  readonly bytes: number
  readonly count: number
  /** Words that are new with these records. */
  readonly models: readonly string[]
  readonly apiKeys: readonly string[]
  readonly isAstray: boolean
}

export const ROWS: JobKind<RowsSetup, RowsQuestion, RowsAnswer> = { name: 'rows' }

/** Reads rows of the wire into records, as the thread does that has the connection. */
export const beginRows: BeginJob<RowsSetup, RowsQuestion, RowsAnswer> = (setup, answer) => {
  const { table, mapping, zoneId, range, columns } = setup
  const zone = openZone(zoneId)
  const row = wireRow(columns)
  if (zone === undefined || row === undefined) throw new Error('rows of that zone or of such columns are not read here')
  const words = new TaskWords()
  words.models.append(0, setup.models)
  words.apiKeys.append(0, setup.apiKeys)
  const records = recordsOf(mapping, zone, words)
  const batcher = batcherOf(records, table, range)
  const free: ArrayBuffer[] = []
  let models = words.models.size
  let apiKeys = words.apiKeys.size
  return ({ stretches, rooms }) => {
    free.push(...rooms)
    for (const stretch of stretches) addRows(row, stretch, batcher)
    const { bytes, count } = batcher.take()
    const room = roomOf(free, bytes.length)
    new Uint8Array(room).set(bytes)
    batcher.release()
    answer(
      {
        room,
        bytes: bytes.length,
        count,
        models: words.models.since(models),
        apiKeys: words.apiKeys.since(apiKeys),
        isAstray: records.astray[table],
      },
      [room],
    )
    models = words.models.size
    apiKeys = words.apiKeys.size
  }
}

interface Written {
  readonly bytes: Buffer
  readonly count: number
}

function batcherOf(records: ReturnType<typeof recordsOf>, table: TimedTable, range: Membership): Batcher<Written> {
  if (table === 'tasks') return records.tasks(range)([])
  return records[table](range)([])
}

const HEAD_BYTES = 4

function addRows(row: WireRow, { bytes, isRow }: WireStretch, batcher: Batcher<Written>): void {
  const buffer = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  if (isRow) {
    batcher.add(row.at(buffer, 0))
    return
  }
  for (let at = 0; at < buffer.length; ) {
    const length = (buffer[at] as number) | ((buffer[at + 1] as number) << 8) | ((buffer[at + 2] as number) << 16)
    batcher.add(row.at(buffer, at + HEAD_BYTES))
    at += HEAD_BYTES + length
  }
}

/** Rooms are made a little larger: the next records shall fit too. */
const ROOM_STEP = 64 * 1024

/** A free place of so many bytes, or a new one; those that are too small are let go. */
function roomOf(free: ArrayBuffer[], bytes: number): ArrayBuffer {
  for (let room = free.pop(); room !== undefined; room = free.pop()) if (room.byteLength >= bytes) return room
  return new ArrayBuffer(Math.ceil((bytes + 1) / ROOM_STEP) * ROOM_STEP)
}
