import { LIMITS } from '../limits.ts'
import { type EntryRecords, entryRecordsOf } from '../rows/entry-records.ts'
import { type TaskRecords, TaskWords } from '../rows/task-records.ts'
import type { InstantRange } from '../units/instant.ts'
import { bareId } from '../units/request-id.ts'
import type { Zone } from '../units/zone.ts'
import type { BatcherFactory } from './batches.ts'
import { decodersOf } from './decode.ts'
import { recordsOf } from './decode-rows.ts'
import { IdBounds } from './id-bounds.ts'
import { type IdSample, idSlices, idsToSample, rowsExpectedIn } from './id-order.ts'
import { eachLastBelow, largestOf, lastBelow } from './last-rows.ts'
import { type LastUse, lastUseOf } from './last-use.ts'
import type { TableMapping } from './mapping.ts'
import { metRows } from './met-rows.ts'
import { OrderForms } from './order-forms.ts'
import { ORDERS_NAMED_MAX, readOnce } from './order-names.ts'
import { type IdColumn, type NaiveBounds, queriesOf, type Statement, type Wide } from './queries.ts'
import type { EntryRequest, LastPoints, LedgerEntry, LedgerSnapshot, ReadFrom, TaskRow, TimedTable } from './reader.ts'
import { bareRequestId, placeholderSet } from './request-id.ts'
import type { Session } from './session.ts'
import { partsOf, sortedByRow, taskLookUps, wantedIds } from './task-look-ups.ts'
import { beforeInstant, boundsOf, boundsWithin, otherFormsOf } from './time-bounds.ts'
import { timeOrdersOf } from './time-order.ts'

/** Below every row id. */
const NO_ROW = Number.NEGATIVE_INFINITY

/** Users up to which the query for their last ledger rows names them. */
const USERS_NAMED_MAX = 200

/** Users and row ids that one query names in pairs: more cost less in one pass over the ids of the whole ledger. */
const PAIRS_NAMED_MAX = 20

/** Ids over which a table is read whole: looking for a bound would cost more than it spares. */
const IDS_UNBOUND_MAX = 20_000

/** Records that rows can be made of. */
interface Rows<Row> {
  rows(): Row[]
}

const TIMED_TABLES: readonly TimedTable[] = ['tasks', 'points', 'cash']

export interface SnapshotParts {
  readonly session: Session
  readonly mapping: TableMapping
  readonly zone: Zone
}

/** The reader's port over one read transaction. */
export function snapshotOf({ session, mapping, zone }: SnapshotParts): LedgerSnapshot {
  const decoders = decodersOf(mapping, zone)
  const records = recordsOf(mapping, zone, new TaskWords())
  const placeholders = placeholderSet(mapping.placeholderRequestIds)

  const collect = async <Row>(statement: Statement, batches: BatcherFactory<readonly Row[]>): Promise<Row[]> => {
    const rows: Row[] = []
    for await (const batch of session.read(statement, batches)) for (const row of batch) rows.push(row)
    return rows
  }

  /** Looks ids up, LIMITS.lookupIds a query, each once. */
  const named = async <Row>(
    ids: readonly number[],
    statementOf: (ids: readonly number[]) => Statement,
    batches: BatcherFactory<readonly Row[]>,
  ): Promise<Row[]> => {
    const rows: Row[] = []
    for (const part of partsOf([...new Set(ids)])) {
      for (const row of await collect(statementOf(part), batches)) rows.push(row)
    }
    return rows
  }

  const textIds = new Set<IdColumn>()
  const queries = queriesOf(mapping, textIds)
  const { timeOrderOf, noteIds } = timeOrdersOf({ session, queries, mapping, textIds })
  const idBounds = { tasks: new IdBounds('tasks'), points: new IdBounds('points'), cash: new IdBounds('cash') }
  /** The same of rows that a stream may have left out by their ids, query by query. */
  const eachLookedUp = async function* <Id, Row extends TaskRow | LedgerEntry>(
    table: TimedTable,
    ids: Iterable<Id>,
    statementOf: (ids: readonly Id[]) => Statement,
    batches: BatcherFactory<Rows<Row>>,
  ): AsyncGenerator<readonly Row[]> {
    await timeOrderOf(table)
    for (const part of partsOf([...new Set(ids)])) {
      const rows: Row[] = []
      for await (const batch of session.read(statementOf(part), batches)) for (const row of batch.rows()) rows.push(row)
      idBounds[table].observe(rows)
      yield rows
    }
  }
  const lookUpRows = async <Id, Row extends TaskRow | LedgerEntry>(
    ...question: Parameters<typeof eachLookedUp<Id, Row>>
  ): Promise<Row[]> => {
    const all: Row[] = []
    for await (const rows of eachLookedUp(...question)) for (const row of rows) all.push(row)
    return all
  }

  const samples = new Map<TimedTable, IdSample>()
  /** Looks at rows all over a table, once a snapshot; not at one whose ids span less than `least`, whoever looked before. */
  const sampleOf = async (table: TimedTable, least: number): Promise<IdSample | undefined> => {
    const isSmall = ({ ids }: Pick<IdSample, 'ids'>): boolean => ids !== null && ids.greatest - ids.least < least
    const known = samples.get(table)
    if (known !== undefined) return isSmall(known) ? undefined : known
    const [ids] = await collect(queries.idSpan(table), decoders.idSpan)
    if (ids === undefined || isSmall({ ids })) return undefined
    const asked = ids === null ? [] : idsToSample(ids.least, ids.greatest)
    const rows = asked.length === 0 ? [] : await collect(queries.timesOf(table, asked), decoders.sampledRow)
    const sample = { ids, asked: asked.length, rows: rows.sort((a, b) => a.id - b.id) }
    samples.set(table, sample)
    return sample
  }
  const streamBounds = async (table: TimedTable, range: InstantRange): Promise<NaiveBounds> =>
    boundsOf(range, zone, await timeOrderOf(table))
  /** Bounds for the rows of a range, by their ids too where those follow time; several where no statement may take long. */
  async function* boundsIn(table: TimedTable, range: InstantRange): AsyncGenerator<NaiveBounds> {
    const bounds = await streamBounds(table, range)
    const sample = await sampleOf(table, IDS_UNBOUND_MAX)
    const fromId = idBounds[table].startOf(range, sample)
    for (const slice of slicesOf(sample, fromId)) yield { ...bounds, ...slice }
  }
  /** All ids from one on, in stretches where no statement may take long. */
  const slicesOf = (
    sample: IdSample | undefined,
    fromId?: number,
  ): Iterable<Pick<NaiveBounds, 'fromId' | 'untilId'>> => {
    const width = session.idsAtOnce
    if (width === undefined || sample === undefined || sample.ids === null) return [{ fromId }]
    return idSlices(fromId ?? sample.ids.least, sample.ids.greatest, width)
  }

  const isOfOneMoment = session.consistency === 'consistent' || session.consistency === 'per-shard'
  const streamed: Record<TimedTable, InstantRange[]> = { tasks: [], points: [], cash: [] }

  const met = metRows(records)
  const orderForms = new OrderForms()

  async function* tasks(range: InstantRange): AsyncGenerator<TaskRecords> {
    const batches = records.tasks(range)
    for await (const bounds of boundsIn('tasks', range)) {
      for await (const batch of session.read(queries.tasks(bounds), batches)) {
        idBounds.tasks.observeTasks(batch)
        yield batch
      }
    }
    streamed.tasks.push(range)
    met.note('tasks', idBounds.tasks.fromIdOf(range))
  }

  /**
   * What lies outside a range, each row within which was handed out by a stream; undefined where none did so. Rows whose time is
   * none were not handed out, wherever the server sorts them, and those whose time is a text of its own form may lie elsewhere for
   * the server: where there was one, nothing is left out. Nor where a row may have come since: not all is read as of one moment.
   */
  const outsideOf = (table: TimedTable, taken: InstantRange | undefined): NaiveBounds | undefined => {
    const stream = taken && streamed[table].find(({ start, end }) => start <= taken.start && end >= taken.end)
    if (taken === undefined || stream === undefined || records.astray[table] || !isOfOneMoment) return undefined
    return { ...boundsWithin(taken, zone), fromId: idBounds[table].fromIdOf(stream) }
  }

  /**
   * One pass over a ledger, in order of id. More users than one query binds are picked out here. `isTold`: whether what it meets
   * counts for what is told of the streams.
   */
  async function* entries(
    book: 'points' | 'cash',
    range: InstantRange,
    request: EntryRequest,
    isTold = request.ownerless !== true,
  ): AsyncGenerator<EntryRecords> {
    const userIds = request.userIds === undefined ? undefined : new Set(request.userIds)
    const { titles = false, balances = true, ownerless = false, cameIn = false } = request
    if (userIds?.size === 0 && !ownerless) return
    const bound = userIds !== undefined && userIds.size <= LIMITS.lookupIds
    const wide: Wide = titles ? 'titles' : balances ? 'balances' : 'none'
    const filter = { wide, ownerless, cameIn, ...(bound ? { userIds: [...userIds] } : {}) }
    const isNamed = ({ userId, userUntold }: LedgerEntry) => (userUntold ? ownerless : userIds?.has(userId))
    const batches = records[book](range, wide)
    // A user's rows are found by the index on users, where there is one.
    for await (const bounds of bound ? [await streamBounds(book, range)] : boundsIn(book, range)) {
      for await (const batch of session.read(queries[book](bounds, filter), batches)) {
        idBounds[book].observeEntries(batch)
        orderForms.observe(batch)
        if (userIds === undefined || bound) yield batch
        else yield entryRecordsOf(batch.rows().filter(isNamed))
      }
    }
    if (!isTold) return
    if (userIds === undefined && !cameIn) streamed[book].push(range)
    met.note(book)
  }

  const oddlyNamed = readOnce((book: 'points' | 'cash') =>
    lookUpRows(book, [book], book === 'points' ? queries.oddPoints : queries.oddCash, records[book](undefined)),
  )

  /**
   * Ledger rows by order id. The column is rarely indexed, so each query is a scan: past one query, reading all the ids
   * once and then the rows by primary key is cheaper (0.7 s a million rows, against 0.6 s for each 5,000 ids). So too where too many
   * rows begin oddly. And in SQL no row is found that names a request id behind anything else than an URL or fal-ai, or an id
   * with several blanks behind it: such rows are looked for where rows were read that do, or tasks that store their ids so.
   */
  const entriesByOrderIds = async (
    book: 'points' | 'cash',
    ids: readonly string[],
    taken?: InstantRange,
  ): Promise<LedgerEntry[]> => {
    const wanted = wantedIds(ids)
    const batches = records[book](undefined)
    const { paddedTaskIds, paddedOrders, otherRequestIds } = records.forms
    const anyForm = orderForms.mayBeOther || paddedTaskIds || paddedOrders || otherRequestIds
    const odd = anyForm || wanted.size > ORDERS_NAMED_MAX ? null : await oddlyNamed(book)
    if (odd === null) {
      const keys = queries.keysOf(book, outsideOf(book, taken))
      const rowIds = await collect(keys, decoders.orderedRow(book, wanted))
      const byRowIds = book === 'points' ? queries.pointsByRowIds : queries.cashByRowIds
      return sortedByRow(await lookUpRows(book, rowIds, byRowIds, batches))
    }
    const byOrderIds = book === 'points' ? queries.pointsByOrderIds : queries.cashByOrderIds
    const found = await lookUpRows(book, wanted, byOrderIds, batches)
    const known = new Set(found.map(({ rowId }) => rowId))
    const all = [...found, ...odd.filter(({ rowId }) => !known.has(rowId))]
    // MySQL's collations call ABC and abc equal; an order id is not, but a request id is.
    return sortedByRow(all.filter(({ orderId }) => wanted.has(orderId) || wanted.has(bareId(orderId))))
  }

  const lastIds = (limits: ReadonlyMap<number, number>, statement: Statement) =>
    lastBelow(limits, session.read(statement, decoders.ownedRows))

  return {
    takenAt: session.takenAt,
    zone,
    databaseOffset: session.databaseOffset,
    consistency: session.consistency,
    async accounts() {
      const accounts = await collect(queries.accounts(), decoders.account)
      return accounts.sort((a, b) => b.accountId - a.accountId)
    },
    tasks,
    points: (range, request = {}) => entries('points', range, request),
    cash: (range, request = {}) => entries('cash', range, request),
    ...taskLookUps({
      find: (ids, statementOf) => lookUpRows('tasks', ids, statementOf, records.tasks(undefined)),
      rowIdsOf: collect,
      outsideOf: (taken) => outsideOf('tasks', taken),
      mayBePadded: () => records.forms.paddedTaskIds || streamed.tasks.length === 0,
      sample: () => sampleOf('tasks', 0),
      bareRequestId: (stored) => bareRequestId(stored, placeholders),
      queries,
      decoders,
    }),
    pointsByOrderIds: (...question) => entriesByOrderIds('points', ...question),
    cashByOrderIds: (...question) => entriesByOrderIds('cash', ...question),
    async lastPointsBefore(userIds, before) {
      const last = new Map<number, LastPoints>()
      const keepLast = ({ userId, rowId, balanceAfter }: LedgerEntry): void => {
        if (rowId > (last.get(userId)?.rowId ?? NO_ROW)) last.set(userId, { userId, rowId, balanceAfter })
      }
      const wanted = new Set(userIds)
      if (wanted.size === 0) return []
      // Certainly before: one row a user. What clock change, fraction or form leave open: all rows, told by the instant.
      const order = await timeOrderOf('points')
      const { certain, open } = beforeInstant(before, zone, order)
      const earlier = { time: zone.toNaive(certain), otherForms: otherFormsOf(order) }
      const limits = () => new Map([...wanted].map((userId) => [userId, Number.POSITIVE_INFINITY] as const))
      const rowIds =
        wanted.size > USERS_NAMED_MAX || textIds.has('points.id')
          ? [...(await lastIds(limits(), queries.pointsOwners(earlier))).values()]
          : await collect(queries.lastPointsRowIds([...wanted], earlier), decoders.lastRowId(wanted))
      const found = eachLookedUp('points', rowIds, queries.pointsByRowIds, records.points(undefined))
      for await (const rows of found) rows.forEach(keepLast)
      if (certain < before) {
        // Rows of a time that nobody asked about.
        for await (const batch of entries('points', { start: open, end: before }, { userIds }, false))
          batch.rows().forEach(keepLast)
      }
      return sortedByRow([...last.values()])
    },
    async lastUse() {
      const otherForms = otherFormsOf(await timeOrderOf('tasks'))
      const uses: LastUse[] = []
      const sample = session.idsAtOnce === undefined ? undefined : await sampleOf('tasks', IDS_UNBOUND_MAX)
      for (const slice of slicesOf(sample)) {
        for (const use of await collect(queries.lastUse(otherForms, slice), decoders.lastUse)) uses.push(use)
      }
      return lastUseOf(uses)
    },
    bareRequestId: (stored) => bareRequestId(stored, placeholders),
    async pointsRowsBefore(rows) {
      const users = new Set(rows.map(({ userId }) => userId))
      if (users.size === 0) return []
      await noteIds('points')
      const id = largestOf(rows.map(({ rowId }) => rowId))
      const rowIds =
        rows.length > PAIRS_NAMED_MAX || users.size < rows.length || textIds.has('points.id')
          ? await eachLastBelow(rows, session.read(queries.pointsOwners({ id }), decoders.ownedRows))
          : await collect(queries.pointsRowIdsBefore(rows), decoders.lastRowId(users))
      return sortedByRow(await lookUpRows('points', rowIds, queries.pointsByRowIds, records.points(undefined)))
    },
    async pointsUsersBefore(rows) {
      const limits = new Map(rows.map(({ userId, rowId }) => [userId, rowId]))
      if (limits.size === 0) return new Set()
      await noteIds('points')
      return new Set((await lastIds(limits, queries.pointsOwners({ id: largestOf(limits.values()) }))).keys())
    },
    async pointsByRowIds(ids) {
      return sortedByRow(await lookUpRows('points', ids, queries.pointsByRowIds, records.points(undefined)))
    },
    async userNames(ids) {
      if (mapping.columns.users.name === null) return new Map()
      return new Map(await named(ids, queries.userNames, decoders.userName))
    },
    async usersIn(table, ids) {
      const { name, level } = mapping.columns.users
      if (table === 'users' && name === null && level === null) return new Set()
      if (table !== 'users') await noteIds(table)
      return new Set(await named(ids, (part) => queries.usersIn(table, part), decoders.userId(table)))
    },
    async userLevels(ids) {
      if (mapping.columns.users.level === null) return new Map()
      return new Map(await named(ids, queries.userLevels, decoders.userLevel))
    },
    async expectedRows(table, range) {
      const sample = await sampleOf(table, 0)
      return sample === undefined ? undefined : rowsExpectedIn(range, sample)
    },
    readFrom() {
      const from: { -readonly [Table in keyof ReadFrom]: ReadFrom[Table] } = {}
      for (const table of TIMED_TABLES) {
        const { readFrom } = idBounds[table]
        if (readFrom !== undefined) from[table] = readFrom
      }
      return from
    },
    unreadTimes: met.unreadTimes,
    unknownKinds: met.unknownKinds,
    forgetMet: met.forget,
    readWhole(table) {
      for (const each of TIMED_TABLES) idBounds[each].restart()
      idBounds[table].readWhole()
    },
    close: () => session.close(),
  }
}
