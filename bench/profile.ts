import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { type Bench, type Depth, runAudit } from './audit-run.ts'
import { megabytes, seconds } from './printing.ts'
import { memoryOf } from './processes.ts'

interface CpuProfile {
  readonly nodes: readonly {
    readonly id: number
    readonly callFrame: { readonly functionName: string; readonly url: string; readonly lineNumber: number }
  }[]
  readonly samples: readonly number[]
  readonly timeDeltas: readonly number[]
}

const FUNCTIONS_SHOWN = 25
const FILES_SHOWN = 15
const MEMORY_POINTS = 20

/** Runs one audit under V8's sampling profiler, and tells in which functions and files its time goes, and when its memory. */
export async function profileAudit(bench: Bench, depth: Depth, folder: string): Promise<string[]> {
  const into = join(folder, depth)
  mkdirSync(into, { recursive: true })
  const memory: { millis: number; bytes: number }[] = []
  const run = await runAudit(bench, depth, {
    nodeArguments: ['--cpu-prof', `--cpu-prof-dir=${into}`],
    onTick: (pid, millis) => memory.push({ millis, bytes: memoryOf(pid, 'VmRSS') }),
  })
  const file = readdirSync(into)
    .filter((name) => name.endsWith('.cpuprofile'))
    .sort()
    .at(-1)
  if (file === undefined) return [`profile of audit --depth ${depth}: none was written`]
  const profile = JSON.parse(readFileSync(join(into, file), 'utf8')) as CpuProfile
  const { byFunction, byFile, total } = addUp(profile, sourcesOf(bench.program))
  const share = ([name, micros]: readonly [string, number]): string =>
    `  ${seconds(micros / 1000).padStart(8)} ${((micros / total) * 100).toFixed(1).padStart(5)} %  ${name}`
  const step = Math.max(1, Math.floor(memory.length / MEMORY_POINTS))
  const points = memory
    .filter((_, at) => at % step === 0)
    .map(({ millis, bytes }) => `${seconds(millis)} ${megabytes(bytes)}`)
  const lines = [
    `profile of audit --depth ${depth}: ${seconds(run.millis)}, peak ${megabytes(run.peakBytes)} (the profiler's own included)`,
    'functions by their own time:',
    ...largest(byFunction, FUNCTIONS_SHOWN).map(share),
    'files by the own time of their functions:',
    ...largest(byFile, FILES_SHOWN).map(share),
    `resident memory: ${points.join(', ')}`,
  ]
  writeFileSync(join(into, 'summary.txt'), `${lines.join('\n')}\n`)
  return [...lines, `whole profile: ${join(into, file)}`]
}

function addUp({ nodes, samples, timeDeltas }: CpuProfile, sourceOf: (line: number) => string) {
  const byId = new Map(nodes.map((node) => [node.id, node.callFrame]))
  const byFunction = new Map<string, number>()
  const byFile = new Map<string, number>()
  let total = 0
  samples.forEach((id, at) => {
    const frame = byId.get(id)
    const micros = timeDeltas[at] ?? 0
    if (frame === undefined) return
    const isOurs = frame.url.endsWith('.mjs')
    const source = isOurs ? sourceOf(frame.lineNumber) : frame.url.replace(/^.*\//, '') || 'node'
    const name = frame.functionName || '(anonymous)'
    const place = isOurs ? `${name}  ${source}:${frame.lineNumber + 1}` : `${name}  ${source}`
    byFunction.set(place, (byFunction.get(place) ?? 0) + micros)
    byFile.set(frame.url === '' ? name : source, (byFile.get(frame.url === '' ? name : source) ?? 0) + micros)
    total += micros
  })
  return { byFunction, byFile, total }
}

const largest = (sums: ReadonlyMap<string, number>, count: number): (readonly [string, number])[] =>
  [...sums].sort(([, a], [, b]) => b - a).slice(0, count)

/** The bundler writes before each module where it came from. */
function sourcesOf(program: string): (line: number) => string {
  const marks = readFileSync(program, 'utf8')
    .split('\n')
    .flatMap((text, line) => {
      const path = /^\s*\/\/ ((?:src|schemas|tools|node_modules)\/\S+)$/.exec(text)?.[1]
      return path === undefined ? [] : [{ line, path: path.replace(/^node_modules\//, '') }]
    })
  return (line) => marks.findLast((mark) => mark.line <= line)?.path ?? 'the program'
}
