import { type Environment, readConfig, readServeToken } from './config.ts'
import { dependenciesOf } from './dependencies.ts'
import { AuditError } from './errors.ts'
import type { ServeRequest } from './faces/commands.ts'
import { isLoopback, type Tokens } from './faces/http/guard.ts'
import type { ProcessFacts } from './faces/http/metrics.ts'
import { requireToken, startServing } from './faces/http/serve.ts'
import { outgoingObject } from './faces/outgoing.ts'
import { SERVE } from './limits.ts'
import { createPager } from './paging.ts'
import { createReportStore } from './reports.ts'
import type { Secrets } from './secrets.ts'
import type { Dependencies, ReportStore, Tool } from './tool.ts'
import type { Clock } from './units/instant.ts'

export interface ServeEnvirons {
  readonly version: string
  readonly tools: readonly Tool[]
  readonly environment: Environment
  readonly directory: string
  readonly secrets: Secrets
  readonly clock: Clock
  readonly processFacts: () => ProcessFacts
  readonly log: (line: string) => void
  /** Runs `clean` when the process ends, until the function returned is called. */
  readonly onExit: (clean: () => void) => () => void
  /** Aborted by SIGTERM, SIGINT and SIGHUP. */
  readonly signal: AbortSignal
}

const DEMO_ADMIN_TOKEN = 'demo'

/** Serves over HTTP until the signal is aborted, and stops in order then. A bad configuration is told at once. */
export async function runServe(request: ServeRequest, environs: ServeEnvirons): Promise<void> {
  const { signal, log, secrets } = environs
  const reports = createReportStore(SERVE.reportsKept)
  const world = request.demo
    ? await openDemo(request, environs, reports)
    : await openConfigured(request, environs, reports)
  try {
    const serving = await startServing({
      ...environs,
      host: request.host,
      mcpPort: request.mcp_port,
      restPort: request.rest_port,
      allowHosts: request.allow_hosts ?? [],
      requestsPerMinute: request.requests_per_minute,
      dependencies: async () => world.dependencies,
      reports,
      pager: createPager({
        resultsKept: SERVE.resultsKept,
        clean: (whole, output) => outgoingObject(whole, secrets.redact, output),
      }),
      tokens: world.tokens,
      redact: secrets.redact,
    })
    log(`REST on ${serving.restUrl}, described at ${serving.restUrl}/docs; MCP on ${serving.mcpUrl}`)
    await aborted(signal)
    log('stopping: calls under way are finished or cancelled')
    await serving.stop()
  } finally {
    await world.close()
  }
}

interface OpenWorld {
  readonly dependencies: Dependencies
  readonly tokens: Tokens
  close(): Promise<void>
}

async function openConfigured(
  { host }: ServeRequest,
  { environment, directory, secrets, clock }: ServeEnvirons,
  reports: ReportStore,
): Promise<OpenWorld> {
  const config = await readConfig(environment, directory, secrets.add)
  const tokens = { serve: config.serveToken, admin: config.adminToken }
  requireToken(host, tokens)
  const dependencies = dependenciesOf(config, { clock, reports, secrets })
  return { dependencies, tokens, close: async () => {} }
}

/** The sample world takes no setting but SERVE_TOKEN. Its admin token is known to all, so that it never leaves the machine. */
async function openDemo(
  { host }: ServeRequest,
  { environment, secrets, onExit }: ServeEnvirons,
  reports: ReportStore,
): Promise<OpenWorld> {
  if (!isLoopback(host)) {
    throw new AuditError('configuration', `host: the sample world is served on loopback only, not on ${host}`, {
      field: 'host',
      accepted: '127.0.0.1, ::1 or localhost',
    })
  }
  const serve = readServeToken(environment, secrets.add)
  const { openSample } = await import('./demo/run.ts')
  const sample = await openSample(onExit)
  return {
    dependencies: { ...sample.dependencies, reports },
    tokens: { serve, admin: DEMO_ADMIN_TOKEN },
    close: sample.close,
  }
}

const aborted = (signal: AbortSignal): Promise<void> =>
  new Promise((resolve) => {
    if (signal.aborted) resolve()
    else signal.addEventListener('abort', () => resolve(), { once: true })
  })
