import { z } from 'zod'
import { cursorInput, pagedOutput } from '../../schemas/paging.ts'
import type { Report } from '../../schemas/report.ts'
import { AuditError } from '../../src/errors.ts'
import { createMcpFace, type McpFace } from '../../src/faces/mcp.ts'
import { outgoingObject } from '../../src/faces/outgoing.ts'
import { createToolCalls } from '../../src/faces/tool-calls.ts'
import { createPager } from '../../src/paging.ts'
import { createReportStore } from '../../src/reports.ts'
import { createSecrets } from '../../src/secrets.ts'
import { DEFAULT_BILLING, DEFAULT_THRESHOLDS } from '../../src/settings.ts'
import type { CallContext, Dependencies, Tool } from '../../src/tool.ts'
import { instant } from '../../src/units/instant.ts'
import { memoryBilling } from '../kit/billing.ts'

const echoInput = z.strictObject({
  start: z.string().optional().describe('first day'),
  ids: z.array(z.int().min(0).max(1_000_000)).optional().describe('account ids'),
  user_ids: z.array(z.int().min(0).max(1_000_000)).optional().describe('user ids'),
  depth: z.enum(['summary', 'requests']).default('requests').describe('how deep'),
  limit: z.int().min(1).max(100_000).optional().describe('rows to make'),
  with_names: z.boolean().optional().describe('also names'),
  cursor: cursorInput,
})

const echoOutput = pagedOutput({
  given: z.record(z.string(), z.unknown()),
  rows: z.array(z.strictObject({ id: z.int().min(0).max(1_000_000), name: z.string() })),
})

/** Answers with its input, and with as many rows as it was asked for. */
export const echoTool: Tool<typeof echoInput, typeof echoOutput> = {
  name: 'echo-rows',
  title: 'Echo',
  description: 'Returns its input and some rows.',
  input: echoInput,
  output: echoOutput,
  lists: ['rows'],
  run: async (input) => ({
    given: input,
    rows: Array.from({ length: input.limit ?? 1 }, (_, id) => ({ id, name: `row ${id}` })),
  }),
}

const emptyInput = z.strictObject({})

/** A tool without input that does one thing. */
export const toolThat = (
  name: string,
  run: (dependencies: Dependencies, context: CallContext) => Promise<Record<string, unknown>>,
): Tool => ({
  name,
  title: name,
  description: `Does ${name}.`,
  input: emptyInput,
  output: z.strictObject({ value: z.unknown().optional() }),
  lists: [],
  run: (_input, dependencies, context) => run(dependencies, context),
})

export const SECRET = 'correct-horse-battery'

export const fakeDependencies: Dependencies = {
  clock: () => instant(Date.UTC(2026, 1, 9)),
  ledger: undefined,
  fal: {
    usage: notCalled,
    events: notCalled,
    eachEvents: notCalled,
    billing: notCalled,
    serverlessUsage: notCalled,
    focus: notCalled,
    legacyInvoices: notCalled,
    pricing: notCalled,
    estimate: notCalled,
  },
  settings: {
    auditZone: undefined,
    accountLimit: 20,
    pointsPerUsd: undefined,
    thresholds: DEFAULT_THRESHOLDS,
    ledgerLink: 'auto',
    modelAliases: new Map(),
    creditsBought: new Map(),
    falKey: undefined,
    billing: DEFAULT_BILLING,
  },
  reports: createReportStore(),
  billing: memoryBilling(),
}

function notCalled(): never {
  throw new AuditError('internal', 'fal was asked')
}

/** What a face needs besides its tools. `logged` collects what it says to the operator. */
export function fakeServices(tools: readonly Tool[], moreSecrets: readonly string[] = []) {
  const secrets = createSecrets()
  for (const secret of [SECRET, ...moreSecrets]) secrets.add(secret)
  const logged: string[] = []
  const reports = createReportStore()
  return {
    version: '1.2.3',
    tools,
    dependencies: async () => ({ ...fakeDependencies, reports }),
    reports,
    pager: createPager({ clean: (whole, output) => outgoingObject(whole, secrets.redact, output) }),
    redact: secrets.redact,
    log: (line: string) => void logged.push(line),
    logged,
  }
}

/** The MCP server over these services. */
export const mcpFaceOf = (services: ReturnType<typeof fakeServices>): McpFace =>
  createMcpFace({ ...services, toolCalls: async () => createToolCalls(services) })

/** A report without rows, for faces to show and to decide on. */
export const reportWith = (changes: Partial<Report> = {}): Report => ({
  schemaVersion: 1,
  asOf: '2026-02-08T00:00:00+08:00',
  window: { start: '2026-02-01T00:00:00+08:00', end: '2026-02-07T00:00:00+08:00', timezone: 'Asia/Shanghai' },
  coverage: { complete: true, sources: [] },
  official: { rows: [], models: [], totals: { costUsd: null, requestCount: null } },
  tasks: {
    rows: [],
    totals: {
      taskCount: 0,
      chargedPoints: 0,
      costUsd: '0',
      refundCount: 0,
      refundedPoints: 0,
      outsideAccounts: { taskCount: 0, chargedPoints: 0, costUsd: '0' },
    },
  },
  ledger: { rows: [] },
  requests: null,
  tieOut: null,
  settings: {
    depth: 'requests',
    dbTimezone: '+08:00',
    ledgerLink: null,
    ledgerLinkedRatio: null,
    ledgerLookup: null,
    accountLimit: 20,
    pointsPerUsd: null,
    filters: { ids: [], userIds: [] },
    modelAliases: {},
    learnedAliases: {},
    thresholds: {},
  },
  rules: [],
  findings: [],
  notEvaluated: [],
  summary: { ok: 0, warning: 0, critical: 0, bySeverity: { high: 0, medium: 0, low: 0 }, byRule: {} },
  ...changes,
})
