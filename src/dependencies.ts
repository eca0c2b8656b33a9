import type { BillingStore } from './billing/store.ts'
import type { Config } from './config.ts'
import { AuditError, blanked } from './errors.ts'
import type { FalReader } from './fal/reader.ts'
import { parseDatabaseUrl, targetOf } from './ledger/database-url.ts'
import type { LedgerInspection, LedgerInspector } from './ledger/inspection.ts'
import type { ColumnNames } from './ledger/mapping.ts'
import type { LedgerEntry, LedgerSnapshot, LedgerStore, TaskRow } from './ledger/reader.ts'
import { DOCTOR } from './limits.ts'
import { type EntryRecords, entryRecordsOf } from './rows/entry-records.ts'
import type { TaskRecords } from './rows/task-records.ts'
import type { Secrets } from './secrets.ts'
import type { Dependencies, ReportStore } from './tool.ts'
import { couldBeKey } from './units/api-key.ts'
import { type Clock, SECOND } from './units/instant.ts'

export interface Environs {
  readonly clock: Clock
  readonly reports: ReportStore
  /** Told every secret that is learned later, such as the accounts' keys. */
  readonly secrets: Secrets
}

/**
 * What operations work with, from a configuration. Nothing is opened and no driver is loaded before the first use, so that
 * a server starts at once.
 */
export function dependenciesOf(
  config: Config,
  { clock, reports, secrets }: Environs,
  problems: readonly AuditError[] = [],
): Dependencies {
  const { mapping, dbZone, databaseUrl } = config
  return {
    clock,
    ledger: config.databaseUrl === undefined ? undefined : lazyLedger(config, config.databaseUrl, clock, secrets),
    fal: lazyFal(config, secrets),
    settings: config.operation,
    reports,
    billing: lazyBilling(config),
    setup: {
      problems,
      mapping,
      dbZone,
      falProxy: config.falProxies.get(new URL(config.falBaseUrl).origin)?.place,
      inspector: databaseUrl === undefined ? undefined : lazyInspector(config, databaseUrl, clock, secrets),
    },
  }
}

function lazyLedger(config: Config, url: string, clock: Clock, secrets: Secrets): LedgerStore {
  const open = once(async () => {
    const { openLedgerStore } = await import('./ledger/open-store.ts')
    const { mapping, dbZone, databaseDeadline } = config
    return openLedgerStore({ url, mapping, dbZone, clock, deadlineMs: databaseDeadline })
  })
  return withoutSecrets({ snapshot: async (...question) => (await open()).snapshot(...question) }, secrets)
}

/** Its own deadline only stops a read that the doctor's does not. */
const INSPECTION_GRACE = 5 * SECOND

function lazyInspector({ mapping }: Config, url: string, clock: Clock, secrets: Secrets): LedgerInspector {
  const open = once(async () => {
    const { openLedgerInspector } = await import('./ledger/open-inspector.ts')
    return openLedgerInspector({ url, mapping, clock, deadlineMs: DOCTOR.deadline + INSPECTION_GRACE })
  })
  const lazy = {
    ...targetOf(parseDatabaseUrl(url)),
    server: async (signal: AbortSignal) => (await open()).server(signal),
    open: async (signal: AbortSignal) => (await open()).open(signal),
  }
  return inspectorWithoutSecrets(lazy, mapping.columns, secrets)
}

/**
 * As withoutSecrets: account keys are told before anybody else sees them, and stay whole for those who ask fal. Of the rows
 * those cells are redacted that the doctor may show; ids of tasks and orders, and amounts, it only compares and counts.
 */
export function inspectorWithoutSecrets(
  inspector: LedgerInspector,
  columns: ColumnNames,
  { add, redact }: Secrets,
): LedgerInspector {
  const { attempt } = redactingErrors(redact)
  const { accounts, tasks, points, cash } = columns
  const shown = new Set([
    ...[tasks, points, cash].flatMap(({ id, userId }) => [id, userId]),
    ...[tasks.status, tasks.isRefund, tasks.createdAt, tasks.completedAt, points.sourceType, cash.transactionType],
  ])
  const wrapped = (inspection: LedgerInspection): LedgerInspection => ({
    ...inspection,
    newest: (role, names, limit) =>
      attempt(async () => {
        const rows = await inspection.newest(role, names, limit)
        const keyAt = role === 'accounts' ? names.indexOf(accounts.apiKey) : -1
        for (const row of rows) if (couldBeKey(row[keyAt] ?? '')) add(row[keyAt] ?? '')
        const isShown = names.map((name, at) => at !== keyAt && shown.has(name))
        return rows.map((row) => row.map((cell, at) => (cell !== null && isShown[at] ? redact(cell) : cell)))
      }),
    probe: (...of) => attempt(() => inspection.probe(...of)),
    table: (role) => attempt(() => inspection.table(role)),
    rowsScanned: (...question) => attempt(() => inspection.rowsScanned(...question)),
  })
  return {
    ...inspector,
    server: (signal) => attempt(() => inspector.server(signal)),
    open: (signal) => attempt(async () => wrapped(await inspector.open(signal))),
  }
}

/**
 * A store that tells of each account key before anybody else sees it, and whose texts, but ids, hold no secret: redacted
 * here, before anyone cuts them, since half a key that is left of a cut is hardly known for one.
 */
export function withoutSecrets(store: LedgerStore, { add, redact }: Secrets): LedgerStore {
  const { attempt, each } = redactingErrors(redact)
  const tasksOf = async function* (batches: AsyncIterable<TaskRecords>) {
    for await (const batch of batches) {
      batch.words.models.revise(redact)
      yield batch
    }
  }
  const entriesOf = async function* (batches: AsyncIterable<EntryRecords>) {
    for await (const batch of batches) {
      const hasSecret = batch.hasTitles && batch.rows().some((row) => entry(row) !== row)
      yield hasSecret ? entryRecordsOf(batch.rows().map(entry)) : batch
    }
  }
  const task = (row: TaskRow): TaskRow => {
    const model = redact(row.model)
    return model === row.model ? row : { ...row, model }
  }
  const entry = (row: LedgerEntry): LedgerEntry => {
    const title = row.title === '' ? '' : redact(row.title)
    return title === row.title ? row : { ...row, title }
  }
  const wrapped = (snapshot: LedgerSnapshot): LedgerSnapshot => ({
    ...snapshot,
    accounts: () =>
      attempt(async () => {
        const accounts = await snapshot.accounts()
        for (const { apiKey } of accounts) if (couldBeKey(apiKey)) add(apiKey)
        return accounts.map((account) => ({ ...account, name: redact(account.name) }))
      }),
    tasks: (range) => each(tasksOf(snapshot.tasks(range))),
    points: (...question) => each(entriesOf(snapshot.points(...question))),
    cash: (...question) => each(entriesOf(snapshot.cash(...question))),
    tasksByTaskIds: (ids) => attempt(async () => (await snapshot.tasksByTaskIds(ids)).map(task)),
    tasksByRequestIds: (...question) => attempt(async () => (await snapshot.tasksByRequestIds(...question)).map(task)),
    tasksByEitherId: (...question) => attempt(async () => (await snapshot.tasksByEitherId(...question)).map(task)),
    pointsByOrderIds: (...question) => attempt(async () => (await snapshot.pointsByOrderIds(...question)).map(entry)),
    cashByOrderIds: (...question) => attempt(async () => (await snapshot.cashByOrderIds(...question)).map(entry)),
    lastPointsBefore: (...question) => attempt(() => snapshot.lastPointsBefore(...question)),
    pointsRowsBefore: (...question) => attempt(async () => (await snapshot.pointsRowsBefore(...question)).map(entry)),
    pointsUsersBefore: (...question) => attempt(() => snapshot.pointsUsersBefore(...question)),
    pointsByRowIds: (ids) => attempt(async () => (await snapshot.pointsByRowIds(ids)).map(entry)),
    lastUse: () => attempt(() => snapshot.lastUse()),
    expectedRows: (...question) => attempt(async () => snapshot.expectedRows?.(...question)),
    userNames: (ids) =>
      attempt(async () => new Map([...(await snapshot.userNames(ids))].map(([id, name]) => [id, redact(name)]))),
    usersIn: (...question) => attempt(() => snapshot.usersIn(...question)),
    unknownKinds: () => {
      const kinds = Object.entries(snapshot.unknownKinds?.() ?? {})
      return Object.fromEntries(kinds.map(([book, { rows, words }]) => [book, { rows, words: words.map(redact) }]))
    },
    userLevels: (ids) => attempt(() => snapshot.userLevels(ids)),
  })
  return { snapshot: (...question) => attempt(async () => wrapped(await store.snapshot(...question))) }
}

/** Readers whose errors hold no secret either: a database quotes in them what it was sent, or what it holds. */
function redactingErrors(redact: (text: string) => string) {
  const redacted = (error: unknown): unknown => (error instanceof AuditError ? blanked(error, redact) : error)
  const attempt = async <T>(read: () => Promise<T>): Promise<T> => {
    try {
      return await read()
    } catch (error) {
      throw redacted(error)
    }
  }
  async function* each<Batch>(batches: AsyncIterable<Batch>) {
    try {
      yield* batches
    } catch (error) {
      throw redacted(error)
    }
  }
  return { attempt, each }
}

function lazyFal(config: Config, { redact }: Secrets): FalReader {
  const { falBaseUrl: baseUrl, falConcurrency: concurrency, legacyBillingBaseUrl, falProxies: proxies } = config
  const open = once(async () => {
    const { createFalClient } = await import('./fal/client.ts')
    return createFalClient({ baseUrl, legacyBillingBaseUrl, proxies, concurrency, redact })
  })
  return {
    usage: async (...question) => (await open()).usage(...question),
    events: async (...question) => (await open()).events(...question),
    eachEvents: async (...question) => (await open()).eachEvents(...question),
    billing: async (...question) => (await open()).billing(...question),
    serverlessUsage: async (...question) => (await open()).serverlessUsage(...question),
    focus: async (...question) => (await open()).focus(...question),
    legacyInvoices: async (...question) => (await open()).legacyInvoices(...question),
    pricing: async (...question) => (await open()).pricing(...question),
    estimate: async (...question) => (await open()).estimate(...question),
    askAgain: async () => (await open()).askAgain?.(),
    clockAhead: async () => (await open()).clockAhead?.() ?? null,
  }
}

function lazyBilling({ billingStore, operation }: Config): BillingStore {
  const open = once(async () => {
    const { openBillingStore } = await import('./billing-store.ts')
    return openBillingStore(billingStore, operation.modelAliases)
  })
  return {
    rules: async () => (await open()).rules(),
    create: async (...rule) => (await open()).create(...rule),
    update: async (...change) => (await open()).update(...change),
    settled: async (ids) => (await open()).settled(ids),
    recordSettled: async (record) => (await open()).recordSettled(record),
  }
}

/** Calls `make` at the first use, and again after it failed. */
export function once<T>(make: () => Promise<T>): () => Promise<T> {
  let made: Promise<T> | undefined
  return () => {
    made ??= make().catch((error: unknown) => {
      made = undefined
      throw error
    })
    return made
  }
}
