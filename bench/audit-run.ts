import { join } from 'node:path'
import type { Dataset } from './dataset.ts'
import { DATABASE } from './dataset.ts'
import { type Run, type RunOptions, runNode } from './processes.ts'
import { TIMEZONE, windowDates } from './world/shape.ts'

/** What is measured, and against what: a world, its double, and the program. */
export interface Bench {
  readonly dataset: Dataset
  readonly doubleUrl: string
  readonly program: string
  /** For what a run leaves behind. */
  readonly scratch: string
}

export type Depth = 'requests' | 'summary'

/** The environment of the program, as a user would set it. */
export function environmentOf({ dataset, doubleUrl }: Bench): Record<string, string> {
  const { host, port, user, password } = dataset.server
  return {
    DATABASE_URL: `mysql://${encodeURIComponent(user)}:${encodeURIComponent(password)}@${host}:${port}/${DATABASE}`,
    FAL_API_BASE_URL: doubleUrl,
    AUDIT_TIMEZONE: TIMEZONE,
  }
}

/** Exit codes of a report: complete, complete with findings, and made though some source was not read whole. */
const REPORTED = [0, 1, 3]

/** The command as anyone types it: the whole audit of the window, its report as text in a file. */
export async function runAudit(bench: Bench, depth: Depth, options: RunOptions = {}): Promise<Run> {
  const { first, last } = windowDates(bench.dataset.shape)
  const output = join(bench.scratch, `report-${depth}.txt`)
  const args = ['audit', '--start', first, '--end', last, '--depth', depth, '--lang', 'en', '--output', output]
  const run = await runNode(bench.program, args, { ...options, env: environmentOf(bench) })
  if (!REPORTED.includes(run.code ?? 2)) {
    throw new Error(`audit --depth ${depth} ended with ${run.code}: ${run.stderr.slice(-2000)}`)
  }
  return run
}
