import type { TaskWords } from '../rows/task-records.ts'
import type { Job, ThreadUse } from '../thread/second-thread.ts'
import { layerOfColumns } from './layer-cell.ts'
import type { LayerReading } from './layer-reading.ts'
import { type LedgerRecords, type LedgerSpools, ledgerRooms } from './ledger-source.ts'
import { LINKING, type LinkAnswer, type LinkQuestion, type LinkSetup } from './link-job.ts'
import { LinkRoom, type PlacedPiece } from './link-room.ts'
import type { AuditPlan } from './plan.ts'
import { RowLinks } from './row-links.ts'

export interface PieceTerms {
  readonly plan: AuditPlan
  /** Takes the tasks of all pieces. */
  readonly layer?: LayerReading | undefined
  /** Reads and links pieces ahead, where rows are many. */
  readonly thread?: ThreadUse | undefined
}

/**
 * Hands out the pieces of both ledgers in order, each good until the next is asked for. Where there is another thread, it is one
 * piece ahead: it reads them, finds their links and adds layer 2 up; what it cannot do is done here.
 */
export async function* linkedPieces(
  spools: LedgerSpools,
  pieces: readonly (readonly number[])[],
  { plan, layer, thread }: PieceTerms,
): AsyncGenerator<LedgerRecords, void, undefined> {
  let done = 0
  if (thread !== undefined && spools.rows >= thread.rowsLeast) {
    const line = new LinkLine(spools, pieces, { plan, layer, thread })
    try {
      for (; done < pieces.length; done++) yield await line.read(done)
      await line.tellLayer()
      return
    } catch (cause) {
      if (!(cause instanceof BrokenLine)) throw cause
    } finally {
      line.end()
    }
  }
  const rooms = ledgerRooms()
  for (const [piece, parts] of pieces.entries()) {
    const reading = spools.reading(parts, rooms)
    layer?.addPiece(reading.tasks)
    if (piece >= done) yield reading
  }
}

/** The other thread is of no use any more. */
class BrokenLine extends Error {}

type Linked = Extract<LinkAnswer, { readonly room: ArrayBuffer }>

/** Pieces on their way to another thread and back: one of them is there while another is here. */
class LinkLine {
  readonly #spools: LedgerSpools
  readonly #pieces: readonly (readonly number[])[]
  readonly #plan: AuditPlan
  readonly #layer: LayerReading | undefined
  readonly #words: TaskWords
  readonly #job: Job<LinkQuestion>
  /** Pieces that were asked for and not yet handed out. */
  readonly #asked: PlacedPiece[] = []
  readonly #answers: LinkAnswer[] = []
  #failure: BrokenLine | undefined
  #wake: () => void = () => undefined
  /** The room of the piece that was handed out last. */
  #room: ArrayBuffer | undefined

  constructor(
    spools: LedgerSpools,
    pieces: readonly (readonly number[])[],
    { plan, layer, thread: { thread } }: PieceTerms & { readonly thread: ThreadUse },
  ) {
    this.#spools = spools
    this.#pieces = pieces
    this.#plan = plan
    this.#layer = layer
    this.#words = spools.taskWords
    const setup: LinkSetup = {
      descriptor: spools.descriptor(),
      words: { models: this.#words.models.texts, apiKeys: this.#words.apiKeys.texts },
      layer: layer?.terms ?? null,
    }
    this.#job = thread.begin<LinkSetup, LinkQuestion, LinkAnswer>(LINKING, setup, {
      onAnswer: (answer) => {
        this.#answers.push(answer)
        this.#wake()
      },
      onFailure: (cause) => {
        this.#failure = new BrokenLine('the other thread has failed', { cause })
        this.#wake()
      },
    })
    this.#ask(0)
    this.#ask(1)
  }

  /** Reads the next piece. Throws BrokenLine. */
  async read(piece: number): Promise<LedgerRecords> {
    if (this.#room !== undefined) this.#ask(piece + 1, this.#room)
    const { users, room } = (await this.#answer()) as Linked
    const placed = this.#asked.shift() as PlacedPiece
    this.#room = room
    const rows = new LinkRoom(room, placed)
    const records = rows.records(this.#words)
    const holds = this.#spools.holding(this.#pieces[piece] ?? [])
    return { ...records, holds, links: new RowLinks(records.tasks, { users, ...rows.places() }) }
  }

  /** Hands layer 2 on, after the last piece. Throws BrokenLine. */
  async tellLayer(): Promise<void> {
    if (this.#layer === undefined) return
    this.#job.ask({ piece: null })
    const answer = await this.#answer()
    if ('layer' in answer && answer.layer !== null) this.#layer.tell(layerOfColumns(answer.layer))
  }

  end(): void {
    this.#job.end()
  }

  #ask(index: number, before?: ArrayBuffer): void {
    const parts = this.#pieces[index]
    if (parts === undefined) return
    const piece = this.#spools.placed(parts)
    const room = LinkRoom.bufferFor(piece, before)
    const holds = this.#spools.holding(parts)
    const users = [...this.#plan.userIds].filter(holds)
    this.#asked.push(piece)
    this.#job.ask({ piece, users, room }, [room])
  }

  async #answer(): Promise<LinkAnswer> {
    for (;;) {
      const answer = this.#answers.shift()
      if (answer !== undefined) return answer
      if (this.#failure !== undefined) throw this.#failure
      await new Promise<void>((resolve) => {
        this.#wake = resolve
      })
    }
  }
}
