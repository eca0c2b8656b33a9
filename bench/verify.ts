// npm run verify [-- --seeds N --from S --real M --pairs P --depth requests|summary --seed S --rule R --pair S --workers W]
// Plants every fault and its benign twin into worlds made from seeds, and counts what the audit finds and what it makes up.

import process from 'node:process'
import { parseArgs } from 'node:util'
import { isMainThread, parentPort, Worker, workerData } from 'node:worker_threads'
import { RULE_IDS, type RuleId } from '../schemas/report.ts'
import { RULES } from '../src/audit/rules/table.ts'
import type { Depth } from '../src/settings.ts'
import { onRealParts } from '../test/kit/generator/real-parts.ts'
import { mergeTallies, type Tally, tallySeeds, targetsMissed } from '../test/kit/generator/tally.ts'
import { inMemory, type Trial } from '../test/kit/generator/trial.ts'
import { type MariaDbServer, startMariaDb } from '../test/kit/mariadb.ts'

interface Job {
  readonly depth: Depth
  readonly seeds: readonly number[]
  readonly pairs: readonly number[]
  readonly rules: readonly RuleId[]
  readonly clean: boolean
}

/** Rules that usage rows alone decide; the others need the events. */
const SUMMARY_RULES: readonly RuleId[] = ['A1', 'A2', 'A3', 'A4', 'A5', 'A6', 'A7', 'A8']
const FAILURES_SHOWN = 40

const activeRules = (depth: Depth): Set<RuleId> =>
  new Set(RULES.map(({ id }) => id).filter((id) => depth === 'requests' || SUMMARY_RULES.includes(id)))

const runJob = ({ depth, seeds, pairs, rules, clean }: Job): Promise<Tally> =>
  tallySeeds(inMemory(depth, activeRules(depth)), seeds, { rules, clean, twins: true, pairs, beside: true })

async function main(): Promise<number> {
  const { values } = parseArgs({
    options: {
      seeds: { type: 'string', default: '1000' },
      from: { type: 'string', default: '1' },
      real: { type: 'string', default: '50' },
      pairs: { type: 'string', default: '1000' },
      depth: { type: 'string', default: 'requests' },
      workers: { type: 'string', default: '2' },
      seed: { type: 'string' },
      rule: { type: 'string' },
      pair: { type: 'string' },
    },
  })
  const depth: Depth = values.depth === 'summary' ? 'summary' : 'requests'
  const rules = values.rule === undefined ? RULE_IDS : RULE_IDS.filter((id) => id === values.rule)
  const alone = values.seed !== undefined || values.pair !== undefined
  const seeds =
    values.pair !== undefined ? [] : values.seed !== undefined ? [Number(values.seed)] : upTo(values.seeds, values.from)
  const pairs =
    values.pair !== undefined
      ? [Number(values.pair)]
      : alone || values.rule !== undefined
        ? []
        : upTo(values.pairs, values.from)
  const started = performance.now()
  const workers = alone ? 1 : Math.max(1, Number(values.workers))
  const job: Job = { depth, seeds, pairs, rules, clean: values.rule === undefined }
  const pure = mergeTallies(
    await Promise.all(shares(job, workers).map((share) => (alone ? runJob(share) : inWorker(share)))),
  )
  console.log(`pure engine, depth ${depth}, ${seconds(started)} s`)
  print(pure)
  const wrong = targetsMissed(pure)
  const real = alone || values.rule !== undefined ? [] : upTo(values.real)
  if (real.length > 0) {
    const again = performance.now()
    const tally = await onStores(depth, real)
    console.log(`\nreal stores and HTTP (odd seeds embedded, even seeds MariaDB), ${seconds(again)} s`)
    print(tally)
    wrong.push(...targetsMissed(tally).map((each) => `real: ${each}`))
  }
  console.log(wrong.length === 0 ? '\nevery target is met' : `\nNOT MET:\n  ${wrong.join('\n  ')}`)
  return wrong.length === 0 ? 0 : 1
}

const upTo = (count: string, from = '1'): number[] =>
  Array.from({ length: Number(count) }, (_, index) => Number(from) + index)

const seconds = (since: number): string => ((performance.now() - since) / 1000).toFixed(1)

const shares = (job: Job, workers: number): Job[] =>
  Array.from({ length: workers }, (_, worker) => {
    const own = (seeds: readonly number[]): number[] => seeds.filter((_seed, index) => index % workers === worker)
    return { ...job, seeds: own(job.seeds), pairs: own(job.pairs) }
  })

function inWorker(job: Job): Promise<Tally> {
  return new Promise((resolve, reject) => {
    const worker = new Worker(process.argv[1] as string, { workerData: job })
    worker.once('message', resolve)
    worker.once('error', reject)
  })
}

/** The same faults through a database and HTTP. A server that is not installed is said, and its seeds go to the embedded one. */
async function onStores(depth: Depth, seeds: readonly number[]): Promise<Tally> {
  const server = await startMariaDb()
  try {
    await server.ready
    const plan = { rules: RULE_IDS, twins: false, clean: true, pairs: [] }
    const trialOn = (store: MariaDbServer | null): Trial => ({
      depth,
      active: activeRules(depth),
      audit: onRealParts(store),
    })
    const odd = seeds.filter((seed) => seed % 2 === 1)
    const even = seeds.filter((seed) => seed % 2 === 0)
    return mergeTallies([await tallySeeds(trialOn(null), odd, plan), await tallySeeds(trialOn(server), even, plan)])
  } finally {
    await server.stop()
  }
}

function print({ rules, clean, pairs, beside, failures }: Tally): void {
  const head = ['rule', 'injected', 'found', 'missed', 'false alarms', 'twins', 'twin alarms', 'no place']
  const rows = Object.entries(rules)
    .filter(([, each]) => each.injected + each.noPlace + each.falseAlarms > 0)
    .map(([rule, each]) => [
      rule,
      ...[each.injected, each.found, each.missed, each.falseAlarms, each.twins, each.twinAlarms, each.noPlace].map(
        String,
      ),
    ])
  const widths = head.map((title, column) =>
    Math.max(title.length, ...rows.map((row) => (row[column] as string).length)),
  )
  const line = (cells: readonly string[]): string =>
    cells
      .map((cell, column) =>
        column === 0 ? cell.padEnd(widths[0] as number) : cell.padStart(widths[column] as number),
      )
      .join('  ')
  for (const row of [head, ...rows]) console.log(line(row))
  console.log(`clean worlds ${clean.worlds}, with findings ${clean.withFindings}, not read whole ${clean.incomplete}`)
  console.log(`pairs of faults ${pairs.planted}, failed ${pairs.failed}, no place for both ${pairs.noPlace}`)
  console.log(`faults beside an unknown ${beside.planted}, left open for it ${beside.open}, hidden ${beside.hidden}`)
  for (const failure of failures.slice(0, FAILURES_SHOWN)) console.log(`  ${failure}`)
  if (failures.length > FAILURES_SHOWN) console.log(`  and ${failures.length - FAILURES_SHOWN} more`)
}

if (isMainThread) {
  process.exitCode = await main()
} else {
  parentPort?.postMessage(await runJob(workerData as Job))
}
