#!/usr/bin/env node
import { setFlagsFromString } from 'node:v8'
import { version } from '../package.json'
import { AuditError } from './errors.ts'
import { EXIT } from './faces/exit-code.ts'
import { serveStdio } from './faces/mcp-stdio.ts'
import { failureOf, faultLog } from './faces/outgoing.ts'
import { limitGarbage } from './garbage.ts'
import { LIMITS } from './limits.ts'
import type { Host } from './program.ts'
import { createReportStore } from './reports.ts'
import { createSecrets } from './secrets.ts'
import { instant } from './units/instant.ts'

// An audit makes much garbage and keeps little.
limitGarbage()
// V8 takes rows that are held for a second for rows that are kept, and puts all later ones where garbage is collected late.
setFlagsFromString('--no-allocation-site-pretenuring')

const MICROS_PER_SECOND = 1_000_000
const { stdin, stdout, stderr } = process
const secrets = createSecrets()
const stop = new AbortController()

const host: Host = {
  version,
  environment: process.env,
  directory: () => process.cwd(),
  stdout,
  stderr,
  stdinIsTerminal: stdin.isTTY === true,
  secrets,
  reports: createReportStore(LIMITS.reportsKept),
  clock: () => instant(Date.now()),
  signal: stop.signal,
  processFacts: () => {
    const { rss, heapUsed } = process.memoryUsage()
    const { user, system } = process.cpuUsage()
    return { residentBytes: rss, heapUsedBytes: heapUsed, cpuSeconds: (user + system) / MICROS_PER_SECOND }
  },
  onExit: (clean) => {
    process.once('exit', clean)
    return () => void process.off('exit', clean)
  },
  serveMcp,
}

/** The rest of the program, which initialize can do without. */
const program = () => import('./program.ts')

async function serveMcp(): Promise<void> {
  await serveStdio(
    {
      version,
      toolCalls: async () => (await program()).openToolCalls(host),
      reports: host.reports,
      redact: secrets.redact,
      log: (line) => void stderr.write(`${line}\n`),
    },
    { stdin, stdout, signal: stop.signal },
  )
}

/** Runs what was asked for. Returns the exit code. */
async function run(args: readonly string[]): Promise<number> {
  const isMcp = args.length === 0 ? !host.stdinIsTerminal : args.length === 1 && args[0] === 'mcp'
  if (!isMcp) return (await program()).runProgram(args, host)
  try {
    await serveMcp()
    return EXIT.clean
  } catch (error) {
    if (!(error instanceof AuditError)) throw error
    stderr.write(`error: ${failureOf(error, secrets.redact).message}\n`)
    return EXIT.failed
  }
}

// Whoever writes is told; without a listener each of these would end the process.
stdout.on('error', () => {})
stderr.on('error', () => {})

// SIGHUP comes when a terminal is closed: files with keys are not to stay behind.
const SIGNAL_CODES = { SIGHUP: 129, SIGINT: 130, SIGTERM: 143 } as const
let signalled: number | undefined
for (const name of ['SIGHUP', 'SIGINT', 'SIGTERM'] as const) {
  process.on(name, () => {
    // The second one does not wait for queries to be ended.
    if (signalled !== undefined) process.exit(signalled)
    signalled = SIGNAL_CODES[name]
    stop.abort()
  })
}

// Node would print the error as it is, secrets and all.
process.on('uncaughtException', (error) => {
  stderr.write(`error: a fault of this program\n${faultLog(error, secrets.redact)}\n`)
  process.exit(EXIT.failed)
})

const code = await run(process.argv.slice(2))
// A server that was told to stop has done nothing wrong; a command that was stopped has not done its work.
process.exit(code === EXIT.clean ? code : (signalled ?? code))
