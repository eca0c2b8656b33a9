import { EVENT_RECORDS, type EventRecords, EventWords } from '../rows/event-records.ts'
import { TASK_RECORDS, type TaskRecords, TaskWords } from '../rows/task-records.ts'
import { PieceRoom, type RoomPlan } from '../spool/piece-room.ts'
import type { PlacedRows } from '../spool/placed-rows.ts'
import type { JobKind } from '../thread/job.ts'
import type { BeginJob } from '../thread/serve-jobs.ts'
import { type Scouted, scoutRequests } from './request-scout.ts'

/** Where the rows of one piece stand in the file. */
export interface PlacedRequests {
  readonly tasks: PlacedRows
  readonly events: PlacedRows
}

export interface ScoutSetup {
  /** Of the file that the rows are in. */
  readonly descriptor: number
  /** Lots that were read whole. */
  readonly lots: readonly number[]
}

/** A piece to be read into a room and scouted. */
export interface ScoutQuestion {
  readonly piece: PlacedRequests
  readonly room: ArrayBuffer
}

export interface ScoutAnswer {
  readonly scouted: Scouted
  readonly room: ArrayBuffer
}

/** Reads pieces of tasks and events, and finds which of them bear the same request id. */
export const SCOUTING: JobKind<ScoutSetup, ScoutQuestion, ScoutAnswer> = { name: 'scouting' }

export const beginScouting: BeginJob<ScoutSetup, ScoutQuestion, ScoutAnswer> = ({ descriptor, lots }, answer) => {
  // Ids alone are looked at: what other texts mean does not matter.
  const words = { tasks: new TaskWords(), events: new EventWords() }
  return ({ piece, room }) => {
    const place = new PieceRoom(room, scoutRoomPlan(piece))
    place.fill(descriptor)
    answer({ scouted: scoutRequests(requestsIn(place, words), lots), room }, [room])
  }
}

export const scoutRoomPlan = ({ tasks, events }: PlacedRequests): RoomPlan => ({ lists: [tasks, events], columns: [] })

export const requestsIn = (
  room: PieceRoom,
  words: { readonly tasks: TaskWords; readonly events: EventWords },
): { readonly tasks: TaskRecords; readonly events: EventRecords } => ({
  tasks: room.list(0, TASK_RECORDS, words.tasks),
  events: room.list(1, EVENT_RECORDS, words.events),
})
