import type { EventEmitter } from 'node:events'
import type { Link } from './mysql-link.ts'
import type { RowCells } from './row-cells.ts'
import type { WireColumn, WireRow } from './wire-row.ts'

export type TakeRow = (row: RowCells) => void

/** A row as mysql2 hands it to its parser: one packet of the binary protocol. */
interface WirePacket {
  readonly buffer: Buffer
  /** Where the row begins, behind the packet's own head. */
  readonly offset: number
}

/** The parser that mysql2 makes for each result, once all columns are told; it asks a method of its command for it. */
interface ParsedCommand {
  buildParserFromFields?(
    fields: readonly WireColumn[],
    connection: unknown,
  ): new () => { next(packet: WirePacket): unknown }
}

/** Cuts what came from the server into packets. */
interface PacketParser {
  /** Takes the next bytes; it is `executeStart` between two packets and `executePayload` within one whose length is known. */
  execute(chunk: Buffer): unknown
}

interface DriverParser extends PacketParser {
  executeStart(chunk: Buffer): unknown
  executePayload(chunk: Buffer): unknown
  /** Bytes of the packet that is not whole yet, without its head, and those of them and of its number that are there. */
  readonly length: number
  readonly bufferLength: number
  readonly largePacketParts: readonly unknown[]
}

const isKnown = (parser: Partial<DriverParser> | undefined): parser is DriverParser =>
  parser?.executeStart !== undefined &&
  parser.executePayload !== undefined &&
  typeof parser.length === 'number' &&
  typeof parser.bufferLength === 'number' &&
  Array.isArray(parser.largePacketParts)

interface ParsingConnection {
  packetParser?: PacketParser & Partial<DriverParser>
  sequenceId?: number
}

/** Bytes of a packet's head: three of its length, one of its number. */
const HEAD_BYTES = 4
/** Packets of this length go on in the next one. */
const PACKET_BYTES_MAX = 0xffffff
/** Bytes by which a row is known. */
const MARK_BYTES = HEAD_BYTES + 1
/** What a row begins with; whatever else follows it, an end or an error, does not. */
const ROW = 0

/**
 * Has the rows of a command read by `take`, where its columns are of types that are known; the driver reads them where not.
 * The members used are no public ones, and the version of mysql2 is pinned: one that no longer has them reads rows itself, and
 * nothing else changes.
 */
export function readRowsBy(
  { connection }: Link,
  command: EventEmitter,
  rowOf: (fields: readonly WireColumn[]) => WireRow | undefined,
  take: TakeRow,
): void {
  const parsed = command as EventEmitter & ParsedCommand
  const own = parsed.buildParserFromFields
  if (own === undefined) return
  parsed.buildParserFromFields = (fields, parser) => {
    const row = rowOf(fields)
    if (row === undefined) return own.call(command, fields, parser)
    scanChunks(connection as ParsingConnection, command, row, take)
    return class {
      // A row that came in two chunks: the driver puts it together.
      next({ buffer, offset }: WirePacket): undefined {
        take(row.at(buffer, offset))
        return undefined
      }
    }
  }
}

/**
 * Until the result ends, takes rows straight out of each chunk that comes; what is no whole row is left to the driver. To be
 * handed a million packets one by one takes longer than to read them.
 */
function scanChunks(connection: ParsingConnection, command: EventEmitter, row: WireRow, take: TakeRow): void {
  const { packetParser: driver } = connection
  if (!isKnown(driver) || connection.sequenceId === undefined) return
  const leave = () => {
    connection.packetParser = driver
  }
  command.once('error', leave)
  command.once('end', leave)
  connection.packetParser = {
    execute(chunk) {
      let at = finishBegun(driver, chunk)
      // The result may have ended with that.
      if (connection.packetParser !== driver && isBetween(driver)) {
        at = takeRows(connection, chunk, at, row, take)
        if (chunk.length - at >= MARK_BYTES && !isRow(chunk, at)) leave()
      }
      return at < chunk.length ? driver.execute(at === 0 ? chunk : chunk.subarray(at)) : undefined
    },
  }
}

/** Whether the driver waits for a new packet. */
const isBetween = (driver: DriverParser): boolean =>
  driver.execute === driver.executeStart && driver.largePacketParts.length === 0

/** Gives the driver the rest of the packet that it has the beginning of, and tells where that ends. */
function finishBegun(driver: DriverParser, chunk: Buffer): number {
  let at = 0
  while (at < chunk.length && driver.execute !== driver.executeStart) {
    // Where its length is not all there yet, byte by byte.
    const left = driver.execute === driver.executePayload ? driver.length + 1 - driver.bufferLength : 1
    const until = Math.min(at + left, chunk.length)
    driver.execute(chunk.subarray(at, until))
    at = until
  }
  return at
}

/** Takes the whole rows that follow each other from one place of a chunk on, and tells where they end. */
function takeRows(connection: ParsingConnection, chunk: Buffer, from: number, row: WireRow, take: TakeRow): number {
  let at = from
  let sequence = connection.sequenceId ?? 0
  while (chunk.length - at >= MARK_BYTES) {
    const length = lengthAt(chunk, at)
    const next = at + HEAD_BYTES + length
    if (next > chunk.length || length === PACKET_BYTES_MAX || !isRow(chunk, at) || chunk[at + 3] !== sequence) break
    take(row.at(chunk, at + HEAD_BYTES))
    sequence = (sequence + 1) & 0xff
    at = next
  }
  connection.sequenceId = sequence
  return at
}

const lengthAt = (chunk: Buffer, at: number): number =>
  (chunk[at] as number) | ((chunk[at + 1] as number) << 8) | ((chunk[at + 2] as number) << 16)

const isRow = (chunk: Buffer, at: number): boolean => chunk[at + HEAD_BYTES] === ROW && lengthAt(chunk, at) > 0
