import { Client } from '@modelcontextprotocol/sdk/client/index.js'
import { InMemoryTransport } from '@modelcontextprotocol/sdk/inMemory.js'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { report as reportSchema } from '../../schemas/report.ts'
import { openSample, type Sample } from '../../src/demo/run.ts'
import { SAMPLE_DATE } from '../../src/demo/sample-world.ts'
import { runCli } from '../../src/faces/cli.ts'
import { LIMITS } from '../../src/limits.ts'
import { createPager } from '../../src/paging.ts'
import { TOOLS } from '../../tools/registry.ts'
import { fakeServices, mcpFaceOf } from './fake-tools.ts'

/** Every tool through every face, on real parts: the embedded database and the double of fal. */
let sample: Sample
const client = new Client({ name: 'sample', version: '1' })

beforeAll(async () => {
  sample = await openSample()
  const { server } = mcpFaceOf({ ...services(), pager: createPager() })
  const [near, far] = InMemoryTransport.createLinkedPair()
  await Promise.all([client.connect(near), server.connect(far)])
  await client.listTools()
})

afterAll(async () => {
  await client.close()
  await sample.close()
})

const services = () => ({
  ...fakeServices(TOOLS),
  dependencies: async () => sample.dependencies,
  reports: sample.dependencies.reports,
})

/** Inputs that make each tool look at the sample's day. */
type Inputs = Readonly<Record<string, string | readonly string[]>>
const INPUTS: Readonly<Record<string, Inputs>> = {
  'fal-list-invoices': { from: SAMPLE_DATE.slice(0, 7), to: SAMPLE_DATE.slice(0, 7) },
  'fal-list-accounts': {},
  'fal-balance': {},
  doctor: {},
  'fal-estimate-cost': { models: ['fal-ai/flux/dev=40', 'no/such=1'] },
  'task-trace': { id: 'task-610' },
  'billing-rules': { model_id: 'fal-ai/flux/dev' },
  'billing-estimate': { model_id: 'fal-ai/flux/dev' },
  'billing-usage': { period: 'custom', start_date: SAMPLE_DATE, end_date: SAMPLE_DATE },
  'billing-statements': {},
}
const inputOf = (name: string): Inputs => INPUTS[name] ?? { start: SAMPLE_DATE, end: SAMPLE_DATE }

describe.each(TOOLS.map((tool) => [tool.name, tool] as const))('%s', (name, tool) => {
  it('answers a real client with structured content that keeps to its own schema', async () => {
    const answer = await client.callTool({ name, arguments: inputOf(name) })
    expect(answer.isError, JSON.stringify(answer.content)).toBeUndefined()
    expect(tool.output.safeParse(answer.structuredContent).error).toBeUndefined()
    const text = JSON.stringify(answer.structuredContent, null, 2)
    expect(answer.content).toEqual([{ type: 'text', text }])
    expect(text.length).toBeLessThanOrEqual(LIMITS.resultChars)
  })

  it('keeps to its schema on every page, cut as small as it gets', async () => {
    const context = { signal: new AbortController().signal, progress: () => {} }
    const whole = await tool.run(tool.input.parse(inputOf(name)), sample.dependencies, context)
    const pager = createPager({ resultChars: 3000 })
    let page = pager.first(name, whole, tool.lists, tool)
    for (let count = 0; count < 200; count++) {
      expect(tool.output.safeParse(page).error).toBeUndefined()
      if (page.nextCursor === undefined) return
      page = pager.next(name, String(page.nextCursor))
    }
    expect.unreachable('the cursors do not end')
  })

  it('says the same on the command line', async () => {
    let stdout = ''
    const notes: string[] = []
    const flags = Object.entries(inputOf(name)).flatMap(([key, value]) => [`--${key}`, value].flat())
    const code = await runCli([name, ...flags], {
      ...services(),
      terminal: {
        write: async (text) => {
          stdout += text
        },
        note: (line) => void notes.push(line),
        status: () => {},
        stdinIsTerminal: true,
      },
      signal: new AbortController().signal,
      keptFiles: async () => [],
      runDemo: () => Promise.reject(new Error('no demo')),
      importTables: () => Promise.reject(new Error('no import')),
      serveMcp: async () => {},
      serve: async () => {},
    })
    expect(notes).toEqual([])
    expect([0, 3]).toContain(code)
    // A process that ends keeps nothing, and names nothing that was kept.
    const kept = Object.fromEntries((tool.kept?.outputs ?? []).map((key) => [key, 'kept']))
    const told = JSON.parse(stdout)
    for (const key of Object.keys(kept)) expect(told).not.toHaveProperty(key)
    expect(tool.output.safeParse({ ...told, ...kept }).error).toBeUndefined()
  })
})

describe('the report of audit-reconcile', () => {
  it('is a resource, whole, as JSON and as Markdown', async () => {
    const answer = await client.callTool({ name: 'audit-reconcile', arguments: inputOf('audit-reconcile') })
    const { reportUri } = answer.structuredContent as { reportUri: string }
    const json = await client.readResource({ uri: reportUri })
    expect(reportSchema.safeParse(JSON.parse((json.contents[0] as { text: string }).text)).error).toBeUndefined()
    const markdown = await client.readResource({ uri: `${reportUri}.md` })
    expect((markdown.contents[0] as { text: string }).text).toMatch(/^# /)
    expect((await client.listResources()).resources.map(({ uri }) => uri)).toContain(reportUri)
  })
})

describe('no secret of the sample', () => {
  it('leaves through any tool or resource', async () => {
    const { ledger } = sample.dependencies
    const snapshot = await ledger!.snapshot(new AbortController().signal)
    const keys = (await snapshot.accounts()).map(({ apiKey }) => apiKey)
    await snapshot.close()
    expect(keys.length).toBeGreaterThan(0)
    const said: string[] = []
    for (const { name } of TOOLS) said.push(JSON.stringify(await client.callTool({ name, arguments: inputOf(name) })))
    for (const { uri } of (await client.listResources()).resources) {
      said.push(JSON.stringify(await client.readResource({ uri })))
    }
    for (const key of keys) for (const text of said) expect(text).not.toContain(key.split(':').at(-1))
  })
})
