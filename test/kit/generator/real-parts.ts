import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { openBillingStore } from '../../../src/billing-store.ts'
import { startFalDouble } from '../../../src/demo/fal-double.ts'
import type { FalWorkspace } from '../../../src/demo/stored-world.ts'
import { writeEmbedded } from '../../../src/demo/write-embedded.ts'
import { createFalClient } from '../../../src/fal/client.ts'
import { openEmbeddedHandle } from '../../../src/ledger/embedded-handle.ts'
import { mappingWith } from '../../../src/ledger/mapping.ts'
import { openLedgerStore } from '../../../src/ledger/open-store.ts'
import { runAudit } from '../../../src/operation.ts'
import { createReportStore } from '../../../src/reports.ts'
import type { Instant } from '../../../src/units/instant.ts'
import { auditInput, quietContext, settingsFor } from '../audit-world.ts'
import { freshDatabase, type MariaDbServer, writeMariaDb } from '../mariadb.ts'
import { auditOf } from './audit-draft.ts'
import { recordPrices } from './prices.ts'
import type { Rendered } from './render.ts'
import type { Auditor } from './trial.ts'

/** The column of the users table that holds levels in these worlds. */
const LEVEL = 'membership_level'
const MAPPING = mappingWith({ columns: { users: { level: LEVEL } } })

/**
 * Audits drafts on real parts: rows in the embedded database, or in a server of which each draft has its own database; fal behind HTTP, and
 * price rules in a file.
 */
export const onRealParts =
  (server: MariaDbServer | null): Auditor =>
  async (draft, depth, rendered) => {
    const audit = auditOf(draft, depth)
    const { now, zone = draft.window.zone } = audit
    const clock = (): Instant => now ?? draft.now
    const database = server === null ? await embeddedWith(rendered) : await mariaDbWith(server, rendered)
    const bill = await falWith(rendered.world.workspaces, clock)
    const usage = rendered.usageWorkspaces === null ? bill : await falWith(rendered.usageWorkspaces, clock)
    const folder = await mkdtemp(join(tmpdir(), 'fal-audit-verify-rules-'))
    try {
      const billing = openBillingStore(join(folder, 'billing.db'), draft.settings.modelAliases)
      await recordPrices(billing, draft.prices)
      const ledger = openLedgerStore({ url: database.url, mapping: MAPPING, clock })
      const settings = settingsFor({ auditZone: zone, ...audit.settings })
      const fal = { ...bill.client, usage: usage.client.usage }
      return await runAudit(
        auditInput(audit),
        { clock, ledger, fal, settings, reports: createReportStore(1), billing },
        quietContext(),
      )
    } finally {
      await bill.close()
      if (usage !== bill) await usage.close()
      await database.close()
      await rm(folder, { recursive: true, force: true })
    }
  }

async function falWith(workspaces: readonly FalWorkspace[], clock: () => Instant) {
  const double = await startFalDouble({ workspaces, clock })
  const client = createFalClient({ baseUrl: double.url })
  const close = async (): Promise<void> => {
    await client.close()
    await double.close()
  }
  return { client, close }
}

async function embeddedWith({ world }: Rendered): Promise<{ url: string; close(): Promise<void> }> {
  const folder = await mkdtemp(join(tmpdir(), 'fal-audit-verify-'))
  const path = join(folder, 'world.db')
  await writeEmbedded(path, world.tables)
  const handle = await openEmbeddedHandle(path)
  for (const statement of levelStatements(world)) handle.exec(statement)
  handle.close()
  return { url: `file:${path}`, close: () => rm(folder, { recursive: true, force: true }) }
}

async function mariaDbWith(
  server: MariaDbServer,
  { world }: Rendered,
): Promise<{ url: string; close(): Promise<void> }> {
  const database = await freshDatabase(server)
  await writeMariaDb(database.options, world.tables)
  for (const statement of levelStatements(world)) await database.admin.query(statement)
  return { url: database.urlFor(), close: () => database.drop() }
}

/** Adds the column of levels, and writes those that there are. */
const levelStatements = ({ tables: { users } }: Rendered['world']): string[] => [
  `ALTER TABLE ts_users ADD COLUMN ${LEVEL} VARCHAR(20)`,
  ...users.flatMap(({ id, level }) =>
    level === undefined ? [] : [`UPDATE ts_users SET ${LEVEL} = '${level}' WHERE id = ${id}`],
  ),
]
