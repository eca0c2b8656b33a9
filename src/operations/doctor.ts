import type { z } from 'zod'
import { CHECKS, LINE_STATUSES, type Line, type LineStatus, type output } from '../../schemas/doctor.ts'
import { AuditError, withDeadline } from '../errors.ts'
import type { LedgerInspection } from '../ledger/inspection.ts'
import type { TableRole } from '../ledger/mapping.ts'
import { DOCTOR } from '../limits.ts'
import { temporaryRoom } from '../spool/room.ts'
import type { CallContext, Dependencies, Setup } from '../tool.ts'
import { couldBeKey } from '../units/api-key.ts'
import type { Instant } from '../units/instant.ts'
import { isNought } from '../units/nought.ts'
import { openZone, UTC } from '../units/zone.ts'
import {
  ledgerLinkLine,
  ledgerWordsLines,
  refundFlagsLine,
  requestIdsLine,
  statusWordsLine,
} from './doctor/coverage.ts'
import { NEEDS_DATABASE, type OpenedDatabase, openDatabase, settingsLines } from './doctor/database.ts'
import { grantsLine } from './doctor/grants.ts'
import { ID_KEYS, idLine, idLines } from './doctor/ids.ts'
import { examineIndexes } from './doctor/indexes.ts'
import { type CheckedKey, examineKeys } from './doctor/keys.ts'
import { checked, counted, failure, messageOf, nextOf, ok, unverified, warning } from './doctor/lines.ts'
import { readSample } from './doctor/sample.ts'
import { ledgerSignsLines } from './doctor/signs.ts'
import { examineTables } from './doctor/tables.ts'
import { temporaryFolderLine } from './doctor/temporary-folder.ts'
import { changesLines, clockLine, endsLines, timeZoneLine } from './doctor/times.ts'

type Diagnosis = z.input<typeof output>
export type DoctorLimits = { readonly [Name in keyof typeof DOCTOR]: number }

const TASK_KEYS = [...ID_KEYS, 'createdAt', 'completedAt', 'taskId', 'onlineTaskId', 'status', 'money', 'isRefund']

interface Case {
  readonly dependencies: Dependencies
  readonly setup: Setup
  readonly limits: DoctorLimits
  readonly now: Instant
  readonly signal: AbortSignal
  readonly progress: (message: string) => void
}

/**
 * Looks at everything that a fresh installation gets wrong. It never stops at the first problem: what can still be looked at
 * is, the rest is unverified with its reason. Reads no table from end to end, and ends at its deadline.
 * Throws only where the caller has gone away.
 */
export async function diagnose(
  dependencies: Dependencies,
  context: CallContext,
  limits: DoctorLimits = DOCTOR,
): Promise<Diagnosis> {
  const { clock, settings, setup = NO_SETUP } = dependencies
  // What is cut by the deadline is unverified, what the caller cuts is cancelled.
  const late = new AuditError('source', `not looked at: the doctor ends after ${limits.deadline / 1000} s`)
  const time = withDeadline([context.signal], limits.deadline, late)
  let done = 0
  const progress = (message: string): void => context.progress({ message, done: ++done })
  const theCase: Case = { dependencies, setup, limits, now: clock(), signal: time.signal, progress }
  let opened: OpenedDatabase | undefined
  try {
    opened = await openDatabase(setup, settings.falKey !== undefined, time.signal)
    progress('database opened')
    const keys = await keysOf(opened.inspection, theCase)
    const [lines, falLines] = await Promise.all([databaseLines(opened, theCase), falKeyLines(keys, theCase)])
    const clocks = await clockLines(opened, dependencies)
    return resultOf(
      [...settingsLines(setup), ...opened.lines, ...lines, ...keys.lines, ...falLines, ...clocks],
      theCase,
    )
  } finally {
    await opened?.inspection?.close()
    time.release()
  }
}

const NO_SETUP: Setup = { problems: [], inspector: undefined, mapping: undefined, dbZone: undefined }

interface Keys {
  readonly lines: readonly Line[]
  readonly keys: readonly CheckedKey[]
}

/** The keys of the accounts that an audit would use, or FAL_KEY where there is no database. */
async function keysOf(inspection: LedgerInspection | undefined, theCase: Case): Promise<Keys> {
  const { settings } = theCase.dependencies
  const { mapping } = theCase.setup
  if (inspection === undefined || mapping === undefined) {
    const { falKey } = settings
    if (falKey === undefined)
      return { lines: [unverified('accounts', { seen: 'the accounts cannot be read' })], keys: [] }
    const lines = [unverified('accounts', { seen: 'the accounts cannot be read; FAL_KEY is looked at instead' })]
    return { lines, keys: [{ holder: 'FAL_KEY', apiKey: falKey, disabled: false }] }
  }
  const { id, apiKey, status } = mapping.columns.accounts
  try {
    const rows = await newestAccounts(inspection, [id, apiKey, status], settings.accountLimit)
    if (rows.length === 0) {
      const todo = `insert the fal keys into ${mapping.tables.accounts}, or name the right table in AUDIT_CONFIG`
      return { lines: [failure('accounts', { seen: 'the table of accounts is empty', todo })], keys: [] }
    }
    const keys = rows.map(([accountId, key, stored]) => ({
      holder: `account ${accountId}`,
      apiKey: key ?? '',
      disabled: isNought(stored ?? ''),
    }))
    const seen = `the newest ${counted(keys.length, 'account')} will be audited (AUDIT_ACCOUNT_LIMIT ${settings.accountLimit})`
    const ids = rows.map(([accountId]) => accountId ?? null)
    const wrong = idLine('accounts', 'id', ids, mapping)
    return { lines: [...(wrong === undefined ? [] : [wrong]), ok('accounts', { seen }), ...wordLines(keys)], keys }
  } catch (error) {
    return { lines: [unverified('accounts', { seen: messageOf(error), todo: nextOf(error) })], keys: [] }
  }
}

const HOLDERS_SHOWN = 10

/** Accounts whose key is none, which a report takes for no secret. */
function wordLines(keys: readonly CheckedKey[]): readonly Line[] {
  const words = keys.filter(({ apiKey }) => apiKey.trim() !== '' && !couldBeKey(apiKey))
  if (words.length === 0) return []
  const holders = words.slice(0, HOLDERS_SHOWN).map(({ holder }) => holder)
  const more = words.length - holders.length
  const subject = `${holders.join(', ')}${more > 0 ? ` and ${more} more` : ''}`
  const seen = 'what stands in the place of the key is none: a short word or a number. It is not blanked out of reports'
  return [warning('accounts', { subject, seen, todo: 'store a key of fal there, or leave it empty' })]
}

/** Also where the column of the status is missing. */
async function newestAccounts(inspection: LedgerInspection, columns: readonly string[], limit: number) {
  const facts = await inspection.table('accounts')
  const there = new Set(facts.columns.map(({ name }) => name.toLowerCase()))
  const optional = columns.filter((name, at) => at < 2 || there.has(name.toLowerCase()))
  return inspection.newest('accounts', optional, limit)
}

async function falKeyLines(
  { keys }: Keys,
  { dependencies, setup, now, signal, progress }: Case,
): Promise<readonly Line[]> {
  const zone = dependencies.settings.auditZone ?? UTC
  // Whoever calls the doctor wants to know what is the case now, not what was a short while ago.
  await dependencies.fal.askAgain?.()
  const lines = await examineKeys(keys, { fal: dependencies.fal, proxy: setup.falProxy, zone, now, signal })
  progress('fal asked')
  return keys.length > 0 ? lines : [...lines, unverified('fal-key', { seen: 'there is no key to ask with' })]
}

async function databaseLines({ inspection, server, reason }: OpenedDatabase, theCase: Case): Promise<readonly Line[]> {
  const { dependencies, setup, limits, now, signal, progress } = theCase
  const { mapping, inspector } = setup
  if (inspection === undefined || mapping === undefined || inspector === undefined || server === undefined) {
    const none = { unread: reason }
    const folder = temporaryFolderLine({ room: temporaryRoom, tasks: none, points: none, cash: none, zone: undefined })
    return [...NEEDS_DATABASE.map((id) => unverified(id, { seen: reason })), folder]
  }
  const { settings } = dependencies
  const serverZone = openZone(inspection.databaseOffset)
  const zone = setup.dbZone ?? settings.auditZone ?? serverZone
  const zoneIsServers = zone?.format(now) === serverZone?.format(now)
  const isTold = setup.dbZone !== undefined || settings.auditZone !== undefined
  const changes = isTold
    ? []
    : await checked('time-zone', undefined, async () => changesLines(await inspection.offsetsOfYear()))
  const grants = await checked('database-grants', undefined, () => grantsLine(inspection, inspector.database))
  const { lines: tables, readable } = await examineTables({
    inspection,
    mapping,
    engine: server.engine,
    zoneIsServers,
    signal,
  })
  progress('tables examined')
  const indexes = await examineIndexes({ inspection, readable, rowsMin: limits.indexRowsMin })
  const sample = (role: TableRole, keys: readonly string[], rows: number) =>
    readSample(inspection, readable, role, keys, rows)
  const tasks = await sample('tasks', TASK_KEYS, limits.taskRows)
  const points = await sample('points', [...ID_KEYS, 'createdAt', 'orderId', 'sourceType', 'points'], limits.ledgerRows)
  const cash = await sample('cash', [...ID_KEYS, 'time', 'orderId', 'transactionType', 'money'], limits.ledgerRows)
  const { ledgerLinkRatio: linkRatio, stuckMillis } = settings.thresholds
  const { ledgerLink } = settings
  const { bareRequestId } = inspection
  const parts = { tasks, points, cash, mapping, bareRequestId, zone, now, linkRatio, ledgerLink, stuckMillis }
  progress('rows sampled')
  return [
    ...grants,
    ...tables,
    ...idLines({ tasks, points, cash }, mapping),
    ...indexes,
    timeZoneLine({ tasks, zone, now }),
    ...endsLines({ tasks, zone, now }),
    ...changes,
    requestIdsLine(parts),
    ledgerLinkLine(parts),
    statusWordsLine(parts),
    refundFlagsLine(parts),
    ...ledgerWordsLines(parts),
    ...ledgerSignsLines(parts),
    temporaryFolderLine({ room: temporaryRoom, ...parts }),
  ]
}

async function clockLines({ server }: OpenedDatabase, { fal }: Dependencies): Promise<readonly Line[]> {
  const falAhead = (await fal.clockAhead?.()) ?? null
  const databaseAhead = server?.clockAhead ?? null
  const lines = [
    ...(falAhead === null ? [] : [clockLine('fal', falAhead)]),
    ...(databaseAhead === null ? [] : [clockLine('database', databaseAhead)]),
  ]
  return lines.length > 0 ? lines : [unverified('clock', { seen: 'neither fal nor a database told its time' })]
}

const WORST_FIRST: readonly LineStatus[] = ['failure', 'warning', 'unverified', 'ok']

const MEND = 'mend the lines of status failure, then call doctor again'
const AUDIT = 'audit-reconcile: the whole audit'
const BILL_ALONE = 'fal-get-usage: what fal billed; an audit needs DATABASE_URL'

function resultOf(lines: readonly Line[], { now, dependencies, setup }: Case): Diagnosis {
  const [ok = 0, warning = 0, failures = 0, unseen = 0] = LINE_STATUSES.map(
    (status) => lines.filter((line) => line.status === status).length,
  )
  // What is wrong comes first: a long result is cut at its end.
  const sorted = [...lines].sort(
    (a, b) =>
      WORST_FIRST.indexOf(a.status) - WORST_FIRST.indexOf(b.status) || CHECKS.indexOf(a.id) - CHECKS.indexOf(b.id),
  )
  return {
    asOf: (dependencies.settings.auditZone ?? UTC).format(now),
    complete: unseen === 0,
    counts: { ok, warning, failure: failures, unverified: unseen },
    lines: sorted,
    next: failures > 0 ? MEND : setup.inspector === undefined ? BILL_ALONE : AUDIT,
  }
}
