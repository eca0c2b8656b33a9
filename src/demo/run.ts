import { mkdtempSync, rmSync } from 'node:fs'
import { rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Report } from '../../schemas/report.ts'
import { openBillingStore } from '../billing-store.ts'
import { inTemporaryFolder, temporaryFailure } from '../errors.ts'
import { createFalClient } from '../fal/client.ts'
import { DEFAULT_MAPPING } from '../ledger/mapping.ts'
import { openLedgerInspector } from '../ledger/open-inspector.ts'
import { openLedgerStore } from '../ledger/open-store.ts'
import { DOCTOR } from '../limits.ts'
import { runAudit } from '../operation.ts'
import type { Lang } from '../render/vocabulary.ts'
import { createReportStore } from '../reports.ts'
import { DEFAULT_BILLING, DEFAULT_THRESHOLDS } from '../settings.ts'
import type { CallContext, Dependencies } from '../tool.ts'
import { openZone } from '../units/zone.ts'
import { startFalDouble } from './fal-double.ts'
import { writeSampleRules } from './sample-rules.ts'
import { SAMPLE_DATE, SAMPLE_NOW, SAMPLE_TIMEZONE, sampleWorld } from './sample-world.ts'
import { writeEmbedded } from './write-embedded.ts'

const ACCOUNT_LIMIT = 20
const REPORTS_KEPT = 2

export interface Sample {
  readonly dependencies: Dependencies
  /** Stops the double and removes the database. */
  close(): Promise<void>
}

/** Runs `clean` when the process ends, until the function returned is called. */
export type OnExit = (clean: () => void) => () => void

/** The sample world on real parts: an embedded database in a temporary folder, and a fal double on loopback. */
export async function openSample(onExit: OnExit = () => () => undefined): Promise<Sample> {
  const world = sampleWorld()
  // At once, with what removes it: a second signal ends the process wherever it is, and waits for nothing.
  const folder = inTemporaryFolder(tmpdir(), () => mkdtempSync(join(tmpdir(), 'fal-consumption-audit-')))
  const callOff = onExit(() => rmSync(folder, { recursive: true, force: true }))
  const removeFolder = async (): Promise<void> => {
    await rm(folder, { recursive: true, force: true })
    callOff()
  }
  const clock = () => SAMPLE_NOW
  try {
    const path = join(folder, 'sample.db')
    const url = `file:${path}`
    await writeEmbedded(path, world.tables).catch((cause: unknown) => {
      throw temporaryFailure(tmpdir(), cause)
    })
    const double = await startFalDouble({ workspaces: world.workspaces, clock })
    const zone = openZone(SAMPLE_TIMEZONE)
    const fal = createFalClient({ baseUrl: double.url })
    const billing = openBillingStore(join(folder, 'billing.db'), new Map())
    await writeSampleRules(billing, clock())
    const dependencies: Dependencies = {
      clock,
      ledger: openLedgerStore({ url, mapping: DEFAULT_MAPPING, dbZone: zone, clock }),
      fal,
      settings: {
        auditZone: zone,
        accountLimit: ACCOUNT_LIMIT,
        pointsPerUsd: undefined,
        thresholds: DEFAULT_THRESHOLDS,
        ledgerLink: 'auto',
        modelAliases: new Map(),
        creditsBought: new Map(),
        falKey: undefined,
        billing: DEFAULT_BILLING,
      },
      reports: createReportStore(REPORTS_KEPT),
      billing,
      setup: {
        problems: [],
        mapping: DEFAULT_MAPPING,
        dbZone: zone,
        inspector: openLedgerInspector({ url, mapping: DEFAULT_MAPPING, clock, deadlineMs: DOCTOR.deadline }),
      },
    }
    const close = async (): Promise<void> => {
      await fal.close()
      await double.close()
      await removeFolder()
    }
    return { dependencies, close }
  } catch (cause) {
    await removeFolder()
    throw cause
  }
}

export interface DemoOptions {
  readonly lang: Lang
  readonly context: CallContext
  readonly onExit?: OnExit
}

/** The whole audit of the sample world; leaves nothing behind. */
export async function runDemo({ lang, context, onExit }: DemoOptions): Promise<Report> {
  const sample = await openSample(onExit)
  try {
    const input = { start: SAMPLE_DATE, end: SAMPLE_DATE, ids: [], userIds: [], depth: 'requests' as const, lang }
    return await runAudit(input, sample.dependencies, context)
  } finally {
    await sample.close()
  }
}
