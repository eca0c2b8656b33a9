import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { inject } from 'vitest'
import { type Report, report as reportSchema } from '../../schemas/report.ts'
import { type FalDouble, type FalDoubleOptions, startFalDouble } from '../../src/demo/fal-double.ts'
import { SHANGHAI } from '../../src/demo/mini-world.ts'
import type { World } from '../../src/demo/stored-world.ts'
import { writeEmbedded } from '../../src/demo/write-embedded.ts'
import { createFalClient, type FalClientOptions } from '../../src/fal/client.ts'
import { openEmbeddedHandle } from '../../src/ledger/embedded-handle.ts'
import { DEFAULT_MAPPING } from '../../src/ledger/mapping.ts'
import { openLedgerStore } from '../../src/ledger/open-store.ts'
import { runAudit } from '../../src/operation.ts'
import { createReportStore } from '../../src/reports.ts'
import type { Dependencies, OperationSettings } from '../../src/tool.ts'
import type { Zone } from '../../src/units/zone.ts'
import { auditInput, quietContext, READ_AT, settingsFor, type WorldAudit } from './audit-world.ts'
import { memoryBilling } from './billing.ts'
import { freshDatabase, writeMariaDb } from './mariadb.ts'
import { freshShards } from './spider.ts'

export const STORES = ['embedded', 'mariadb'] as const
/** Spider runs in the test project of that name alone. */
export type StoreKind = (typeof STORES)[number] | 'spider'

export interface RealParts {
  readonly store: StoreKind
  readonly double?: Omit<FalDoubleOptions, 'workspaces'>
  readonly client?: Partial<FalClientOptions>
  readonly dbZone?: Zone
}

export interface RealWorld {
  readonly url: string
  readonly falUrl: string
  readonly double: FalDouble
  /** Runs a statement as somebody else's program would. */
  exec(sql: string): Promise<void>
  dependencies(options?: WorldAudit): Dependencies
  close(): Promise<void>
}

/** A world on real parts: rows in a database, the bill behind HTTP. */
export async function openWorld(world: World, parts: RealParts): Promise<RealWorld> {
  const database = await openDatabase(world, parts.store)
  const double = await startFalDouble({ ...parts.double, workspaces: world.workspaces })
  const legacyBillingBaseUrl = parts.double?.legacyInvoices === undefined ? undefined : double.url
  const fal = createFalClient({ baseUrl: double.url, legacyBillingBaseUrl, ...parts.client })
  return {
    url: database.url,
    falUrl: double.url,
    double,
    exec: database.exec,
    dependencies: ({ now = READ_AT, zone = SHANGHAI, settings = {}, billing = memoryBilling() } = {}) => {
      const overrides: Partial<OperationSettings> = { auditZone: zone, ...settings }
      const clock = () => now
      const ledger = openLedgerStore({ url: database.url, mapping: DEFAULT_MAPPING, dbZone: parts.dbZone, clock })
      return { clock, ledger, fal, settings: settingsFor(overrides), reports: createReportStore(2), billing }
    },
    close: async () => {
      await fal.close()
      await double.close()
      await database.close()
    },
  }
}

async function openDatabase(world: World, store: StoreKind): Promise<Pick<RealWorld, 'url' | 'exec' | 'close'>> {
  if (store === 'embedded') {
    const folder = await mkdtemp(join(tmpdir(), 'fal-audit-test-'))
    const path = join(folder, 'world.db')
    await writeEmbedded(path, world.tables)
    const exec = async (sql: string): Promise<void> => {
      const handle = await openEmbeddedHandle(path)
      handle.exec(sql)
      handle.close()
    }
    return { url: `file:${path}`, exec, close: () => rm(folder, { recursive: true, force: true }) }
  }
  if (store === 'spider') {
    const sharded = await freshShards(inject('spider'))
    await sharded.write(world.tables)
    return { url: sharded.url, exec: (sql) => sharded.exec(sql), close: () => sharded.drop() }
  }
  const database = await freshDatabase(inject('mariadb'))
  await writeMariaDb(database.options, world.tables)
  const exec = async (sql: string): Promise<void> => void (await database.admin.query(sql))
  return { url: database.urlFor(), exec, close: () => database.drop() }
}

/** Audits a world on real parts, closes them, and holds the report to its schema. */
export async function auditRealWorld(world: World, parts: RealParts, options: WorldAudit = {}): Promise<Report> {
  const real = await openWorld(world, parts)
  try {
    return reportSchema.parse(await runAudit(auditInput(options), real.dependencies(options), quietContext()))
  } finally {
    await real.close()
  }
}
