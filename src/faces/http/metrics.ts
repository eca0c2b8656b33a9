/** What the operating system says of this process. */
export interface ProcessFacts {
  readonly residentBytes: number
  readonly heapUsedBytes: number
  readonly cpuSeconds: number
}

type Labels = Readonly<Record<string, string>>

/** Counters, histograms and gauges in the text format of Prometheus, version 0.0.4. */
export interface Metrics {
  request(route: string, method: string, status: number, seconds: number): void
  operation(tool: string, outcome: string): void
  /** A value that is read whenever the metrics are. */
  gauge(name: string, help: string, read: () => number): void
  text(facts: ProcessFacts): string
}

const PREFIX = 'fal_audit'
const BUCKETS_SECONDS = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60]
const METHODS = ['GET', 'HEAD', 'POST', 'PUT', 'DELETE', 'OPTIONS', 'PATCH']

interface Histogram {
  readonly counts: number[]
  sum: number
}

/** Labels take their values from fixed sets only, so that no caller can make the series grow. */
export function createMetrics(version: string): Metrics {
  const requests = new Map<string, number>()
  const durations = new Map<string, Histogram>()
  const operations = new Map<string, number>()
  const gauges: { readonly name: string; readonly help: string; readonly read: () => number }[] = []

  return {
    request(route, method, status, seconds) {
      count(requests, { route, method: METHODS.includes(method) ? method : 'other', status: String(status) })
      const key = labelled({ route })
      const histogram = durations.get(key) ?? { counts: [...BUCKETS_SECONDS, 0].map(() => 0), sum: 0 }
      durations.set(key, histogram)
      const bucket = BUCKETS_SECONDS.findIndex((bound) => seconds <= bound)
      const at = bucket < 0 ? BUCKETS_SECONDS.length : bucket
      histogram.counts[at] = (histogram.counts[at] ?? 0) + 1
      histogram.sum += seconds
    },
    operation: (tool, outcome) => count(operations, { tool, outcome }),
    gauge: (name, help, read) => void gauges.push({ name, help, read }),
    text(facts) {
      const fixed: [string, string, string, number][] = [
        ['process_resident_memory_bytes', 'Resident memory.', 'gauge', facts.residentBytes],
        ['process_cpu_seconds_total', 'User and system time.', 'counter', facts.cpuSeconds],
        ['nodejs_heap_size_used_bytes', 'Heap in use.', 'gauge', facts.heapUsedBytes],
      ]
      return `${[
        ...head(`${PREFIX}_build_info`, 'Version of the program.', 'gauge'),
        `${PREFIX}_build_info${labelled({ version })} 1`,
        ...series(`${PREFIX}_http_requests_total`, 'Requests by route, method and status.', requests),
        ...histogramLines(`${PREFIX}_http_request_duration_seconds`, durations),
        ...series(`${PREFIX}_operations_total`, 'Operations run, over REST and MCP.', operations),
        ...gauges.flatMap(({ name, help, read }) => [
          ...head(`${PREFIX}_${name}`, help, 'gauge'),
          `${PREFIX}_${name} ${read()}`,
        ]),
        ...fixed.flatMap(([name, help, type, value]) => [...head(name, help, type), `${name} ${value}`]),
      ].join('\n')}\n`
    },
  }
}

function count(counts: Map<string, number>, labels: Labels): void {
  const key = labelled(labels)
  counts.set(key, (counts.get(key) ?? 0) + 1)
}

const labelled = (labels: Labels): string =>
  `{${Object.entries(labels)
    .map(([name, value]) => `${name}="${value.replace(/[\\"]/g, '\\$&').replace(/\n/g, '\\n')}"`)
    .join(',')}}`

const head = (name: string, help: string, type: string): string[] => [
  `# HELP ${name} ${help}`,
  `# TYPE ${name} ${type}`,
]

const series = (name: string, help: string, counts: ReadonlyMap<string, number>): string[] => [
  ...head(name, help, 'counter'),
  ...[...counts].map(([labels, value]) => `${name}${labels} ${value}`),
]

function histogramLines(name: string, durations: ReadonlyMap<string, Histogram>): string[] {
  const lines = [...durations].flatMap(([labels, { counts, sum }]) => {
    let total = 0
    const buckets = counts.map((each, index) => {
      total += each
      return `${name}_bucket${labels.slice(0, -1)},le="${BUCKETS_SECONDS[index] ?? '+Inf'}"} ${total}`
    })
    return [...buckets, `${name}_sum${labels} ${sum}`, `${name}_count${labels} ${total}`]
  })
  return [...head(name, 'Time from request to the end of its answer.', 'histogram'), ...lines]
}
