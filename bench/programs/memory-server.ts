// The program's own MCP server over a sample world in memory: fetching takes no time, so what a call takes is all the rest.
import process from 'node:process'
import { SAMPLE_NOW, SAMPLE_TIMEZONE, sampleWorld } from '../../src/demo/sample-world.ts'
import { outgoingObject } from '../../src/faces/outgoing.ts'
import { createToolCalls } from '../../src/faces/tool-calls.ts'
import { createPager } from '../../src/paging.ts'
import { createReportStore } from '../../src/reports.ts'
import { createSecrets } from '../../src/secrets.ts'
import type { Dependencies } from '../../src/tool.ts'
import { openZone } from '../../src/units/zone.ts'
import { memoryDependencies } from '../../test/kit/audit-world.ts'
import { eachOf, memoryLedger } from '../../test/kit/memory-ports.ts'
import { TOOLS } from '../../tools/registry.ts'
import { remembering } from './remembering.ts'

const zone = openZone(SAMPLE_TIMEZONE)
if (zone === undefined) throw new Error(`no zone ${SAMPLE_TIMEZONE}`)
const reports = createReportStore(2)
const given = sampleWorld()
const world = memoryDependencies(given, { now: SAMPLE_NOW, zone })
const snapshot = remembering(await memoryLedger(given.tables, zone, SAMPLE_NOW).snapshot(new AbortController().signal))
const fal = remembering(world.fal)
const dependencies: Dependencies = {
  ...world,
  reports,
  ledger: { snapshot: async () => snapshot },
  fal: { ...fal, eachEvents: eachOf(fal.events) },
}
const secrets = createSecrets()
for (const { apiKey } of given.tables.accounts) secrets.add(apiKey)
const { redact } = secrets
const toolCalls = createToolCalls({
  tools: TOOLS,
  dependencies: async () => dependencies,
  pager: createPager({ clean: (whole, output) => outgoingObject(whole, redact, output) }),
  redact,
})

// Imported last: in one bundle with the tools, zod is evaluated late, and the SDK does not see to it.
const { serveStdio } = await import('../../src/faces/mcp-stdio.ts')
await serveStdio(
  {
    version: 'bench',
    toolCalls: async () => toolCalls,
    reports,
    redact,
    log: (line) => process.stderr.write(`${line}\n`),
  },
  { stdin: process.stdin, stdout: process.stdout, signal: new AbortController().signal },
)
