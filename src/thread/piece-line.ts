import type { JobKind } from './job.ts'
import type { Job, SecondThread } from './second-thread.ts'

/** A question about one piece, with the room that is to be filled. */
export interface RoomQuestion {
  readonly room: ArrayBuffer
}

/** The other thread is of no use any more. */
export class BrokenLine extends Error {}

/** Pieces on their way to another thread and back, in order: one of them is there while another is here. */
export class PieceLine<Setup, Question, Answer extends Partial<RoomQuestion>> {
  readonly #ask: (piece: number, room?: ArrayBuffer) => (Question & RoomQuestion) | undefined
  readonly #job: Job<Question>
  readonly #answers: Answer[] = []
  #failure: BrokenLine | undefined
  #wake: () => void = () => undefined
  #asked = 0
  /** The room of the piece that was handed out last. */
  #room: ArrayBuffer | undefined

  /** `ask`: what is asked about a piece, into a room that is not used any more if there is one; undefined after the last. */
  constructor(
    thread: SecondThread,
    kind: JobKind<Setup, Question, Answer>,
    setup: Setup,
    ask: (piece: number, room?: ArrayBuffer) => (Question & RoomQuestion) | undefined,
  ) {
    this.#ask = ask
    this.#job = thread.begin<Setup, Question, Answer>(kind, setup, {
      onAnswer: (answer) => {
        this.#answers.push(answer)
        this.#wake()
      },
      onFailure: (cause) => {
        this.#failure = new BrokenLine('the other thread has failed', { cause })
        this.#wake()
      },
    })
    this.#askNext()
    this.#askNext()
  }

  /** The answer about the next piece; its room is good until the next one is asked for. Throws BrokenLine. */
  async next(): Promise<Answer> {
    if (this.#room !== undefined) this.#askNext(this.#room)
    const answer = await this.#answer()
    this.#room = answer.room
    return answer
  }

  /** The answer to a last question. Throws BrokenLine. */
  async last(question: Question): Promise<Answer> {
    this.#job.ask(question)
    return this.#answer()
  }

  end(): void {
    this.#job.end()
  }

  #askNext(before?: ArrayBuffer): void {
    const question = this.#ask(this.#asked, before)
    if (question === undefined) return
    this.#asked += 1
    this.#job.ask(question, [question.room])
  }

  async #answer(): Promise<Answer> {
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
