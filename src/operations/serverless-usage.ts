import type { UsageBreakdownRow } from '../../schemas/fal-get-usage.ts'
import type { BillSource } from '../../schemas/tool-shapes.ts'
import type { ServerlessUsageRow } from '../fal/reader.ts'
import { cleanText } from '../render/clean.ts'
import type { CallContext, Dependencies } from '../tool.ts'
import { type BillScope, billSourceOf } from './bill-scope.ts'
import { Breakdown, CostTally } from './cost-tally.ts'
import type { UsageReading } from './usage-reading.ts'
import { mergeUnnamed, openWorkspaces, readOnce, type WorkspaceRead } from './workspaces.ts'

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
  const total = new CostTally()
  const groups = new Breakdown<Partial<UsageBreakdownRow>>()
  const whole = mergeUnnamed(reads, ({ read }) => (read.status === 'complete' ? read.value : [])).filter(
    ({ read }) => read.status === 'complete',
  )
  for (const { read } of whole) {
    for (const row of read.status === 'complete' ? read.value : []) {
      const name = groupBy === 'app' ? row.app : row.gpuClass
      const shown = name === '' ? 'unknown' : cleanText(name)
      groups.group(name, () => (groupBy === 'app' ? { app: shown } : { gpuClass: shown })).add(row)
      total.add(row)
    }
  }
  const sources: BillSource[] = table === undefined ? [] : [{ source: 'accounts', status: 'complete' }]
  for (const { workspace, read } of reads) {
    for (const { accountId } of workspace.holders) sources.push(billSourceOf('fal-serverless', read, accountId))
  }
  billings.forEach((billing, index) => {
    if (billing.status !== 'complete') sources.push(billSourceOf('fal-balance', billing, holders[index]?.accountId))
  })
  return { rows: groups.rows(), total, hasTotal: whole.length > 0, sources }
}
