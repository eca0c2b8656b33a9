import type { Report } from '../../../schemas/report.ts'
import type { FalReader } from '../../../src/fal/reader.ts'
import { runAudit } from '../../../src/operation.ts'
import type { Depth } from '../../../src/settings.ts'
import type { OperationSettings } from '../../../src/tool.ts'
import { parseRatio } from '../../../src/units/ratio.ts'
import { auditInput, memoryDependencies, quietContext, type WorldAudit } from '../audit-world.ts'
import { memoryBilling } from '../billing.ts'
import { memoryFal } from '../memory-ports.ts'
import type { Draft } from './draft.ts'
import { type Rendered, render } from './render.ts'

/** What the audit of a draft is asked and told. */
export function auditOf(draft: Draft, depth: Depth): WorldAudit {
  const { window, now, settings, firstDate, lastDate } = draft
  const told: Partial<OperationSettings> = {
    accountLimit: settings.accountLimit,
    pointsPerUsd: settings.pointsPerUsd === undefined ? undefined : parseRatio(settings.pointsPerUsd),
    ledgerLink: settings.ledgerLink,
    modelAliases: settings.modelAliases,
  }
  return {
    start: firstDate,
    end: lastDate,
    depth,
    now,
    zone: window.zone,
    settings: told,
    billing: memoryBilling(draft.prices),
  }
}

/** fal as the draft has it; usage from another bill where the two tell different stories. */
export function memoryFalOf({ world, usageWorkspaces }: Rendered): FalReader {
  const fal = memoryFal(world.workspaces)
  return usageWorkspaces === null ? fal : { ...fal, usage: memoryFal(usageWorkspaces).usage }
}

/** Audits a draft in memory. */
export async function auditDraft(
  draft: Draft,
  depth: Depth,
  rendered: Rendered = render(draft),
  options: WorldAudit = {},
): Promise<Report> {
  const audit = { ...auditOf(draft, depth), ...options }
  const dependencies = { ...memoryDependencies(rendered.world, audit), fal: memoryFalOf(rendered) }
  return runAudit(auditInput(audit), dependencies, quietContext())
}
