import { ENTRY_RECORDS } from '../rows/entry-records.ts'
import { Lexicon } from '../rows/lexicon.ts'
import { TASK_RECORDS, TaskWords } from '../rows/task-records.ts'
import { PieceRoom, type RoomPlan } from '../spool/piece-room.ts'
import type { PlacedRows } from '../spool/placed-rows.ts'
import type { JobKind } from '../thread/job.ts'
import type { BeginJob } from '../thread/serve-jobs.ts'
import { atOnce } from './breathe.ts'
import { CellTally } from './cell-tally.ts'
import { columnsOf, type LayerColumns } from './layer-cell.ts'
import type { LayerTerms } from './layer-reading.ts'
import type { LedgerRecords } from './ledger-source.ts'
import { findingLinks, type LinkPlaces } from './row-links.ts'

/** Where the rows of one piece stand in the file. */
export interface PlacedPiece {
  readonly tasks: PlacedRows
  readonly entries: PlacedRows
}

export interface LinkSetup {
  /** Of the file that the rows are in. */
  readonly descriptor: number
  readonly words: { readonly models: readonly string[]; readonly apiKeys: readonly string[] }
  /** null: nobody asks for layer 2. */
  readonly layer: LayerTerms | null
}

/** A piece to be read into a room, and its links to be found; and in the end layer 2 of all pieces. */
export type LinkQuestion =
  | { readonly piece: PlacedPiece; readonly users: readonly number[]; readonly room: ArrayBuffer }
  | { readonly piece: null }

export interface LinkAnswer {
  readonly users?: readonly number[]
  readonly room?: ArrayBuffer
  readonly layer?: LayerColumns | null
}

/** Reads the pieces of both ledgers, finds which rows name which tasks, and adds layer 2 up. */
export const LINKING: JobKind<LinkSetup, LinkQuestion, LinkAnswer> = { name: 'linking' }

export const beginLinking: BeginJob<LinkSetup, LinkQuestion, LinkAnswer> = ({ descriptor, words, layer }, answer) => {
  const taskWords = new TaskWords(Lexicon.of(words.models), Lexicon.of(words.apiKeys))
  const cells = layer && new CellTally(layer.plan, layer.accounts, layer.audited)
  return (question) => {
    if (question.piece === null) {
      answer({ layer: cells && columnsOf(cells.close()) })
      return
    }
    const { piece, room } = question
    const place = new PieceRoom(room, linkRoomPlan(piece))
    place.fill(descriptor)
    const records = recordsIn(place, taskWords)
    const { users } = atOnce(findingLinks(records, question.users, [], placesIn(place)))
    cells?.addPiece(records.tasks)
    answer({ users, room }, [room])
  }
}

export const linkRoomPlan = ({ tasks, entries }: PlacedPiece): RoomPlan => ({
  lists: [tasks, entries],
  columns: [tasks.rows, entries.rows, entries.rows],
})

export const recordsIn = (room: PieceRoom, words: TaskWords): Pick<LedgerRecords, 'tasks' | 'entries'> => ({
  tasks: room.list(0, TASK_RECORDS, words),
  entries: room.list(1, ENTRY_RECORDS, null),
})

export const placesIn = (room: PieceRoom): LinkPlaces => ({
  ownerOfTask: room.column(0),
  ownerOfEntry: room.column(1),
  taskOfEntry: room.column(2),
})
