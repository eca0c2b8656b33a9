import type { UsageBreakdownRow } from '../../schemas/fal-get-usage.ts'
import type { BillLine } from '../audit/bills/same-bill.ts'
import type { ServerlessUsageRow } from '../fal/reader.ts'
import { cleanText } from '../render/clean.ts'
import type { CallContext, Dependencies } from '../tool.ts'
import { type BillScope, billSourceOf, tableSources, unreadBalances } from './bill-scope.ts'
import { Breakdown, CostTally } from './cost-tally.ts'
import type { UsageReading } from './usage-reading.ts'
import {
  MAYBE_TWICE,
  openWorkspaces,
  readOnce,
  type SortedBill,
  sortKeyless,
  type Workspace,
  type WorkspaceRead,
} from './workspaces.ts'

/** Serverless compute of the window by app or machine type, each workspace once. */
export async function readServerlessUsage(
  groupBy: 'app' | 'gpu_class',
  { holders, range, window, table }: BillScope,
  { fal }: Dependencies,
  { signal, progress }: CallContext,
): Promise<UsageReading> {
  const { workspaces, billings } = await openWorkspaces(holders, fal, signal)
  const query = { range, zone: window.zone, timeframe: 'day' } as const
  let answered = 0
  const reads = await Promise.all(
    workspaces.map(async (workspace): Promise<WorkspaceRead<ServerlessUsageRow>> => {
      const read = await readOnce(workspace, (apiKey) => fal.serverlessUsage(apiKey, query, signal))
      progress({ message: 'fal workspaces read', done: ++answered, total: workspaces.length })
      return { workspace, read }
    }),
  )
  const whole = reads.flatMap(({ workspace, read }) =>
    read.status === 'complete' ? [{ workspace, rows: read.value }] : [],
  )
  const sorted = await sortKeyless(whole, table, evidenceOf, (workspace) =>
    readOnce(workspace, (apiKey) => fal.usage(apiKey, { ...query, timeframe: 'month' }, signal)),
  )
  const sums = addUp(groupBy, sorted)
  const sources = tableSources({ table })
  for (const { workspace, read } of reads) {
    for (const { accountId } of workspace.holders) sources.push(billSourceOf('fal-serverless', read, accountId))
  }
  sources.push(...unreadBalances(holders, billings))
  return { ...sums, sources }
}

interface Serverless {
  readonly workspace: Workspace
  readonly rows: readonly ServerlessUsageRow[]
}

/** Of the bills that were read whole. */
function addUp(
  groupBy: 'app' | 'gpu_class',
  { bills, warning }: { readonly bills: readonly SortedBill<Serverless>[]; readonly warning: string | undefined },
): Omit<UsageReading, 'sources'> {
  const total = new CostTally()
  const groups = new Breakdown<Partial<UsageBreakdownRow>>()
  for (const { readings, sure } of bills) {
    for (const row of readings[0].rows) {
      const name = groupBy === 'app' ? row.app : row.gpuClass
      const shown = name === '' ? 'unknown' : cleanText(name)
      const fields = () => (groupBy === 'app' ? { app: shown } : { gpuClass: shown })
      if (sure) groups.group(name, fields).add(row)
      else groups.withhold(name, fields, MAYBE_TWICE)
      total.add(row)
    }
  }
  const allSure = bills.every(({ sure }) => sure)
  const notes = [...(allSure ? [] : [MAYBE_TWICE]), ...(warning === undefined ? [] : [warning])]
  return {
    rows: groups.rows(),
    total,
    hasTotal: bills.length > 0 && allSure,
    ...(notes.length > 0 && { note: notes.join(' ') }),
  }
}

/** The serverless bill names no key. */
const evidenceOf = ({ rows }: Serverless) =>
  ({
    kind: 'serverless',
    lines: (): BillLine[] =>
      rows.map(({ bucketStart, app, gpuClass, unit }) => ({
        keyId: null,
        mark: JSON.stringify([bucketStart, app, gpuClass, unit]),
      })),
    whole: true,
  }) as const
