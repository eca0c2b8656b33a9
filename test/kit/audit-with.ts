import type { Report } from '../../schemas/report.ts'
import { MiniWorld } from '../../src/demo/mini-world.ts'
import type { World } from '../../src/demo/stored-world.ts'
import type { FalReader, Fetched } from '../../src/fal/reader.ts'
import { runAudit } from '../../src/operation.ts'
import { auditInput, inShort, memoryDependencies, quietContext, type WorldAudit } from './audit-world.ts'
import { eachOf } from './memory-ports.ts'

/** Account 5 with one clean task that is large enough to keep small things below every share. */
export const base = () => new MiniWorld().account(5).task({ cost: '100', points: 10_000 })

/** An event that names nobody. */
export const noKey = { keyId: undefined as never }

/** Findings that count, in short: TIMING left out. */
export const breaksOf = (report: Report): string[] =>
  inShort({ ...report, findings: report.findings.filter(({ classification }) => classification === 'BREAK') })

export const refused: Extract<Fetched<never>, { status: 'failed' }> = {
  status: 'failed',
  failure: 'unauthorized',
  reason: '401',
}

/** Audits with some answers of fal replaced. */
export function auditWith(
  world: World,
  change: (fal: FalReader) => Partial<FalReader>,
  options: WorldAudit,
): Promise<Report> {
  const dependencies = memoryDependencies(world, options)
  const changed = { ...dependencies.fal, ...change(dependencies.fal) }
  const fal = { ...changed, eachEvents: eachOf(changed.events) }
  return runAudit(auditInput(options), { ...dependencies, fal }, quietContext())
}
