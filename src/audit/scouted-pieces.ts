import { PieceRoom } from '../spool/piece-room.ts'
import { BrokenLine, PieceLine } from '../thread/piece-line.ts'
import type { SecondThread, ThreadUse } from '../thread/second-thread.ts'
import { type Scouted, scoutRequests } from './request-scout.ts'
import type { RequestSpools, SpooledPiece } from './request-source.ts'
import {
  type PlacedRequests,
  requestsIn,
  SCOUTING,
  type ScoutAnswer,
  type ScoutQuestion,
  type ScoutSetup,
  scoutRoomPlan,
} from './scout-job.ts'

/** A piece, and what its request ids tell. */
export interface ScoutedPiece extends Scouted {
  readonly piece: SpooledPiece
}

/**
 * Hands out the pieces of the requests in order, each good until the next is asked for. Where there is another thread, it is one
 * piece ahead; what it cannot do is done here. `lots`: those that were read whole.
 */
export async function* scoutedPieces(
  spools: RequestSpools,
  lots: readonly number[],
  thread: ThreadUse | undefined,
): AsyncGenerator<ScoutedPiece, void, undefined> {
  let done = 0
  if (thread !== undefined && spools.rows >= thread.rowsLeast) {
    try {
      for await (const piece of scoutedElsewhere(spools, lots, thread.thread)) {
        yield piece
        done += 1
      }
      return
    } catch (cause) {
      if (!(cause instanceof BrokenLine)) throw cause
    }
  }
  let index = 0
  for (const piece of spools.read()) {
    if (index++ >= done) yield { piece, ...scoutRequests(piece, lots) }
  }
}

/** Throws BrokenLine. */
async function* scoutedElsewhere(
  spools: RequestSpools,
  lots: readonly number[],
  thread: SecondThread,
): AsyncGenerator<ScoutedPiece, void, undefined> {
  const words = { tasks: spools.tasks.words, events: spools.events.words }
  const pieces = spools.pieces()
  /** Of pieces that were asked for and not yet handed out. */
  const asked: PlacedRequests[] = []
  const setup = { descriptor: spools.descriptor(), lots }
  const line = new PieceLine<ScoutSetup, ScoutQuestion, ScoutAnswer>(thread, SCOUTING, setup, (index, before) => {
    const parts = pieces[index]
    if (parts === undefined) return undefined
    const piece = spools.placed(parts)
    asked.push(piece)
    return { piece, room: PieceRoom.bufferFor(scoutRoomPlan(piece), before) }
  })
  try {
    for (const parts of pieces) {
      const { scouted, room } = await line.next()
      const place = new PieceRoom(room, scoutRoomPlan(asked.shift() as PlacedRequests))
      yield { piece: { parts, ...requestsIn(place, words) }, ...scouted }
    }
  } finally {
    line.end()
  }
}
