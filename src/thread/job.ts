/** Buffers that go over to the other thread: they are no longer here from then on. */
export type Moved = readonly ArrayBuffer[]

/** A kind of work that another thread does: what a job of it begins with, what it is asked, and what it answers. */
export interface JobKind<Setup, Question, Answer> {
  readonly name: string
  /** Never there: only the types are known. */
  readonly types?: (setup: Setup, question: Question) => Answer
}

/** What comes to the thread that works. */
export type ToWorker =
  | { readonly job: number; readonly begin: string; readonly setup: unknown }
  | { readonly job: number; readonly question: unknown }
  | { readonly job: number; readonly end: true }

/** What comes back. */
export type FromWorker =
  | { readonly job: number; readonly answer: unknown }
  | { readonly job: number; readonly failure: unknown }
