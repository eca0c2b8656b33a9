import { type Bench, runAudit } from '../audit-run.ts'
import type { Check, Figure } from '../figure.ts'
import { times } from '../figure.ts'
import { type FloorCounts, floorPlan } from '../floor-plan.ts'
import { clientArguments, clientEnvironment } from '../mariadb-client.ts'
import { median, megabytes, range, reasonOf, say, seconds, spread } from '../printing.ts'
import { programFile, type Run, runNode, runProgram } from '../processes.ts'
import { storedTime } from '../world/shape.ts'

/** The skill's step 2 with the window of its audit: what each key was used for by whom. */
export const stepTwoSql = (start: number, end: number): string => `SELECT
    api_key,
    user_id,
    app_name,
    COUNT(*) as task_count,
    SUM(money) as total_charged,
    SUM(cost_money) as total_cost,
    SUM(CASE WHEN is_refund = 1 THEN 1 ELSE 0 END) as refund_count
FROM ts_fal_tasks
WHERE created_at >= '${storedTime(start)}' AND created_at < '${storedTime(end)}'
GROUP BY api_key, user_id, app_name`

const SIDES = ['floor', 'audit requests', 'floor of tables', 'audit summary', 'step 2 SQL'] as const
type Side = (typeof SIDES)[number]
type Timed = Pick<Run, 'millis'> & Partial<Pick<Run, 'cpuMillis' | 'peakBytes'>>

export interface Reading {
  readonly timed: ReadonlyMap<Side, readonly Timed[]>
  readonly counts: FloorCounts
  readonly figures: readonly Figure[]
  readonly checks: readonly Check[]
}

export interface ReadingOptions {
  readonly rounds: number
  readonly client: string
}

/**
 * Times the audit at both depths, its floors and the skill's SQL, one after another, for several rounds: each round runs
 * all of them, every second one in reverse, so that a machine that slows down slows all of them. One round before is not counted.
 */
export async function measureReading(bench: Bench, options: ReadingOptions): Promise<Reading> {
  const timed = new Map<Side, Timed[]>(SIDES.map((side) => [side, []]))
  let counts: FloorCounts = {}
  const floor = async (withBill: boolean): Promise<Timed> => {
    const plan = floorPlan(bench.dataset, withBill ? bench.doubleUrl : null)
    const run = await runNode(programFile('floor.mjs'), [JSON.stringify(plan)])
    if (run.code !== 0) throw new Error(`the floor ended with ${run.code}: ${run.stderr}`)
    if (withBill) counts = JSON.parse(run.stdout) as FloorCounts
    return run
  }
  const run: Record<Side, () => Promise<Timed>> = {
    floor: () => floor(true),
    'audit requests': () => runAudit(bench, 'requests'),
    'floor of tables': () => floor(false),
    'audit summary': () => runAudit(bench, 'summary'),
    'step 2 SQL': () => runStepTwo(bench, options.client),
  }
  const failures = new Map<Side, string>()
  for (let round = 0; round <= options.rounds; round++) {
    const order = round % 2 === 0 ? SIDES : [...SIDES].reverse()
    for (const side of order) {
      // What failed once would fail again; its figures say so.
      if (failures.has(side)) continue
      const one = await run[side]().catch((cause: unknown) => reasonOf(cause))
      if (typeof one === 'string') {
        failures.set(side, one)
        say(`  ${side} FAILED: ${one}`)
        continue
      }
      if (round > 0) timed.get(side)?.push(one)
      say(`  ${round === 0 ? 'warm-up' : `round ${round}`}  ${side}: ${told(one)}`)
    }
  }
  const compare = (name: string, subject: Side, base: Side, most: number): Figure => {
    const failure = failures.get(subject) ?? failures.get(base)
    if (failure === undefined) return against(name, timed.get(subject) ?? [], timed.get(base) ?? [], most)
    return { name, target: `≤ ${most} ×`, value: 'failed', met: false, detail: failure, numbers: {} }
  }
  return {
    timed,
    counts,
    figures: [
      compare('audit --depth requests : bare streaming and fetching', 'audit requests', 'floor', 1.5),
      compare('audit --depth summary : bare streaming of the tables', 'audit summary', 'floor of tables', 1.3),
      compare("all five steps (summary) : the skill's step 2 SQL alone", 'audit summary', 'step 2 SQL', 0.5),
    ],
    checks: [checkCounts(bench, counts)],
  }
}

const told = ({ millis, cpuMillis, peakBytes }: Timed): string =>
  [
    seconds(millis),
    ...(cpuMillis === undefined ? [] : [`processor ${seconds(cpuMillis)}`]),
    ...(peakBytes === undefined ? [] : [`peak ${megabytes(peakBytes)}`]),
  ].join(', ')

/** A ratio of two sides, round by round: the median of the rounds' ratios. */
function against(name: string, subject: readonly Timed[], base: readonly Timed[], most: number): Figure {
  const ratios = subject.map(({ millis }, round) => millis / (base[round]?.millis ?? Number.NaN))
  const ratio = median(ratios)
  const [own, other] = [median(subject.map(({ millis }) => millis)), median(base.map(({ millis }) => millis))]
  return {
    name,
    target: `≤ ${most} ×`,
    value: times(ratio),
    met: ratio <= most,
    detail: `${seconds(own)} : ${seconds(other)}; ${range(ratios, times)} in ${ratios.length} rounds${processorTold(subject, base)}`,
    numbers: { ratio, millis: own, baseMillis: other },
  }
}

/** Time of the processor, which other work on the machine moves less. */
function processorTold(subject: readonly Timed[], base: readonly Timed[]): string {
  const [own, other] = [subject, base].map((runs) => median(runs.map(({ cpuMillis }) => cpuMillis ?? Number.NaN)))
  if (own === undefined || other === undefined || Number.isNaN(own) || Number.isNaN(other)) return ''
  return `; of the processor ${seconds(own)} : ${seconds(other)}, ${times(own / other)}`
}

/** The client as it is used on a terminal: rows come as they are computed, and go nowhere. */
async function runStepTwo({ dataset }: Bench, client: string): Promise<Timed> {
  const { start, end } = dataset.shape
  const run = await runProgram(client, clientArguments(dataset, stepTwoSql(start, end)), {
    env: clientEnvironment(dataset),
    keepsOutput: false,
  })
  if (run.code !== 0) throw new Error(`the client ended with ${run.code}: ${run.stderr}`)
  return { millis: run.millis }
}

function checkCounts({ dataset }: Bench, counts: FloorCounts): Check {
  const { shape, manifest } = dataset
  const written = `tasks ${spread(counts.tasks ?? 0)}, points ${spread(counts.points ?? 0)}, cash ${spread(counts.cash ?? 0)}, events ${spread(counts.events ?? 0)}, usage rows ${spread(counts.usage ?? 0)}`
  const equal = counts.tasks === shape.rows + shape.history && (counts.events ?? 0) <= manifest.events
  return { name: 'the floor reads every task', equal, detail: written }
}
