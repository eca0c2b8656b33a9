import type { ColumnNames, TableRole } from '../../ledger/mapping.ts'
import { editDistance } from '../../nearest.ts'

/** Words that other installations use for a column, besides its default name; without case and underscores. */
const SYNONYMS: Readonly<Record<string, readonly string[]>> = {
  'accounts.name': ['label', 'title', 'alias', 'accountname'],
  'accounts.apiKey': ['key', 'secret', 'token', 'falkey', 'accesskey', 'apitoken', 'secretkey'],
  'accounts.balance': ['credit', 'credits', 'amount', 'balanceusd'],
  'accounts.status': ['state', 'enabled', 'active', 'isactive'],
  'tasks.userId': ['uid', 'memberid', 'customerid', 'accountid', 'ownerid'],
  'tasks.taskId': ['taskno', 'jobid', 'uuid', 'orderid', 'taskuuid'],
  'tasks.onlineTaskId': ['requestid', 'falrequestid', 'onlineid', 'remoteid', 'externalid', 'falid', 'providerid'],
  'tasks.appName': ['model', 'modelname', 'endpoint', 'endpointid', 'app', 'application', 'modelid'],
  'tasks.apiKey': ['key', 'falkey', 'accountkey', 'apitoken', 'secret'],
  'tasks.status': ['state', 'taskstatus'],
  'tasks.money': ['points', 'price', 'charge', 'chargedpoints', 'amount', 'credits', 'fee'],
  'tasks.costMoney': ['cost', 'costusd', 'falcost', 'costprice', 'costamount'],
  'tasks.isRefund': ['refunded', 'refund', 'isrefunded', 'refundflag'],
  'tasks.createdAt': ['createtime', 'created', 'createdtime', 'gmtcreate', 'addtime', 'ctime', 'createdate'],
  'tasks.completedAt': ['completetime', 'finishedat', 'finishtime', 'endedat', 'endtime', 'doneat', 'completed'],
  'users.name': ['name', 'nickname', 'account', 'email', 'mobile', 'displayname'],
  'points.userId': ['uid', 'memberid', 'customerid'],
  'points.points': ['amount', 'change', 'changepoints', 'delta', 'value', 'score', 'num'],
  'points.orderId': ['orderno', 'ordersn', 'taskid', 'bizid', 'relatedid', 'outtradeno'],
  'points.title': ['remark', 'description', 'memo', 'note', 'desc'],
  'points.sourceType': ['type', 'source', 'biztype', 'kind', 'changetype'],
  'points.balanceBefore': ['before', 'beforebalance', 'pointsbefore', 'oldbalance'],
  'points.balanceAfter': ['after', 'afterbalance', 'pointsafter', 'newbalance', 'balance'],
  'points.createdAt': ['createtime', 'created', 'time', 'createdtime', 'gmtcreate', 'addtime', 'ctime'],
  'cash.userId': ['uid', 'memberid', 'customerid'],
  'cash.money': ['amount', 'cents', 'price', 'fee', 'total'],
  'cash.orderId': ['orderno', 'ordersn', 'taskid', 'bizid', 'outtradeno'],
  'cash.title': ['remark', 'description', 'memo', 'note', 'desc'],
  'cash.time': ['createdat', 'createtime', 'created', 'paidat', 'transactiontime', 'gmtcreate', 'addtime'],
  'cash.transactionType': ['type', 'kind', 'biztype', 'transtype'],
}

const CANDIDATES_SHOWN = 3
/** Share of a word's letters that may differ. */
const DIFFERENT_SHARE = 0.34

const plain = (name: string): string => name.toLowerCase().replace(/[^\p{L}\p{N}]/gu, '')

/** Columns of a table that could be the missing one, most likely first; those that are read already are none. */
export function columnCandidates(
  role: TableRole,
  key: string,
  wanted: string,
  present: readonly string[],
  taken: readonly string[],
): string[] {
  const used = new Set(taken.map((name) => name.toLowerCase()))
  const words = new Set([plain(wanted), plain(key), ...(SYNONYMS[`${role}.${key}`] ?? [])])
  return best(
    present.filter((name) => !used.has(name.toLowerCase())),
    (name) => Math.max(...[...words].map((word) => likeness(word, plain(name)))),
  )
}

/** Tables that could be the missing one: they have its columns, or a name much like it. */
export function tableCandidates(
  wanted: string,
  columns: ColumnNames[TableRole],
  tables: ReadonlyMap<string, readonly string[]>,
  taken: readonly string[],
): string[] {
  const names = Object.values(columns).filter((name): name is string => name !== null)
  // Every table has an id; a user and a time say little of what it holds.
  const telling = names.filter((name) => !['id', 'user_id', 'created_at', 'name', 'status', 'title'].includes(name))
  const used = new Set(taken)
  return best(
    [...tables.keys()].filter((table) => !used.has(table)),
    (table) => {
      const has = new Set((tables.get(table) ?? []).map((name) => name.toLowerCase()))
      const share = telling.filter((name) => has.has(name.toLowerCase())).length / Math.max(1, telling.length)
      return Math.max(share > 0.5 ? share : 0, likeness(plain(wanted), plain(table)))
    },
  )
}

function best(names: readonly string[], scoreOf: (name: string) => number): string[] {
  return names
    .map((name) => ({ name, score: scoreOf(name) }))
    .filter(({ score }) => score > 0)
    .sort((a, b) => b.score - a.score || (a.name < b.name ? -1 : 1))
    .slice(0, CANDIDATES_SHOWN)
    .map(({ name }) => name)
}

/** 1 where two plain names are one, less where one holds the other or few letters differ, 0 where they are strangers. */
function likeness(a: string, b: string): number {
  if (a === b) return 1
  if (a === '' || b === '') return 0
  const [short, long] = a.length < b.length ? [a, b] : [b, a]
  if (short.length >= 4 && long.includes(short)) return 0.5 + (0.4 * short.length) / long.length
  const distance = editDistance(a, b) / long.length
  return distance <= DIFFERENT_SHARE ? 0.8 * (1 - distance) : 0
}
