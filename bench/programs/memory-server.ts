// The program's own MCP server over a sample world in memory: fetching takes no time, so what a call takes is all the rest.
import process from 'node:process'
import { SAMPLE_NOW, SAMPLE_TIMEZONE, sampleWorld } from '../../src/demo/sample-world.ts'
import { serveStdio } from '../../src/faces/mcp.ts'
import { outgoingObject } from '../../src/faces/outgoing.ts'
import { createPager } from '../../src/paging.ts'
import { createReportStore } from '../../src/reports.ts'
import { openZone } from '../../src/units/zone.ts'
import { memoryDependencies } from '../../test/kit/audit-world.ts'
import { TOOLS } from '../../tools/registry.ts'

const zone = openZone(SAMPLE_TIMEZONE)
if (zone === undefined) throw new Error(`no zone ${SAMPLE_TIMEZONE}`)
const reports = createReportStore(2)
const dependencies = { ...memoryDependencies(sampleWorld(), { now: SAMPLE_NOW, zone }), reports }
const redact = (text: string): string => text

await serveStdio(
  {
    version: 'bench',
    tools: TOOLS,
    dependencies: async () => dependencies,
    reports,
    pager: createPager({ clean: (whole) => outgoingObject(whole, redact) }),
    redact,
    log: (line) => process.stderr.write(`${line}\n`),
  },
  { stdin: process.stdin, stdout: process.stdout, signal: new AbortController().signal },
)
