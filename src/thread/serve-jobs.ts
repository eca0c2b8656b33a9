import type { MessagePort } from 'node:worker_threads'
import { toldFailure } from './failure.ts'
import type { FromWorker, JobKind, Moved, ToWorker } from './job.ts'

export type GiveAnswer<Answer> = (answer: Answer, moved?: Moved) => void

/** Begins a job: gives what takes its questions. Whatever is thrown ends the job, and its owner is told. */
export type BeginJob<Setup, Question, Answer> = (
  setup: Setup,
  answer: GiveAnswer<Answer>,
) => (question: Question) => void

/** A kind of work, and how it is done. */
export interface Skill {
  readonly name: string
  readonly begin: BeginJob<unknown, unknown, unknown>
}

export const skill = <Setup, Question, Answer>(
  { name }: JobKind<Setup, Question, Answer>,
  begin: BeginJob<Setup, Question, Answer>,
  // Names tell the types of what comes: see JobKind.
): Skill => ({ name, begin: begin as unknown as Skill['begin'] })

/** Does the jobs that come through a port, as long as it is open. */
export function serveJobs(port: MessagePort, skills: readonly Skill[]): void {
  const known = new Map(skills.map(({ name, begin }) => [name, begin]))
  const jobs = new Map<number, (question: unknown) => void>()
  const post = (message: FromWorker, moved: Moved = []): void => port.postMessage(message, [...moved])
  const work = (message: ToWorker): void => {
    const { job } = message
    if ('begin' in message) {
      const begin = known.get(message.begin)
      if (begin === undefined) throw new RangeError(`there is no work called ${message.begin}`)
      jobs.set(
        job,
        begin(message.setup, (answer, moved) => post({ job, answer }, moved)),
      )
    } else if ('end' in message) jobs.delete(job)
    // Of a job that failed more may be on its way.
    else jobs.get(job)?.(message.question)
  }
  port.on('message', (message: ToWorker) => {
    try {
      work(message)
    } catch (cause) {
      jobs.delete(message.job)
      post({ job: message.job, failure: toldFailure(cause) })
    }
  })
}
