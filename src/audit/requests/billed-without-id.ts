import { sum } from '../../units/exact.ts'
import { addNanoUsd, type NanoUsd, nanoUsd, ZERO_NANO_USD } from '../../units/nano-usd.ts'
import type { ModelMatches, ModelRecord } from '../rules/books.ts'
import { NAMELESS } from '../rules/nameless-tasks.ts'
import type { BilledWithoutId, TasksWithoutId } from '../rules/tasks-without-id.ts'
import { joinTasks } from '../rules/untold-tasks.ts'
import type { PlacementSum } from './placement-sums.ts'

/**
 * What fal may have billed for tasks without a request id at the edges of the window. Absent: there are none. `sums`: of one bill;
 * `keyless`: what tasks recorded that name no key.
 */
export function billedWithoutId(
  records: ReadonlyMap<string, ModelRecord>,
  keyless: ReadonlyMap<string, ModelRecord>,
  sums: readonly PlacementSum[],
  matches: ModelMatches,
  nameOf: (endpoint: string) => string,
): { readonly withoutId?: BilledWithoutId } {
  const tasks = tasksIn(records)
  const all = [...tasks, ...tasksIn(keyless)]
  if (all.length === 0) return {}
  const orphans = sums.filter(({ stored }) => stored === null)
  const unclaimed = byEndpoint(orphans, nameOf, ({ placedNanoUsd }) => placedNanoUsd ?? ZERO_NANO_USD)
  const around = byEndpoint(orphans, nameOf, ({ aroundNanoUsd }) => aroundNanoUsd)
  const most = (costs: readonly Costs[], billed: ReadonlyMap<string, NanoUsd>): NanoUsd =>
    billedAtMost(costs, billed, matches)
  const untold = tasks.filter(({ untoldIn }) => untoldIn.count > 0)
  const whole = sum([...unclaimed.values()], (billed) => billed)
  const told = ({ canonical, inNanoUsd }: Edge): Costs => ({ canonical, costNanoUsd: inNanoUsd })
  const whatever = (edge: Edge): Costs =>
    edge.untoldIn.count > 0 ? { canonical: edge.canonical, costNanoUsd: whole } : told(edge)
  return {
    withoutId: {
      inNanoUsd: most(tasks.map(told), unclaimed),
      inAtMostNanoUsd: most(all.map(whatever), unclaimed),
      ...(untold.length > 0 && {
        untoldIn: {
          ...joinTasks(untold.map(({ untoldIn }) => untoldIn)),
          inNanoUsd: most(tasks.map(whatever), unclaimed),
        },
      }),
      outNanoUsd: most(
        tasks.map(({ canonical, outNanoUsd }) => ({ canonical, costNanoUsd: outNanoUsd })),
        around,
      ),
      unclaimed,
      unclaimedAround: new Set(around.keys()),
    },
  }
}

type Edge = TasksWithoutId & { readonly canonical: string }

const tasksIn = (records: ReadonlyMap<string, ModelRecord>): Edge[] =>
  [...records].flatMap(([canonical, { withoutId }]) => (withoutId ? [{ canonical, ...withoutId }] : []))

function byEndpoint(
  sums: readonly PlacementSum[],
  nameOf: (endpoint: string) => string,
  costOf: (sum: PlacementSum) => NanoUsd,
): Map<string, NanoUsd> {
  const billed = new Map<string, NanoUsd>()
  for (const each of sums) {
    const canonical = nameOf(each.endpoint)
    billed.set(canonical, addNanoUsd(billed.get(canonical) ?? ZERO_NANO_USD, costOf(each)))
  }
  for (const [canonical, cost] of billed) if (cost <= 0n) billed.delete(canonical)
  return billed
}

interface Costs {
  readonly canonical: string
  readonly costNanoUsd: bigint
}

/** Models that share an endpoint, and what may be billed as any of theirs: together no more than was. */
function billedAtMost(
  costs: readonly Costs[],
  billed: ReadonlyMap<string, NanoUsd>,
  { endpointsOf }: ModelMatches,
): NanoUsd {
  let groups: { endpoints: Set<string>; costNanoUsd: bigint }[] = []
  for (const { canonical, costNanoUsd } of costs) {
    if (costNanoUsd <= 0n) continue
    // One that names no model may be of any.
    const own = canonical === NAMELESS ? [...billed.keys()] : endpointsOf(canonical)
    const joined = { endpoints: new Set(own.filter((endpoint) => billed.has(endpoint))), costNanoUsd }
    const others: typeof groups = []
    for (const group of groups) {
      if (![...group.endpoints].some((endpoint) => joined.endpoints.has(endpoint))) others.push(group)
      else {
        for (const endpoint of group.endpoints) joined.endpoints.add(endpoint)
        joined.costNanoUsd += group.costNanoUsd
      }
    }
    groups = [...others, joined]
  }
  return nanoUsd(
    sum(groups, ({ endpoints, costNanoUsd }) => {
      const most = sum([...endpoints], (endpoint) => billed.get(endpoint) ?? 0n)
      return costNanoUsd < most ? costNanoUsd : most
    }),
  )
}
