import { writeFileSync } from 'node:fs'
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

const READ_SECONDS_MAX = 3600

export type Depth = 'requests' | 'summary'

/** The environment of the program, as a user would set it. */
export function environmentOf({ dataset, doubleUrl, scratch }: Bench): Record<string, string> {
  const { host, port, user, password } = dataset.server
  // Ten million tasks may take longer to read than an audit may by default.
  const config = join(scratch, 'config.json')
  writeFileSync(config, JSON.stringify({ databaseDeadlineSeconds: READ_SECONDS_MAX }))
  return {
    AUDIT_CONFIG: config,
    DATABASE_URL: `mysql://${encodeURIComponent(user)}:${encodeURIComponent(password)}@${host}:${port}/${DATABASE}`,
    FAL_API_BASE_URL: doubleUrl,
    AUDIT_TIMEZONE: TIMEZONE,
  }
}

/** Exit codes of a report that lacks nothing, without findings and with. One that lacks a source took less than an audit. */
const REPORTED = [0, 1]

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
