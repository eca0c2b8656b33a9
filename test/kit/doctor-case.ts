import type { z } from 'zod'
import type { Line, output } from '../../schemas/doctor.ts'
import { startFalDouble } from '../../src/demo/fal-double.ts'
import type { FalFault } from '../../src/demo/fal-double-faults.ts'
import { MiniWorld, SHANGHAI } from '../../src/demo/mini-world.ts'
import type { World } from '../../src/demo/stored-world.ts'
import { inspectorWithoutSecrets } from '../../src/dependencies.ts'
import { createFalClient, type FalClientOptions } from '../../src/fal/client.ts'
import type { LedgerInspector } from '../../src/ledger/inspection.ts'
import { DEFAULT_MAPPING, type TableMapping } from '../../src/ledger/mapping.ts'
import { openLedgerInspector } from '../../src/ledger/open-inspector.ts'
import { DOCTOR } from '../../src/limits.ts'
import { type DoctorLimits, diagnose } from '../../src/operations/doctor.ts'
import { createSecrets } from '../../src/secrets.ts'
import type { CallContext, Dependencies, OperationSettings, Setup } from '../../src/tool.ts'
import { type Instant, instant, MINUTE, plus, SECOND } from '../../src/units/instant.ts'
import type { Zone } from '../../src/units/zone.ts'
import { doctorTool } from '../../tools/doctor.ts'
import { BACKENDS, type Backend, type Stored } from '../ledger/backends.ts'
import { memoryDependencies, quietContext } from './audit-world.ts'

export type Diagnosis = z.output<typeof output>

/** The moment at which the doctor looks: minutes after the newest task of `healthyWorld`. */
export const LOOKED_AT: Instant = instant(Date.parse('2026-02-06T04:30:00Z'))
const TASKS = 30

/** Two accounts, and a busy half hour up to a moment ago, its tasks each billed and paid. Times in Shanghai. */
export function healthyWorld(now: Instant = LOOKED_AT): MiniWorld {
  const world = new MiniWorld().account(5, { live: '12.3' }).account(6, { live: '12.3' })
  const before = (minutes: number): string => SHANGHAI.toNaive(plus(now, -minutes * MINUTE - 50 * SECOND))
  for (let each = 0; each < TASKS; each++) world.task({ at: before(69 - each) })
  return world.task({ at: before(1) })
}

export interface CaseParts {
  readonly backend?: Backend
  readonly world?: World
  /** Statements that make the database another one, run before the doctor looks. */
  readonly sql?: readonly string[]
  readonly mapping?: TableMapping
  /** Another DATABASE_URL than that of the world. */
  readonly url?: string
  readonly faults?: readonly FalFault[]
  readonly falUrl?: string
  readonly client?: Partial<FalClientOptions>
  readonly now?: Instant
  readonly dbZone?: Zone
  readonly auditZone?: Zone | undefined
  readonly settings?: Partial<OperationSettings>
  readonly setup?: Partial<Setup>
  readonly limits?: Partial<DoctorLimits>
  readonly context?: CallContext
}

export const EMBEDDED = BACKENDS.find(({ name }) => name === 'embedded') as Backend
export const MARIADB = BACKENDS.find(({ name }) => name === 'mariadb') as Backend

export interface OpenCase {
  readonly stored: Stored
  readonly dependencies: Dependencies
  diagnose(): Promise<Diagnosis>
  close(): Promise<void>
}

/** A world on real parts: rows in a database, the bill behind HTTP. */
export async function openCase(parts: CaseParts = {}): Promise<OpenCase> {
  const { backend = EMBEDDED, world = healthyWorld().build(), mapping = DEFAULT_MAPPING, now = LOOKED_AT } = parts
  const stored = await backend.create(world.tables)
  for (const statement of parts.sql ?? []) await stored.exec(statement)
  const double = await startFalDouble({
    workspaces: world.workspaces,
    ...(parts.faults !== undefined && { faults: parts.faults }),
  })
  const fal = createFalClient({ baseUrl: parts.falUrl ?? double.url, failureBudget: 4000, ...parts.client })
  const secrets = createSecrets()
  const open = (): LedgerInspector =>
    openLedgerInspector({
      url: parts.url ?? stored.url,
      mapping,
      // The server's clock is the real one.
      clock: () => instant(Date.now()),
      deadlineMs: DOCTOR.deadline,
    })
  const auditZone = 'auditZone' in parts ? parts.auditZone : SHANGHAI
  const setup: Setup = {
    problems: [],
    mapping,
    dbZone: parts.dbZone,
    inspector:
      parts.setup !== undefined && 'inspector' in parts.setup
        ? undefined
        : inspectorWithoutSecrets(open(), mapping.columns, secrets),
    ...parts.setup,
  }
  const memory = memoryDependencies(world, { now, settings: { ...parts.settings, auditZone } })
  const dependencies: Dependencies = { ...memory, fal, setup }
  return {
    stored,
    dependencies,
    diagnose: async () => {
      const limits = { ...DOCTOR, ...parts.limits }
      const result = doctorTool.output.parse(await diagnose(dependencies, parts.context ?? quietContext(), limits))
      const text = JSON.stringify(result)
      for (const key of world.workspaces.flatMap(({ apiKeys }) => apiKeys)) {
        for (const secret of [key, ...key.split(':')]) if (text.includes(secret)) throw new Error(`it tells ${secret}`)
      }
      return result
    },
    close: async () => {
      await fal.close()
      await double.close()
      await stored.remove()
    },
  }
}

/** Looks once, and tidies up. */
export async function examined(parts: CaseParts = {}): Promise<Diagnosis> {
  const open = await openCase(parts)
  try {
    return await open.diagnose()
  } finally {
    await open.close()
  }
}

/** The lines of one check, in short: subject where it has one, and status. */
export const statuses = ({ lines }: Diagnosis, id: Line['id']): string[] =>
  lines.filter((line) => line.id === id).map(({ subject, status }) => (subject ? `${subject}: ${status}` : status))

/** The one line of a check, or of its subject. */
export function lineOf({ lines }: Diagnosis, id: Line['id'], subject?: string | RegExp): Line {
  const found = lines.filter(
    (line) =>
      line.id === id &&
      (subject === undefined ||
        (typeof subject === 'string' ? line.subject === subject : subject.test(line.subject ?? ''))),
  )
  if (found.length !== 1 || found[0] === undefined) {
    throw new Error(`there are ${found.length} lines ${id} ${subject ?? ''}: ${JSON.stringify(lines, null, 1)}`)
  }
  return found[0]
}

/** Looks as a user who was given these grants, on tables or on all (*). */
export async function asUser(grants: readonly string[], password = 'only-reads', sql: readonly string[] = []) {
  const open = await openCase({ backend: MARIADB, sql })
  const { pathname, host } = new URL(open.stored.url)
  const database = pathname.slice(1)
  const user = `u_${database.slice(-12)}`
  await open.stored.exec(`CREATE USER '${user}'@'%' IDENTIFIED BY 'only-reads'`)
  for (const grant of grants) {
    await open.stored.exec(grant.replaceAll('{db}', database).replaceAll('{user}', `'${user}'@'%'`))
  }
  try {
    return await examined({ backend: MARIADB, url: `mysql://${user}:${password}@${host}/${database}` })
  } finally {
    await open.stored.exec(`DROP USER '${user}'@'%'`)
    await open.close()
  }
}
export const READING = Object.values(DEFAULT_MAPPING.tables).map((table) => `GRANT SELECT ON {db}.${table} TO {user}`)
