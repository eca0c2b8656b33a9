import { Worker } from 'node:worker_threads'
import { failureOf, type ToldFailure } from './failure.ts'
import type { FromWorker, JobKind, Moved, ToWorker } from './job.ts'

/** A job that the other thread does: it is asked in order, and answers in order. */
export interface Job<Question> {
  ask(question: Question, moved?: Moved): void
  /** Nothing more is asked, and nobody waits for what was. */
  end(): void
}

export interface JobListener<Answer> {
  readonly onAnswer: (answer: Answer) => void
  /** The job failed there, or the thread is gone: no answer comes any more. */
  readonly onFailure: (cause: Error) => void
}

/** What another thread is used for, and from when on: to start it costs some tens of milliseconds and megabytes. */
export interface ThreadUse {
  readonly thread: SecondThread
  /** Of fewer rows everything is done here. */
  readonly rowsLeast: number
}

/** How long the thread waits for another job: those of one audit come one after another. */
const IDLE_MILLIS = 200
/** What it makes is let go at once: more room for it would only make it larger. */
const YOUNG_MEGABYTES = 16

/**
 * One more thread of this process, for work that is done on bytes alone, and that this thread would otherwise do while nobody
 * else uses the other processor. It is there while it has something to do, and knows nothing but what it is told.
 */
export class SecondThread {
  readonly #program: URL
  #worker: Worker | undefined
  readonly #jobs = new Map<number, JobListener<unknown>>()
  #begun = 0
  #idle: NodeJS.Timeout | undefined

  /** `program`: the file that the thread runs, made of serveJobs. */
  constructor(program: URL) {
    this.#program = program
  }

  begin<Setup, Question, Answer>(
    { name }: JobKind<Setup, Question, Answer>,
    setup: Setup,
    listener: JobListener<Answer>,
  ): Job<Question> {
    clearTimeout(this.#idle)
    const worker = this.#worker ?? this.#start()
    const job = ++this.#begun
    // What comes of a job is what its kind says.
    this.#jobs.set(job, listener as JobListener<unknown>)
    // While it works the process must not end.
    worker.ref()
    const send = (message: ToWorker, moved: Moved = []): void => worker.postMessage(message, [...moved])
    send({ job, begin: name, setup })
    return {
      ask: (question, moved) => send({ job, question }, moved),
      end: () => {
        if (!this.#jobs.delete(job)) return
        send({ job, end: true })
        this.#rest(worker)
      },
    }
  }

  /** Ends the thread; jobs that are under way fail. */
  async close(): Promise<void> {
    clearTimeout(this.#idle)
    const worker = this.#worker
    this.#worker = undefined
    await worker?.terminate()
  }

  #start(): Worker {
    // It needs nothing of the environment, and holds the secrets that it is told of no longer than its work takes.
    const options = { env: {}, execArgv: [], resourceLimits: { maxYoungGenerationSizeMb: YOUNG_MEGABYTES } }
    const worker = new Worker(this.#program, options)
    this.#worker = worker
    const gone = (cause: Error): void => {
      if (this.#worker === worker) this.#worker = undefined
      void worker.terminate()
      for (const [job, { onFailure }] of [...this.#jobs]) {
        this.#jobs.delete(job)
        onFailure(cause)
      }
    }
    worker.on('message', (message: FromWorker) => this.#take(message, worker))
    worker.on('messageerror', gone)
    worker.on('error', gone)
    worker.on('exit', (code) => gone(new Error(`the second thread ended (${code}) before its work was done`)))
    return worker
  }

  #take(message: FromWorker, worker: Worker): void {
    const listener = this.#jobs.get(message.job)
    if (listener === undefined) return
    if ('answer' in message) {
      listener.onAnswer(message.answer)
      return
    }
    this.#jobs.delete(message.job)
    this.#rest(worker)
    listener.onFailure(failureOf(message.failure as ToldFailure))
  }

  /** Where nothing is left to do the process may end, and after a while the thread does. */
  #rest(worker: Worker): void {
    if (this.#jobs.size > 0 || this.#worker !== worker) return
    worker.unref()
    clearTimeout(this.#idle)
    this.#idle = setTimeout(() => {
      if (this.#worker === worker) void this.close()
    }, IDLE_MILLIS)
    this.#idle.unref()
  }
}
