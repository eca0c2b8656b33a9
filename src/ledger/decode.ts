import { IdSet } from '../rows/id-set.ts'
import { spanMayBeOtherForm } from '../rows/other-forms.ts'
import type { Span } from '../rows/record-list.ts'
import { isNought } from '../units/nought.ts'
import { bareId } from '../units/request-id.ts'
import type { Zone } from '../units/zone.ts'
import { type BatcherFactory, type DecoderFactory, inLists, inListsBy, inPairs } from './batches.ts'
import {
  type Cell,
  idOf,
  inRow,
  instantOf,
  isNoTime,
  nanoUsdReader,
  ownIdOf,
  type Place,
  textOf,
  wordOf,
} from './cells.ts'
import type { IdSample, SampledRow } from './id-order.ts'
import type { LastUse } from './last-use.ts'
import type { TableMapping, TableRole } from './mapping.ts'
import type { AccountRow, UserTable } from './reader.ts'
import { orderSpanReader, placeholderSet, requestSpanReader } from './request-id.ts'
import { rowIdIn } from './row-cells.ts'

/** Characters of the shortest text that is a time, YYYY-MM-DD. A shorter one hides none: the query tells texts apart by their length. */
const TIME_CHARS_MIN = 10

/** How the rows of all other queries are read, by position: the order is that of the columns in queries.ts. */
export function decodersOf(mapping: TableMapping, zone: Zone) {
  const placeholders = placeholderSet(mapping.placeholderRequestIds)
  const requestIdOf = requestSpanReader(placeholders)
  const orderOf = orderSpanReader(placeholders)
  const idAt = (role: TableRole): Place => ({ table: mapping.tables[role], column: mapping.columns[role].id })
  const places = {
    tasks: { ...idAt('tasks'), besideKeys: true as const },
    users: idAt('users'),
    points: idAt('points'),
    cash: idAt('cash'),
  }
  const accountAt: Place = { ...idAt('accounts'), besideKeys: true }
  const ownerAt: Place = { table: mapping.tables.points, column: mapping.columns.points.userId }
  const account: DecoderFactory<AccountRow> = (types) => {
    const balanceAt: Place = { ...accountAt, column: mapping.columns.accounts.balance }
    const balanceOf = nanoUsdReader(types[3] ?? 'other', balanceAt)
    return ([id, name, apiKey, balance, status]) => ({
      accountId: ownIdOf(id, accountAt),
      name: textOf(name),
      apiKey: textOf(apiKey),
      balanceNanoUsd: cellOf(() => balanceOf(balance), idOf(id, accountAt)),
      disabled: isNought(textOf(status)),
    })
  }

  /** The row id of a row whose order id is wanted, or a request id that is, in whatever form it is stored. */
  const orderedRow = (book: 'points' | 'cash', wanted: ReadonlySet<string>): BatcherFactory<readonly number[]> => {
    const ids = new IdSet(wanted)
    const place = idAt(book)
    const isOther = (span: Span): boolean => {
      const { bytes, from, length } = span
      return spanMayBeOtherForm(span) && wanted.has(bareId(bytes.toString('utf8', from, from + length)))
    }
    return inListsBy(() => (row) => {
      const span = orderOf(row.span(1))
      return ids.has(span) || isOther(span) ? rowIdIn(row, place) : undefined
    })
  }

  /** The row id of a task whose request id, in whatever form it is stored, is wanted. */
  const requestedRow = (wanted: ReadonlySet<string>): BatcherFactory<readonly number[]> => {
    const ids = new IdSet(wanted)
    return inListsBy(() => (row) => (ids.has(requestIdOf(row.span(1))) ? rowIdIn(row, places.tasks) : undefined))
  }

  /** The row id of a task whose own id is wanted. */
  const ownTaskRow = (wanted: ReadonlySet<string>): BatcherFactory<readonly number[]> => {
    const ids = new IdSet(wanted)
    return inListsBy(() => (row) => (ids.has(row.span(1)) ? rowIdIn(row, places.tasks) : undefined))
  }

  /** The row id of a task whose own id is wanted, or whose request id is one of others that are, in whatever form. */
  const eitherRow = (wanted: ReadonlySet<string>, requests: ReadonlySet<string>): BatcherFactory<readonly number[]> => {
    const ids = new IdSet(wanted)
    const requestIds = new IdSet(requests)
    return inListsBy(
      () => (row) =>
        ids.has(row.span(1)) || requestIds.has(requestIdOf(row.span(2))) ? rowIdIn(row, places.tasks) : undefined,
    )
  }

  /** The last row id of a user who is wanted. */
  const lastRowId = (wanted: ReadonlySet<number>): BatcherFactory<readonly number[]> =>
    inLists(
      () =>
        ([userId, id]) =>
          wanted.has(idOf(userId, ownerAt)) ? ownIdOf(id, places.points) : undefined,
    )

  const lastUse: DecoderFactory<LastUse> =
    () =>
    ([apiKey, createdAt]) => {
      const [at, text] = [instantOf(zone, createdAt), textOf(createdAt)]
      return { apiKey: textOf(apiKey), at, isUnread: at === null && !isNoTime(text) && text.length >= TIME_CHARS_MIN }
    }

  /** Undefined where ids are no integers that a number holds. */
  const idSpan: DecoderFactory<IdSample['ids']> =
    () =>
    ([least, greatest]) => {
      if (least === null) return null
      const ids = { least: wholeOf(least), greatest: wholeOf(greatest) }
      return Number.isSafeInteger(ids.least) && Number.isSafeInteger(ids.greatest) ? ids : undefined
    }

  /** Its id is one of a span that numbers hold. */
  const sampledRow: DecoderFactory<SampledRow> =
    () =>
    ([id, at]) => ({ id: Number(id), at: instantOf(zone, at) })

  const userName: DecoderFactory<readonly [number, string]> =
    () =>
    ([id, name]) => [idOf(id, places.users), textOf(name)]

  /** Whom rows of a table name. */
  const userId = (table: UserTable): BatcherFactory<readonly number[]> => {
    const place = table === 'users' ? places.users : { ...places[table], column: mapping.columns[table].userId }
    return inLists(
      () =>
        ([id]) =>
          idOf(id, place),
    )
  }

  /** Undefined for a user without a level. */
  const userLevel: DecoderFactory<readonly [number, string]> =
    () =>
    ([id, cell]) => {
      const level = wordOf(cell)
      return level === '' ? undefined : [idOf(id, places.users), level]
    }

  return {
    account: inLists(account),
    ownedRows: inPairs(places.points, ownerAt),
    orderedRow,
    requestedRow,
    ownTaskRow,
    eitherRow,
    lastRowId,
    lastUse: inLists(lastUse),
    idSpan: inLists(idSpan),
    sampledRow: inLists(sampledRow),
    userName: inLists(userName),
    userId,
    userLevel: inLists(userLevel),
  }
}

function cellOf<T>(read: () => T, rowId: number): T {
  try {
    return read()
  } catch (error) {
    throw inRow(error, rowId)
  }
}

/** A number as the database gives it; a text that looks like one is none. */
const wholeOf = (cell: Cell | undefined): number =>
  typeof cell === 'number' || typeof cell === 'bigint' ? Number(cell) : Number.NaN
