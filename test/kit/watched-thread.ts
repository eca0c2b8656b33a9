import type { SecondThread } from '../../src/thread/second-thread.ts'

type Begin = SecondThread['begin']

/** A thread whose jobs are begun by something else. */
export const beginningBy = (
  thread: SecondThread,
  begin: (...job: Parameters<Begin>) => ReturnType<Begin>,
): SecondThread => Object.create(thread, { begin: { value: begin } })

/** A thread that fails after so many answers. */
export const failingAfter = (thread: SecondThread, answers: number): SecondThread =>
  beginningBy(thread, (kind, setup, listener) => {
    let left = answers
    return thread.begin(kind, setup, {
      ...listener,
      onAnswer: (answer) => {
        if (left-- > 0) listener.onAnswer(answer)
        else listener.onFailure(new Error('out of memory'))
      },
    })
  })

/** A thread that tells of failures, which are made up for by whoever asks. */
export const tellingFailures = (thread: SecondThread, failures: Error[]): SecondThread =>
  beginningBy(thread, (kind, setup, listener) =>
    thread.begin(kind, setup, {
      ...listener,
      onFailure: (cause) => {
        failures.push(cause)
        listener.onFailure(cause)
      },
    }),
  )

/** A thread that tells of the jobs that are begun and ended. */
export const tellingJobs = (thread: SecondThread, told: string[]): SecondThread =>
  beginningBy(thread, (...job) => {
    told.push(`begin ${job[0].name}`)
    const own = thread.begin(...job)
    const end = (): void => {
      told.push(`end ${job[0].name}`)
      own.end()
    }
    return { ask: own.ask, end }
  })
