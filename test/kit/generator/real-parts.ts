import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { startFalDouble } from '../../../src/demo/fal-double.ts'
import type { FalWorkspace } from '../../../src/demo/stored-world.ts'
import { writeEmbedded } from '../../../src/demo/write-embedded.ts'
import { createFalClient } from '../../../src/fal/client.ts'
import { DEFAULT_MAPPING } from '../../../src/ledger/mapping.ts'
import { openLedgerStore } from '../../../src/ledger/open-store.ts'
import { runAudit } from '../../../src/operation.ts'
import { createReportStore } from '../../../src/reports.ts'
import type { Instant } from '../../../src/units/instant.ts'
import { auditInput, quietContext, settingsFor } from '../audit-world.ts'
import { freshDatabase, type MariaDbServer, writeMariaDb } from '../mariadb.ts'
import { auditOf } from './audit-draft.ts'
import type { Rendered } from './render.ts'
import type { Auditor } from './trial.ts'

/** Audits drafts on real parts: rows in the embedded database, or in a server of which each draft has its own database; fal behind HTTP. */
export const onRealParts =
  (server: MariaDbServer | null): Auditor =>
  async (draft, depth, rendered) => {
    const audit = auditOf(draft, depth)
    const { now, zone = draft.window.zone } = audit
    const clock = (): Instant => now ?? draft.now
    const database = server === null ? await embeddedWith(rendered) : await mariaDbWith(server, rendered)
    const bill = await falWith(rendered.world.workspaces, clock)
    const usage = rendered.usageWorkspaces === null ? bill : await falWith(rendered.usageWorkspaces, clock)
    try {
      const ledger = openLedgerStore({ url: database.url, mapping: DEFAULT_MAPPING, clock })
      const settings = settingsFor({ auditZone: zone, ...audit.settings })
      const fal = { ...bill.client, usage: usage.client.usage }
      return await runAudit(
        auditInput(audit),
        { clock, ledger, fal, settings, reports: createReportStore(1) },
        quietContext(),
      )
    } finally {
      await bill.close()
      if (usage !== bill) await usage.close()
      await database.close()
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
  return { url: `file:${path}`, close: () => rm(folder, { recursive: true, force: true }) }
}

async function mariaDbWith(
  server: MariaDbServer,
  { world }: Rendered,
): Promise<{ url: string; close(): Promise<void> }> {
  const database = await freshDatabase(server)
  await writeMariaDb(database.options, world.tables)
  return { url: database.urlFor(), close: () => database.drop() }
}
