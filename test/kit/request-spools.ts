import { withBareId } from '../../src/audit/requests/answered-events.ts'
import { readRequestEvidence } from '../../src/audit/requests/request-evidence.ts'
import { RequestSpools } from '../../src/audit/requests/request-source.ts'
import type { BillingEvent, EventQuery, FalReader, Fetched } from '../../src/fal/reader.ts'
import type { LedgerSnapshot, TaskRow } from '../../src/ledger/reader.ts'
import { EventWords, eventRecordsOf } from '../../src/rows/event-records.ts'
import { taskRecordsOf } from '../../src/rows/task-writer.ts'
import { SpoolFile } from '../../src/spool/spool-file.ts'
import { within } from '../../src/units/instant.ts'
import { evidenceOf, type GivenEvidence, lotEvents, whole } from './evidence.ts'

export interface GivenReading extends GivenEvidence {
  /** All rows of the task table that a look-up by id may find. */
  readonly table?: readonly TaskRow[]
  /** What fal says of requests that it is asked for by id, or that it says nothing. */
  readonly byId?: readonly BillingEvent[] | Fetched<BillingEvent[]> | ((query: EventQuery) => Fetched<BillingEvent[]>)
  /** How many rows are joined at once; all of them by default. */
  readonly pieceRows?: number
  readonly signal?: AbortSignal
}

/** Reads the evidence, and tells what the table and fal were asked for. */
export async function readRequests({ table = [], byId = [], ...given }: GivenReading) {
  const { plan, allAccounts: accounts, bills, attribution } = evidenceOf({ ...given, tasks: [] })
  const file = new SpoolFile()
  const spools = new RequestSpools(file, given.pieceRows)
  const tasks = taskRecordsOf(given.tasks ?? [])
  for (let task = 0; task < tasks.count; task++) spools.addTask(tasks, task)
  const words = new EventWords()
  for (const [lot] of (given.spaces ?? []).entries()) {
    const own = lotEvents(given.spaces ?? [], lot).filter(({ at }) => at <= plan.asOf)
    const events = eventRecordsOf(own.map(withBareId), words)
    for (let event = 0; event < events.count; event++) spools.addEvent(lot, events, event)
  }
  const lookedUp: (readonly string[])[] = []
  const asked: (EventQuery & { apiKey: string })[] = []
  const snapshot: Pick<LedgerSnapshot, 'tasksByRequestIds'> = {
    tasksByRequestIds: async (ids) => {
      lookedUp.push(ids)
      const wanted = new Set(ids)
      return table.filter(({ requestId }) => wanted.has(requestId))
    },
  }
  const fal: Pick<FalReader, 'events'> = {
    events: async (apiKey, query) => {
      asked.push({ apiKey, ...query })
      if (typeof byId === 'function') return byId(query)
      if ('status' in byId) return byId
      const wanted = new Set(query.requestIds)
      return whole(
        byId.filter(({ requestId, at }) => wanted.has(requestId.replace(/.*#/, '')) && within(at, query.range)),
      )
    },
  }
  const source = await readRequestEvidence({
    plan,
    accounts,
    spools,
    bills,
    attribution,
    snapshot: snapshot as LedgerSnapshot,
    fal: fal as FalReader,
    signal: given.signal ?? new AbortController().signal,
    progress: () => undefined,
  })
  const pieces = [...source.pieces()]
  const eventsOf = (label: string) => {
    const own = pieces.map(({ events }) => [...events].find(([bill]) => bill.label === label)?.[1] ?? null)
    return own.includes(null) ? null : own.flatMap((events) => events ?? [])
  }
  const evidence = {
    sharedSearched: source.sharedSearched,
    otherTasks: pieces.flatMap(({ otherTasks }) => otherTasks),
    unanswered: new Set(pieces.flatMap(({ unanswered }) => [...unanswered]).sort()),
    repeated: pieces.flatMap(({ repeated }) => repeated),
  }
  const gaps = [...source.gaps].map(([{ label }, { reason }]) => [label, reason])
  return {
    ...evidence,
    source,
    spools,
    pieces,
    eventsOf,
    gaps,
    lookedUp,
    asked,
    askedIds: asked.map(({ requestIds }) => requestIds),
  }
}
