import { resolve } from 'node:path'
import type { Writable } from 'node:stream'
import { TOOLS, WRITE_TOOLS } from '../tools/registry.ts'
import { type Environment, readConfig } from './config.ts'
import { dependenciesOf, once } from './dependencies.ts'
import { withDotEnv } from './dot-env.ts'
import { AuditError } from './errors.ts'
import { runCli } from './faces/cli.ts'
import type { ServeRequest } from './faces/commands.ts'
import type { ProcessFacts } from './faces/http/metrics.ts'
import { outgoingObject } from './faces/outgoing.ts'
import type { KeptFile } from './faces/output-file.ts'
import { createTerminal } from './faces/terminal.ts'
import { createToolCalls, type ToolCalls } from './faces/tool-calls.ts'
import { parseDatabaseUrl } from './ledger/database-url.ts'
import { createPager } from './paging.ts'
import type { Secrets } from './secrets.ts'
import type { Dependencies, OpenDependencies, ReportStore, Tool } from './tool.ts'
import type { Clock } from './units/instant.ts'

/** The process that the program runs in, as far as it may touch it. */
export interface Host {
  readonly version: string
  readonly environment: Environment
  readonly directory: () => string
  readonly stdout: Writable
  readonly stderr: Writable
  readonly stdinIsTerminal: boolean
  readonly secrets: Secrets
  readonly reports: ReportStore
  readonly clock: Clock
  /** Aborted by SIGTERM, SIGINT and SIGHUP. */
  readonly signal: AbortSignal
  readonly processFacts: () => ProcessFacts
  /** Runs `clean` when the process ends, until the function returned is called. */
  readonly onExit: (clean: () => void) => () => void
  readonly serveMcp: () => Promise<void>
}

/** What the MCP server on stdio loads once it is asked about tools. */
export async function openToolCalls(host: Host): Promise<ToolCalls> {
  const { environment, secrets } = host
  return createToolCalls({
    tools: await toolsFor(async () => environment, host),
    // A .env belongs to whoever sits in a directory, not to the client that happens to start a server there.
    dependencies: dependencies(async () => environment, host),
    pager: createPager({ clean: (whole, output) => outgoingObject(whole, secrets.redact, output) }),
    redact: secrets.redact,
  })
}

/** Runs one command line. Returns the exit code. */
export async function runProgram(args: readonly string[], host: Host): Promise<number> {
  const { version, secrets, signal, directory, serveMcp } = host
  const now = (): number => performance.now()
  const environment = once(() => withDotEnv(host.environment, directory()))
  const terminal = createTerminal({ ...host, now })
  return runCli(args, {
    version,
    tools: await toolsFor(environment, host),
    terminal,
    signal,
    redact: secrets.redact,
    dependencies: dependencies(environment, host),
    keptFiles: async () => keptFiles(await despite(environment, host, () => {}), host),
    runDemo: async (options) => {
      const { runDemo } = await import('./demo/run.ts')
      return runDemo({ ...options, onExit: host.onExit })
    },
    importTables: async (request, context) => {
      const config = await readConfig(await environment(), directory(), secrets.add)
      const { importTables } = await import('./import/run.ts')
      const { mapping, dbZone, operation } = config
      const parts = { mapping, dbZone, auditZone: operation.auditZone, now, onExit: host.onExit }
      return importTables(request, parts, context)
    },
    serveMcp,
    serve: async (request) => serve(request, await environment(), host),
  })
}

/** What SQLite keeps beside a database. */
const COMPANIONS = ['-wal', '-shm', '-journal']

/** What the audit reads or keeps: whatever a command writes goes elsewhere. Of what is badly configured the default is told. */
async function keptFiles(environment: Environment, { directory, secrets }: Host): Promise<KeptFile[]> {
  const config = await readConfig(environment, directory(), secrets.add, () => {})
  const { databaseUrl, billingStore, configFile } = config
  const address = databaseUrl === undefined ? undefined : parseDatabaseUrl(databaseUrl)
  const database = address?.engine === 'embedded' ? resolve(directory(), address.path) : undefined
  const companionsOf = (name: string, path: string): KeptFile[] =>
    COMPANIONS.map((ending) => ({ name, path: `${path}${ending}` }))
  return [
    ...(database === undefined ? [] : [{ name: 'DATABASE_URL', path: database, isDatabase: true }]),
    ...(database === undefined ? [] : companionsOf('DATABASE_URL', database)),
    { name: 'BILLING_STORE', path: billingStore },
    ...companionsOf('BILLING_STORE', billingStore),
    ...(configFile === undefined ? [] : [{ name: 'AUDIT_CONFIG', path: configFile }]),
    { name: '.env', path: resolve(directory(), '.env') },
  ]
}

/** Reads the configuration at the first use: help, and the list of tools, need none. */
function dependencies(environment: () => Promise<Environment>, host: Host): OpenDependencies {
  const { secrets, directory } = host
  const open = once(async () => dependenciesOf(await readConfig(await environment(), directory(), secrets.add), host))
  const openDespite = async (): Promise<Dependencies> => {
    const problems: AuditError[] = []
    const onProblem = (problem: AuditError) => void problems.push(problem)
    const config = await readConfig(await despite(environment, host, onProblem), directory(), secrets.add, onProblem)
    return dependenciesOf(config, host, problems)
  }
  return ({ despiteProblems } = { despiteProblems: false }) => (despiteProblems ? open().catch(openDespite) : open())
}

/** The environment; where the .env cannot be used, which `onProblem` hears, without it. */
const despite = (
  environment: () => Promise<Environment>,
  host: Host,
  onProblem: (problem: AuditError) => void,
): Promise<Environment> =>
  environment().catch((problem: unknown) => {
    if (!(problem instanceof AuditError)) throw problem
    onProblem(problem)
    return host.environment
  })

/** Tools that write are there only where the configuration allows it. What is wrong with it, the first call tells. */
async function toolsFor(
  environment: () => Promise<Environment>,
  { directory, secrets }: Host,
): Promise<readonly Tool[]> {
  const config = await environment()
    .then((known) => readConfig(known, directory(), secrets.add))
    .catch(() => undefined)
  return config?.billingWritable === true ? [...TOOLS, ...WRITE_TOOLS] : TOOLS
}

async function serve(request: ServeRequest, environment: Environment, host: Host): Promise<void> {
  const { runServe } = await import('./serve.ts')
  await runServe(request, {
    ...host,
    // Over HTTP rules are written by routes that ask for ADMIN_TOKEN, never by a tool.
    tools: TOOLS,
    environment,
    directory: host.directory(),
    log: (line) => void host.stderr.write(`${line}\n`),
  })
}
