import { PieceRoom } from '../spool/piece-room.ts'
import { BrokenLine, PieceLine } from '../thread/piece-line.ts'
import type { SecondThread, ThreadUse } from '../thread/second-thread.ts'
import { layerOfColumns } from './layer-cell.ts'
import type { LayerReading } from './layer-reading.ts'
import { type LedgerRecords, type LedgerSpools, ledgerRooms } from './ledger-source.ts'
import {
  LINKING,
  type LinkAnswer,
  type LinkQuestion,
  type LinkSetup,
  linkRoomPlan,
  type PlacedPiece,
  placesIn,
  recordsIn,
} from './link-job.ts'
import type { AuditPlan } from './plan.ts'
import { RowLinks } from './row-links.ts'

export interface PieceTerms {
  readonly plan: AuditPlan
  /** Takes the tasks of all pieces. */
  readonly layer?: LayerReading | undefined
  /** Reads and links pieces ahead, where rows are many. */
  readonly thread?: ThreadUse | undefined
}

type Pieces = readonly (readonly number[])[]

/**
 * Hands out the pieces of both ledgers in order, each good until the next is asked for. Where there is another thread, it is one
 * piece ahead: it reads them, finds their links and adds layer 2 up; what it cannot do is done here.
 */
export async function* linkedPieces(
  spools: LedgerSpools,
  pieces: Pieces,
  { plan, layer, thread }: PieceTerms,
): AsyncGenerator<LedgerRecords, void, undefined> {
  let done = 0
  if (thread !== undefined && spools.rows >= thread.rowsLeast) {
    try {
      for await (const piece of linkedElsewhere(spools, pieces, { plan, layer, thread: thread.thread })) {
        yield piece
        done += 1
      }
      return
    } catch (cause) {
      if (!(cause instanceof BrokenLine)) throw cause
    }
  }
  const rooms = ledgerRooms()
  for (const [piece, parts] of pieces.entries()) {
    const reading = spools.reading(parts, rooms)
    layer?.addPiece(reading.tasks)
    if (piece >= done) yield reading
  }
}

interface ElsewhereTerms extends Pick<PieceTerms, 'plan' | 'layer'> {
  readonly thread: SecondThread
}

/** Throws BrokenLine. */
async function* linkedElsewhere(
  spools: LedgerSpools,
  pieces: Pieces,
  { plan, layer, thread }: ElsewhereTerms,
): AsyncGenerator<LedgerRecords, void, undefined> {
  const { taskWords } = spools
  const { models, apiKeys } = taskWords
  const words = { models: models.texts, apiKeys: apiKeys.texts }
  const setup: LinkSetup = { descriptor: spools.descriptor(), words, layer: layer?.terms ?? null }
  /** Of pieces that were asked for and not yet handed out. */
  const asked: PlacedPiece[] = []
  const line = new PieceLine<LinkSetup, LinkQuestion, LinkAnswer>(thread, LINKING, setup, (index, before) => {
    const parts = pieces[index]
    if (parts === undefined) return undefined
    const piece = spools.placed(parts)
    asked.push(piece)
    const users = [...plan.userIds].filter(spools.holding(parts))
    return { piece, users, room: PieceRoom.bufferFor(linkRoomPlan(piece), before) }
  })
  try {
    for (const parts of pieces) {
      const { users = [], room } = await line.next()
      const place = new PieceRoom(room as ArrayBuffer, linkRoomPlan(asked.shift() as PlacedPiece))
      const records = recordsIn(place, taskWords)
      const links = new RowLinks(records.tasks, { users, ...placesIn(place) })
      yield { ...records, holds: spools.holding(parts), links }
    }
    const told = layer === undefined ? null : (await line.last({ piece: null })).layer
    if (told != null) layer?.tell(layerOfColumns(told))
  } finally {
    line.end()
  }
}
