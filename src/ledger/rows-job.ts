import { TaskWords } from '../rows/task-records.ts'
import type { JobKind } from '../thread/job.ts'
import type { BeginJob } from '../thread/serve-jobs.ts'
import { openZone } from '../units/zone.ts'
import type { Batcher } from './batches.ts'
import { type Membership, recordsOf, type UnreadRows } from './decode-rows.ts'
import type { TableMapping } from './mapping.ts'
import type { TimedTable } from './reader.ts'
import { PACKET_HEAD_BYTES, packetLengthAt } from './wire-packet.ts'
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

export interface RowsQuestion {
  /** Bytes as they came from the server, and how many of that room there are. */
  readonly packets: ArrayBuffer
  readonly bytes: number
  /** Whether they are one row, without its head; otherwise they are whole packets, each a row. */
  readonly isRow: boolean
  /** Where records may be written to. */
  readonly records: ArrayBuffer | undefined
}

/** The records of one question. */
export interface RowsAnswer {
  /** The room of the packets, for others. */
  readonly packets: ArrayBuffer
  readonly records: ArrayBuffer
  readonly bytes: number
  readonly count: number
  /** Words that are new with these records. */
  readonly models: readonly string[]
  readonly apiKeys: readonly string[]
  readonly isAstray: boolean
  /** Rows among them whose time cannot be read, and the first of these. */
  readonly unread: Readonly<UnreadRows>
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
  const known = { models: words.models.size, apiKeys: words.apiKeys.size }
  return ({ packets, bytes: length, isRow, records: given }) => {
    addRows(row, Buffer.from(packets, 0, length), isRow, batcher)
    const { bytes, count } = batcher.take()
    const room = takeRoom(given === undefined ? [] : [given], bytes.length)
    new Uint8Array(room).set(bytes)
    batcher.release()
    const models = words.models.since(known.models)
    const apiKeys = words.apiKeys.since(known.apiKeys)
    known.models += models.length
    known.apiKeys += apiKeys.length
    const told = {
      bytes: bytes.length,
      count,
      models,
      apiKeys,
      isAstray: records.astray[table],
      unread: { ...records.unread[table] },
    }
    Object.assign(records.unread[table], { rows: 0, firstRowId: 0 })
    answer({ packets, records: room, ...told }, [packets, room])
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

function addRows(row: WireRow, bytes: Buffer, isRow: boolean, batcher: Batcher<Written>): void {
  if (isRow) {
    batcher.add(row.at(bytes, 0))
    return
  }
  for (let at = 0; at < bytes.length; ) {
    batcher.add(row.at(bytes, at + PACKET_HEAD_BYTES))
    at += PACKET_HEAD_BYTES + packetLengthAt(bytes, at)
  }
}

/** Rooms are made a little larger: what comes next shall fit too. */
const ROOM_STEP = 64 * 1024

/** A free place of so many bytes, or a new one; those that are too small are let go. */
export function takeRoom(free: ArrayBuffer[], bytes: number): ArrayBuffer {
  for (let room = free.pop(); room !== undefined; room = free.pop()) if (room.byteLength >= bytes) return room
  return new ArrayBuffer(Math.ceil((bytes + 1) / ROOM_STEP) * ROOM_STEP)
}
