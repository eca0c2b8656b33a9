import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { inject } from 'vitest'
import type { StoredAccount, StoredCash, StoredPoints, StoredTables, StoredTask } from '../../src/demo/stored-world.ts'
import { writeEmbedded } from '../../src/demo/write-embedded.ts'
import { openEmbeddedHandle } from '../../src/ledger/embedded-handle.ts'
import { DEFAULT_MAPPING, type TableMapping } from '../../src/ledger/mapping.ts'
import { openLedgerStore } from '../../src/ledger/open-store.ts'
import type { LedgerSnapshot } from '../../src/ledger/reader.ts'
import { instant, parseInstant } from '../../src/units/instant.ts'
import { openZone } from '../../src/units/zone.ts'
import { freshDatabase, writeMariaDb } from '../kit/mariadb.ts'
import { freshShards } from '../kit/spider.ts'

/** One of the kinds of database that hold the same world. */
export interface Backend {
  readonly name: 'mariadb' | 'embedded' | 'spider'
  /** Digits of a FLOAT that arrive whole. */
  readonly floatDigits: 6 | 7
  create(tables: Partial<StoredTables>): Promise<Stored>
}

/** A database with a world in it. */
export interface Stored {
  readonly url: string
  /** Runs a statement as the operator's program would, on a connection of its own. */
  exec(sql: string): Promise<void>
  remove(): Promise<void>
}

const embedded: Backend = {
  name: 'embedded',
  floatDigits: 7,
  async create(tables) {
    const folder = mkdtempSync(join(tmpdir(), 'fal-audit-embedded-'))
    const path = join(folder, 'world.db')
    await writeEmbedded(path, { ...NOTHING, ...tables })
    const writer = await openEmbeddedHandle(path)
    // Without the log a writer waits for readers to finish; the operator's MySQL does not.
    writer.prepare('PRAGMA journal_mode = WAL').raw().iterate().next()
    return {
      url: `file:${path}`,
      exec: async (sql) => void writer.exec(sql),
      remove: async () => {
        writer.close()
        rmSync(folder, { recursive: true })
      },
    }
  },
}

const mariadb: Backend = {
  name: 'mariadb',
  floatDigits: 7,
  async create(tables) {
    const database = await freshDatabase(inject('mariadb'))
    await writeMariaDb(database.options, { ...NOTHING, ...tables })
    return {
      url: database.urlFor(),
      exec: async (sql) => void (await database.admin.query(sql)),
      remove: () => database.drop(),
    }
  },
}

const spider: Backend = {
  name: 'spider',
  // Spider asks its shards in the text protocol, which prints six.
  floatDigits: 6,
  async create(tables) {
    const database = await freshShards(inject('spider'))
    await database.write({ ...NOTHING, ...tables })
    return { url: database.url, exec: (sql) => database.exec(sql), remove: () => database.drop() }
  },
}

/** The two that a run of all tests has, or the shards of the project that is about them. */
export const BACKENDS: readonly Backend[] = inject('spider') === undefined ? [mariadb, embedded] : [spider]

const NOTHING: StoredTables = { accounts: [], tasks: [], users: [], points: [], cash: [] }

export const NOW = at('2026-02-10T00:00:00Z')

export interface Opening {
  readonly mapping?: TableMapping
  readonly zone?: string
  readonly signal?: AbortSignal
  readonly deadlineMs?: number
}

export function openSnapshot(stored: { url: string }, opening: Opening = {}): Promise<LedgerSnapshot> {
  const { mapping = DEFAULT_MAPPING, zone = '+08:00', signal = new AbortController().signal, deadlineMs } = opening
  return openLedgerStore({
    url: stored.url,
    mapping,
    dbZone: openZone(zone)!,
    clock: () => NOW,
    ...(deadlineMs === undefined ? {} : { deadlineMs }),
  }).snapshot(signal)
}

/** Opens a snapshot, uses it, closes it. */
export async function reading<T>(
  stored: { url: string },
  use: (snapshot: LedgerSnapshot) => Promise<T>,
  opening: Opening = {},
): Promise<T> {
  const snapshot = await openSnapshot(stored, opening)
  try {
    return await use(snapshot)
  } finally {
    await snapshot.close()
  }
}

/** The rows of a stream, as objects. */
export async function all<Row>(batches: AsyncIterable<{ rows(): readonly Row[] }>): Promise<Row[]> {
  const rows: Row[] = []
  for await (const batch of batches) rows.push(...batch.rows())
  return rows
}

export function at(iso: string) {
  return parseInstant(iso) ?? instant(Number.NaN)
}

export const ALL_TIME = { start: at('2000-01-01T00:00:00Z'), end: at('2100-01-01T00:00:00Z') }

export const account = (id: number, more: Partial<StoredAccount> = {}): StoredAccount => ({
  id,
  name: `account ${id}`,
  apiKey: `key-${id}-0000:secret`,
  balance: '10',
  status: 1,
  ...more,
})

export const task = (id: number, more: Partial<StoredTask> = {}): StoredTask => ({
  id,
  userId: 101,
  taskId: `t${id}`,
  onlineTaskId: uuid(id),
  appName: 'fal-ai/flux/dev',
  apiKey: 'key-1-0000:secret',
  status: 'completed',
  money: 40,
  costMoney: '0.1',
  isRefund: 0,
  createdAt: '2026-02-03 12:00:00',
  completedAt: '2026-02-03 12:00:30',
  ...more,
})

export const pointsRow = (id: number, more: Partial<StoredPoints> = {}): StoredPoints => ({
  id,
  userId: 101,
  points: -40,
  orderId: `t${id}`,
  title: 'image',
  sourceType: 'consume',
  balanceBefore: 100,
  balanceAfter: 60,
  createdAt: '2026-02-03 12:00:00',
  ...more,
})

export const cashRow = (id: number, more: Partial<StoredCash> = {}): StoredCash => ({
  id,
  userId: 101,
  money: -40,
  orderId: `t${id}`,
  title: 'image',
  transactionType: 1,
  time: '2026-02-03 12:00:00',
  ...more,
})

export const uuid = (id: number): string => `00000000-0000-4000-8000-${String(id).padStart(12, '0')}`
