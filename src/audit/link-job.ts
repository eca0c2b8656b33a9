import { Lexicon } from '../rows/lexicon.ts'
import { TaskWords } from '../rows/task-records.ts'
import type { JobKind } from '../thread/job.ts'
import type { BeginJob } from '../thread/serve-jobs.ts'
import { atOnce } from './breathe.ts'
import { CellTally } from './cell-tally.ts'
import { columnsOf, type LayerColumns } from './layer-cell.ts'
import type { LayerTerms } from './layer-reading.ts'
import { LinkRoom, type PlacedPiece } from './link-room.ts'
import { findingLinks } from './row-links.ts'

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

export type LinkAnswer =
  | { readonly users: readonly number[]; readonly room: ArrayBuffer }
  | { readonly layer: LayerColumns | null }

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
    const rows = new LinkRoom(room, piece)
    rows.fill(descriptor)
    const records = rows.records(taskWords)
    const { users } = atOnce(findingLinks(records, question.users, [], rows.places()))
    cells?.addPiece(records.tasks)
    answer({ users, room }, [room])
  }
}
