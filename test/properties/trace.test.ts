import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { Finding, RuleId } from '../../schemas/report.ts'
import { SHANGHAI } from '../../src/demo/mini-world.ts'
import type { World } from '../../src/demo/stored-world.ts'
import { AuditError } from '../../src/errors.ts'
import { runAudit } from '../../src/operation.ts'
import { traceTask } from '../../src/operations/task-trace.ts'
import type { Dependencies } from '../../src/tool.ts'
import { DAY } from '../../src/units/instant.ts'
import { datesOf } from '../../src/units/window.ts'
import { auditInput, memoryDependencies, quietContext } from '../kit/audit-world.ts'
import { anyWorld, runs, seeds } from '../kit/generator/any-world.ts'
import { auditOf, memoryFalOf } from '../kit/generator/audit-draft.ts'
import { auditedAccounts, type Draft } from '../kit/generator/draft.ts'
import { createPrng, type Prng, seedOf } from '../kit/generator/prng.ts'
import { type Rendered, render } from '../kit/generator/render.ts'
import { refusing } from '../kit/refusing.ts'
import { tangledWorld, withHiddenUsers } from '../kit/tangled-world.ts'

/** Rules about one task or request, of which a finding has one fingerprint whatever the window. */
const BILL_RULES: ReadonlySet<string> = new Set<RuleId>(['B1', 'B2', 'B3', 'B4', 'B5', 'B18'])
const LEDGER_RULES: ReadonlySet<string> = new Set<RuleId>(['B6', 'B7', 'B8', 'B9', 'B10', 'B22'])

interface Said {
  readonly verdicts: Readonly<Record<string, number>>
  /** By fingerprint, with all that is said but the evidence. */
  readonly findings: Readonly<Record<string, string>>
}

/** What traces say, and the rules of which they say that they cannot tell something. */
interface Traced extends Said {
  readonly open: ReadonlySet<string>
}

interface Told {
  readonly rule: string
  readonly fingerprint?: string | undefined
  readonly severity: string
  readonly message: string
}

/** What a request is billed on several days is all its bill for a trace, as for an audit of all these days: so no sums of it. */
const SUMS_BY_WINDOW: readonly string[] = ['B1', 'B7']

const wording = ({ rule, severity, message }: Told): string =>
  SUMS_BY_WINDOW.includes(rule) ? rule : `${rule} ${severity} ${message}`

const addTo = (counts: Map<string, number>, verdict: string, count = 1): void =>
  void counts.set(verdict, (counts.get(verdict) ?? 0) + count)

const inOrder = (counts: ReadonlyMap<string, number>): Record<string, number> =>
  Object.fromEntries([...counts].filter(([, count]) => count > 0).sort())

type Days = readonly [start: string, end: string]

/** What audits, each by itself, say of single tasks and requests under some rules. */
async function auditsOf(
  windows: readonly Days[],
  rules: ReadonlySet<string>,
  dependencies: Dependencies,
): Promise<Said & { unrecorded: string[] }> {
  const counts = new Map<string, number>()
  const own: Finding[] = []
  for (const [start, end] of windows) {
    const { findings, requests } = await runAudit(
      auditInput({ start, end, depth: 'requests' }),
      dependencies,
      quietContext(),
    )
    own.push(...findings.filter(({ rule }) => rules.has(rule)))
    for (const [verdict, count] of Object.entries(requests?.verdicts ?? {})) addTo(counts, verdict, count)
  }
  return {
    verdicts: inOrder(counts),
    findings: Object.fromEntries(own.map((finding) => [finding.fingerprint, wording(finding)])),
    unrecorded: own.flatMap(({ rule, subject: { requestId } }) => (rule === 'B1' && requestId ? [requestId] : [])),
  }
}

/** The same by a trace of each of these tasks, and of each request that no task records. */
async function tracesOf(
  tasks: World['tables']['tasks'],
  orphans: readonly string[],
  dependencies: Dependencies,
  refused: ReadonlySet<string> = new Set(),
): Promise<Traced> {
  const counts = new Map<string, number>()
  const findings: Record<string, string> = {}
  const open = new Set<string>()
  const trace = async (id: string, kind: 'task' | 'request') => {
    const told = await traceTask(
      { id, kind, lang: 'en' } as Parameters<typeof traceTask>[0],
      dependencies,
      quietContext(),
    )
    for (const finding of told.findings) {
      if (finding.fingerprint !== undefined) findings[finding.fingerprint] = wording(finding)
    }
    for (const { rule } of told.notEvaluated) open.add(rule)
    return told
  }
  for (const { id, taskId, apiKey } of tasks) {
    const { tasks: told, billing } = await trace(taskId, 'task')
    const task = told.find(({ rowId }) => rowId === id)
    if (task?.requestId === undefined) expect(task?.billedUsd).toBeNull()
    // Without a request id fal is not asked, so that a trace does not come to know that it would not answer.
    const isUnknown = billing === 'not-asked' && refused.has(apiKey)
    addTo(counts, isUnknown ? 'not-evaluated' : (task?.verdict ?? 'not told'))
  }
  for (const requestId of orphans) {
    // One that only an unread bill holds is found nowhere.
    const told = await trace(requestId, 'request').catch(unlessNotFound)
    // What no account row holds is a sum of its own in an audit, under B21.
    const isNobodys = told?.verdict === 'unrecorded' && told.findings.length === 0
    if (told !== undefined && told.verdict !== 'nothing-due' && !isNobodys) addTo(counts, told.verdict)
  }
  return { verdicts: inOrder(counts), findings, open }
}

/** The day after a task may explain B2, and which of a user's tasks a refund is of shows in all of them: a trace leaves that open. */
const LEFT_OPEN: readonly string[] = ['B2', 'B7', 'B8']

/** A trace says no more than an audit, and no less but what it says it leaves open. */
function expectAlike(traced: Traced, audited: Said): void {
  const silent = Object.entries(audited.findings).filter(([fingerprint]) => !(fingerprint in traced.findings))
  const open = silent.filter(([, said]) =>
    LEFT_OPEN.some((rule) => said.split(' ')[0] === rule && traced.open.has(rule)),
  )
  expect({ ...traced.findings, ...Object.fromEntries(open) }).toEqual(audited.findings)
  if (!open.some(([, said]) => said.startsWith('B2 '))) expect(traced.verdicts).toEqual(audited.verdicts)
}

function unlessNotFound(cause: unknown): undefined {
  if (cause instanceof AuditError && cause.message.includes('was not found')) return undefined
  throw cause
}

/** Requests that fal billed on a day and that no task records. */
function orphansOf({ tasks, events, window }: Draft, date: string): string[] {
  const recorded = new Set(tasks.map(({ requestId }) => requestId))
  const ofDay = events.filter(({ at, usageOnly }) => usageOnly !== true && window.zone.dateOf(at) === date)
  return [...new Set(ofDay.map(({ requestId }) => requestId))].filter((requestId) => !recorded.has(requestId))
}

/** fal is asked from a day before a task on, as an audit of its day asks: no request is billed before that, nor without an id. */
function withoutEarlyEvents({ tables, workspaces }: World): World {
  const made = (requestId: string): number[] =>
    tables.tasks.flatMap((task) =>
      task.onlineTaskId === requestId ? [SHANGHAI.fromNaive(task.createdAt) ?? Number.NaN] : [],
    )
  return {
    tables,
    workspaces: workspaces.map((space) => ({
      ...space,
      events: space.events.filter(
        ({ requestId, timestamp }) =>
          requestId !== '' && made(requestId).every((at) => Date.parse(timestamp) >= at - DAY),
      ),
    })),
  }
}

/** Now and then a request of the day is billed in another workspace than that of its task's account. */
function strayed(rendered: Rendered, date: string, random: Prng): Rendered {
  const spaces = rendered.world.workspaces.map((space) => ({ ...space, events: [...space.events] }))
  if (rendered.usageWorkspaces !== null || spaces.length < 2) return rendered
  for (const space of spaces) {
    const stray = space.events.find(({ timestamp }) => timestamp.startsWith(date) && random.chance(0.2))
    const other = random.pick(spaces)
    if (stray === undefined || other === space) continue
    space.events = space.events.filter((event) => event !== stray)
    other.events.push(stray)
  }
  return { ...rendered, world: { ...rendered.world, workspaces: spaces } }
}

describe('a trace', () => {
  it('says of each task and request of a day what the audit of that day says', async () => {
    await fc.assert(
      fc.asyncProperty(seeds, async (seed) => {
        const draft = anyWorld(seed)
        const random = createPrng(seedOf(seed, 'trace'))
        const date = random.pick(datesOf(draft.window))
        const rendered = strayed(render(draft), date, random)
        const audit = auditOf(draft, 'requests')
        const ledgerLink = random.pick(['order', 'total', 'auto'] as const)
        const memory = memoryDependencies(rendered.world, { ...audit, settings: { ...audit.settings, ledgerLink } })
        const refused = new Set(random.chance(0.3) ? [random.pick(draft.accounts).apiKey] : [])
        const dependencies = { ...memory, fal: refusing(memoryFalOf(rendered), refused) }
        const audited = await auditsOf([[date, date]], new Set([...BILL_RULES, ...LEDGER_RULES]), dependencies)
        // Keys of accounts beyond the limit are left out, unless an audit is asked for them.
        const beyond = new Set(draft.accounts.map(({ apiKey }) => apiKey))
        for (const { apiKey } of auditedAccounts(draft)) beyond.delete(apiKey)
        const tasks = rendered.world.tables.tasks.filter(
          ({ createdAt, apiKey }) => createdAt.startsWith(date) && !beyond.has(apiKey),
        )
        const traced = await tracesOf(tasks, orphansOf(draft, date), dependencies, refused)
        // How one user's rows are linked may leave open what those of all users together tell; never the other way round.
        if (ledgerLink !== 'auto') expectAlike(traced, audited)
        else {
          expect(audited.findings).toMatchObject(traced.findings)
          if (!traced.open.has('B2')) expect(traced.verdicts).toEqual(audited.verdicts)
        }
      }),
      runs(10),
    )
  })

  it('says so too where ids are shared by tasks of several users and times', async () => {
    await fc.assert(
      fc.asyncProperty(seeds, async (seed) => {
        const random = createPrng(seedOf(seed, 'tangled trace'))
        const tangled = withoutEarlyEvents(tangledWorld(random))
        const world = random.chance(0.5) ? withHiddenUsers(tangled, random) : tangled
        const settings = { ledgerLink: random.pick(['order', 'total'] as const) }
        const dependencies = memoryDependencies(world, { settings })
        const { tasks } = world.tables
        // Events of a request days apart are all its bill for a trace, as for an audit that spans them.
        const bills = await auditsOf([['2026-01-20', '2026-02-09']], BILL_RULES, dependencies)
        const dates = new Set(tasks.map(({ createdAt }) => createdAt.slice(0, 10)))
        const ledgers = await auditsOf(
          [...dates].map((date) => [date, date] as const),
          LEDGER_RULES,
          dependencies,
        )
        const traced = await tracesOf(tasks, bills.unrecorded, dependencies)
        expectAlike(traced, { ...bills, findings: { ...bills.findings, ...ledgers.findings } })
      }),
      runs(20),
    )
  })
})
