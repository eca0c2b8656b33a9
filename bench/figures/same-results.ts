import { spawn } from 'node:child_process'
import { createInterface } from 'node:readline'
import type { Bench, Depth } from '../audit-run.ts'
import { environmentOf } from '../audit-run.ts'
import type { Check } from '../figure.ts'
import { clientArguments, clientEnvironment } from '../mariadb-client.ts'
import { startMcp } from '../mcp-client.ts'
import { reasonOf, say, spread } from '../printing.ts'
import { cleanEnvironment } from '../processes.ts'
import { windowDates } from '../world/shape.ts'
import { stepTwoSql } from './reading.ts'

interface Totals {
  readonly taskCount: number
  readonly chargedPoints: number
  readonly costUsd: string
  readonly refundCount: number
}

interface AuditAnswer {
  readonly coverage: { readonly complete: boolean }
  readonly requests: Readonly<Record<string, unknown>> | null
  readonly tasks: { readonly totals: Totals }
  readonly official: { readonly totals: { readonly costUsd: string; readonly requestCount: number } }
  readonly summary: { readonly ok: number; readonly warning: number; readonly critical: number }
  readonly matching?: { readonly ofFindings: number }
  readonly findings?: readonly { readonly rule: string }[]
}

/** What a report says is held against the skill's SQL and against what the world was made of. Not timed. */
export async function checkResults(bench: Bench, client: string): Promise<Check[]> {
  const sql = await sumOfStepTwo(bench, client)
  const checks: Check[] = []
  for (const depth of ['requests', 'summary'] as const) {
    const answer = await auditAnswer(bench, depth).catch((cause: unknown) => reasonOf(cause))
    if (typeof answer === 'string') {
      checks.push({ name: `an audit at depth ${depth} by the MCP tool`, equal: false, detail: answer })
      continue
    }
    const { totals } = answer.tasks
    const cost = Number(totals.costUsd)
    const equal =
      totals.taskCount === sql.taskCount &&
      totals.chargedPoints === sql.chargedPoints &&
      totals.refundCount === sql.refundCount &&
      Math.abs(cost - sql.cost) <= 1e-6 * cost
    checks.push({
      name: `totals of the report (${depth}) = the skill's SQL`,
      equal,
      detail: `${spread(totals.taskCount)} tasks, ${spread(totals.chargedPoints)} points, ${totals.costUsd} USD (SQL adds FLOATs: ${sql.cost.toFixed(4)}), ${spread(sql.rows)} groups`,
    })
    checks.push({
      name: `what the report (${depth}) finds`,
      equal: answer.coverage.complete,
      detail: `sources complete: ${answer.coverage.complete}; users ok ${spread(answer.summary.ok)}, warning ${answer.summary.warning}, critical ${answer.summary.critical}${requestsTold(answer)}; fal billed ${answer.official.totals.costUsd} USD`,
    })
  }
  return checks
}

function requestsTold({ requests }: AuditAnswer): string {
  const counts = Object.entries(requests ?? {}).flatMap(([name, count]) =>
    typeof count === 'number' ? [`${name} ${spread(count)}`] : [],
  )
  return counts.length === 0 ? '' : `; requests ${counts.join(', ')}`
}

/** One audit by the MCP tool, whose result has the totals whatever the size of the report. */
async function auditAnswer(bench: Bench, depth: Depth): Promise<AuditAnswer> {
  const { first, last } = windowDates(bench.dataset.shape)
  say(`  checking: one audit at depth ${depth} by the MCP tool`)
  const server = await startMcp(bench.program, ['mcp'], environmentOf(bench))
  try {
    const { result } = await server.ask('tools/call', {
      name: 'audit-reconcile',
      arguments: { start: first, end: last, depth, lang: 'en' },
    })
    return result.structuredContent as unknown as AuditAnswer
  } finally {
    await server.close()
  }
}

/** Adds up what the skill's SQL gives. */
async function sumOfStepTwo({ dataset }: Bench, client: string) {
  const { start, end } = dataset.shape
  const child = spawn(client, clientArguments(dataset, stepTwoSql(start, end)), {
    env: { ...cleanEnvironment(), ...clientEnvironment(dataset) },
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  const sums = { rows: 0, taskCount: 0, chargedPoints: 0, cost: 0, refundCount: 0 }
  for await (const line of createInterface({ input: child.stdout })) {
    const [, , , tasks, charged, cost, refunds] = line.split('\t')
    sums.rows += 1
    sums.taskCount += Number(tasks)
    sums.chargedPoints += Number(charged)
    sums.cost += Number(cost)
    sums.refundCount += Number(refunds)
  }
  return sums
}
