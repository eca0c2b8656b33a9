import { setTimeout as delay } from 'node:timers/promises'
import { type Bench, environmentOf } from '../audit-run.ts'
import { type Figure, times } from '../figure.ts'
import { type McpProcess, startMcp } from '../mcp-client.ts'
import { median, megabytes, millis, range, say, spread } from '../printing.ts'
import { programFile } from '../processes.ts'

const STARTS = 30
const CALLS = 300
const CALLS_BEFORE = 100
/** How long a server is left alone before its memory is read. */
const IDLE_MILLIS = 1000
const IDLE_EVERY = 5
const LIST_BYTES = 16_000

interface Starts {
  readonly startMillis: number[]
  readonly bytes: number[]
}

/** From spawn to the answer to initialize, and memory at rest, against bare servers; all three in turn. */
export async function measureStart(bench: Bench): Promise<Figure[]> {
  const sides = [
    { name: 'the program', file: bench.program, args: ['mcp'], env: environmentOf(bench) },
    { name: 'bare', file: programFile('bare-server.mjs'), args: [], env: {} },
    { name: 'bare, as lean', file: programFile('bare-server-lean.mjs'), args: [], env: {} },
  ]
  const seen = sides.map((): Starts => ({ startMillis: [], bytes: [] }))
  for (let round = 0; round <= STARTS; round++) {
    for (const [index, { file, args, env }] of sides.entries()) {
      const server = await startMcp(file, args, env)
      // The first round fills the system's cache of files.
      if (round > 0) seen[index]?.startMillis.push(server.startMillis)
      if (round % IDLE_EVERY === 0) {
        await delay(IDLE_MILLIS)
        seen[index]?.bytes.push(server.memory())
      }
      await server.close()
    }
  }
  const [own, bare, lean] = seen
  if (own === undefined || bare === undefined || lean === undefined) return []
  say(`  starts: ${sides.map(({ name }, at) => `${name} ${millis(median(seen[at]?.startMillis ?? []))}`).join(', ')}`)
  return [
    startFigure('spawn to initialize : a bare server of the same SDK', own, bare, '≤ 0.9 ×', 0.9),
    startFigure('the same : a bare server bundled as lean as the program', own, lean, '', undefined),
    memoryFigure('idle memory : the bare server', own, bare, '≤ 1.1 ×', 1.1),
    memoryFigure('the same : the lean bare server', own, lean, '', undefined),
  ]
}

function startFigure(name: string, own: Starts, base: Starts, target: string, most: number | undefined): Figure {
  const ratios = own.startMillis.map((span, at) => span / (base.startMillis[at] ?? Number.NaN))
  const ratio = median(ratios)
  const [mine, theirs] = [median(own.startMillis), median(base.startMillis)]
  return {
    name,
    target,
    value: times(ratio),
    met: most === undefined ? undefined : ratio <= most,
    detail: `${millis(mine)} : ${millis(theirs)}; medians of ${ratios.length} pairs, ratios ${range(ratios, times)}`,
    numbers: { ratio, millis: mine, baseMillis: theirs },
  }
}

function memoryFigure(name: string, own: Starts, base: Starts, target: string, most: number | undefined): Figure {
  const [mine, theirs] = [median(own.bytes), median(base.bytes)]
  const ratio = mine / theirs
  return {
    name,
    target,
    value: times(ratio),
    met: most === undefined ? undefined : ratio <= most,
    detail: `${megabytes(mine)} : ${megabytes(theirs)} resident ${IDLE_MILLIS / 1000} s after initialize, medians of ${own.bytes.length}`,
    numbers: { ratio, bytes: mine, baseBytes: theirs },
  }
}

/** Calls whose fetch is nothing: rows and bill lie in memory. */
const CALLED: readonly { readonly name: string; readonly arguments: object }[] = [
  { name: 'fal-get-usage', arguments: { start: '2026-02-06', end: '2026-02-06' } },
  { name: 'tasks-by-user', arguments: { start: '2026-02-06', end: '2026-02-06' } },
  { name: 'user-ledger', arguments: { start: '2026-02-06', end: '2026-02-06' } },
  { name: 'fal-list-accounts', arguments: {} },
  { name: 'fal-balance', arguments: {} },
]
/** A whole audit, whose reckoning is measured elsewhere: told, and not held to the target. */
const AUDIT = { name: 'audit-reconcile', arguments: { start: '2026-02-06', end: '2026-02-06' } }

/** What a call takes besides its data: the program's own server, over the demo's world in memory. */
export async function measureCalls(bench: Bench): Promise<Figure[]> {
  const server = await startMcp(programFile('memory-server.mjs'), [])
  try {
    const medians: { name: string; span: number }[] = []
    for (const call of CALLED) medians.push({ name: call.name, span: median(await timeCalls(server, call)) })
    const audit = median(await timeCalls(server, AUDIT))
    const worst = medians.reduce((most, each) => (each.span > most.span ? each : most))
    const told = medians.map(({ name, span }) => `${name} ${millis(span)}`).join(', ')
    return [
      {
        name: 'tools/call beyond its data fetch',
        target: '≤ 2 ms median',
        value: millis(worst.span),
        met: worst.span <= 2,
        detail: `the slowest of: ${told}; medians of ${CALLS} calls over stdio, rows in memory; a whole audit-reconcile of the same day ${millis(audit)}`,
        numbers: Object.fromEntries(
          [...medians, { name: AUDIT.name, span: audit }].map(({ name, span }) => [name, span]),
        ),
      },
      await listFigure(bench),
    ]
  } finally {
    await server.close()
  }
}

async function listFigure(bench: Bench): Promise<Figure> {
  const server = await startMcp(bench.program, ['mcp'], environmentOf(bench))
  const { bytes } = await server.ask('tools/list', {})
  await server.close()
  return {
    name: 'tools/list',
    target: '≤ 16 kB',
    value: `${spread(bytes)} B`,
    met: bytes <= LIST_BYTES,
    detail: 'bytes of the result as JSON',
    numbers: { bytes },
  }
}

async function timeCalls(server: McpProcess, call: object): Promise<number[]> {
  const spans: number[] = []
  for (let made = 0; made < CALLS_BEFORE + CALLS; made++) {
    const { millis: span } = await server.ask('tools/call', call)
    if (made >= CALLS_BEFORE) spans.push(span)
  }
  return spans
}
