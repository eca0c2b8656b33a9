#!/usr/bin/env node
import { version } from '../package.json'
import { TOOLS, WRITE_TOOLS } from '../tools/registry.ts'
import { type Environment, readConfig, withDotEnv } from './config.ts'
import { dependenciesOf, once } from './dependencies.ts'
import type { AuditError } from './errors.ts'
import type { CommandServices, ServeRequest } from './faces/commands.ts'
import { EXIT } from './faces/exit-code.ts'
import { faultLog, outgoingObject } from './faces/outgoing.ts'
import { createTerminal } from './faces/terminal.ts'
import { LIMITS } from './limits.ts'
import { createReportStore } from './reports.ts'
import { createSecrets } from './secrets.ts'
import type { Dependencies, OpenDependencies, Tool } from './tool.ts'
import { instant } from './units/instant.ts'

const secrets = createSecrets()
const reports = createReportStore(LIMITS.reportsKept)
const stop = new AbortController()

/** Reads the configuration at the first use: help, and the start of a server, need none. */
const dependencies = (environment: () => Promise<Environment>): OpenDependencies => {
  const environs = { clock: () => instant(Date.now()), reports, secrets }
  const open = once(async () => {
    const config = await readConfig(await environment(), process.cwd(), secrets.add)
    return dependenciesOf(config, environs)
  })
  const openDespite = async (): Promise<Dependencies> => {
    const problems: AuditError[] = []
    const onProblem = (problem: AuditError) => void problems.push(problem)
    const config = await readConfig(await environment(), process.cwd(), secrets.add, onProblem)
    return dependenciesOf(config, environs, problems)
  }
  return ({ despiteProblems } = { despiteProblems: false }) => (despiteProblems ? open().catch(openDespite) : open())
}

/** Tools that write are there only where the configuration allows it. What is wrong with it, the first call tells. */
async function toolsFor(environment: Environment): Promise<readonly Tool[]> {
  const config = await readConfig(environment, process.cwd(), secrets.add).catch(() => undefined)
  return config?.billingWritable === true ? [...TOOLS, ...WRITE_TOOLS] : TOOLS
}

async function serveMcp(): Promise<void> {
  const { serveStdio } = await import('./faces/mcp.ts')
  const { createPager } = await import('./paging.ts')
  await serveStdio(
    {
      version,
      tools: await toolsFor(process.env),
      // A .env belongs to whoever sits in a directory, not to the client that happens to start a server there.
      dependencies: dependencies(async () => process.env),
      reports,
      pager: createPager({ clean: (whole) => outgoingObject(whole, secrets.redact) }),
      redact: secrets.redact,
      log: (line) => process.stderr.write(`${line}\n`),
    },
    { stdin: process.stdin, stdout: process.stdout, signal: stop.signal },
  )
}

async function serve(request: ServeRequest): Promise<void> {
  const { runServe } = await import('./serve.ts')
  await runServe(request, {
    version,
    // Over HTTP rules are written by routes that ask for ADMIN_TOKEN, never by a tool.
    tools: TOOLS,
    environment: await withDotEnv(process.env, process.cwd()),
    directory: process.cwd(),
    secrets,
    clock: () => instant(Date.now()),
    processFacts: () => {
      const { rss, heapUsed } = process.memoryUsage()
      const { user, system } = process.cpuUsage()
      return { residentBytes: rss, heapUsedBytes: heapUsed, cpuSeconds: (user + system) / MICROS_PER_SECOND }
    },
    log: (line) => process.stderr.write(`${line}\n`),
    signal: stop.signal,
  })
}

const MICROS_PER_SECOND = 1_000_000
const terminal = createTerminal({
  stdout: process.stdout,
  stderr: process.stderr,
  stdinIsTerminal: process.stdin.isTTY === true,
  environment: process.env,
  now: () => performance.now(),
})

const services: CommandServices = {
  version,
  tools: await toolsFor(await withDotEnv(process.env, process.cwd())),
  terminal,
  signal: stop.signal,
  redact: secrets.redact,
  dependencies: dependencies(() => withDotEnv(process.env, process.cwd())),
  runDemo: async (options) => {
    const { runDemo } = await import('./demo/run.ts')
    return runDemo(options)
  },
  importTables: async (request, context) => {
    const config = await readConfig(await withDotEnv(process.env, process.cwd()), process.cwd(), secrets.add)
    const { importTables } = await import('./import/run.ts')
    const parts = {
      mapping: config.mapping,
      dbZone: config.dbZone,
      auditZone: config.operation.auditZone,
      now: () => performance.now(),
      onExit: (clean: () => void) => {
        process.once('exit', clean)
        return () => void process.off('exit', clean)
      },
    }
    return importTables(request, parts, context)
  },
  serveMcp,
  serve,
}

// Whoever writes is told; without a listener each of these would end the process.
process.stdout.on('error', () => {})
process.stderr.on('error', () => {})

const SIGNAL_CODES = { SIGINT: 130, SIGTERM: 143 } as const
let signalled: number | undefined
for (const name of ['SIGINT', 'SIGTERM'] as const) {
  process.on(name, () => {
    // The second one does not wait for queries to be ended.
    if (signalled !== undefined) process.exit(signalled)
    signalled = SIGNAL_CODES[name]
    stop.abort()
  })
}

// Node would print the error as it is, secrets and all.
process.on('uncaughtException', (error) => {
  process.stderr.write(`error: a fault of this program\n${faultLog(error, secrets.redact)}\n`)
  process.exit(EXIT.failed)
})

const { runCli } = await import('./faces/cli.ts')
const code = await runCli(process.argv.slice(2), services)
// A server that was told to stop has done nothing wrong; a command that was stopped has not done its work.
process.exit(code === EXIT.clean ? code : (signalled ?? code))
