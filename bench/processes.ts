import { type ChildProcess, spawn } from 'node:child_process'
import { readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import process from 'node:process'
import { fileURLToPath } from 'node:url'

/** The bundled programs lie beside the bundled bench. */
export const programFile = (name: string): string => fileURLToPath(new URL(`./${name}`, import.meta.url))

/** What a finished process took. Memory and time of the processor are the system's own figures of that process. */
export interface Run {
  /** From spawn to exit. */
  readonly millis: number
  readonly cpuMillis: number
  readonly peakBytes: number
  readonly code: number | null
  readonly stdout: string
  readonly stderr: string
}

export interface RunOptions {
  readonly env?: Readonly<Record<string, string>>
  readonly nodeArguments?: readonly string[]
  /** Called with its id while the process runs, every 50 ms. */
  readonly onTick?: (pid: number, millis: number) => void
}

const TEXT_MAX = 1_000_000
const TICK_MILLIS = 50
let runs = 0

/** Runs a Node program to its end. */
export async function runNode(program: string, args: readonly string[], options: RunOptions = {}): Promise<Run> {
  const observed = join(tmpdir(), `fal-audit-bench-${process.pid}-${runs++}.json`)
  const nodeArguments = ['--require', programFile('observe.cjs'), ...(options.nodeArguments ?? [])]
  const finished = await runProgram(process.execPath, [...nodeArguments, program, ...args], {
    ...options,
    env: { ...options.env, BENCH_OBSERVE: observed },
  })
  const { maxRssKib, cpuMicros } = readObserved(observed)
  return { ...finished, cpuMillis: cpuMicros / 1000, peakBytes: maxRssKib * 1024 }
}

function readObserved(file: string): { maxRssKib: number; cpuMicros: number } {
  try {
    return JSON.parse(readFileSync(file, 'utf8')) as { maxRssKib: number; cpuMicros: number }
  } catch {
    // It was killed before its end.
    return { maxRssKib: Number.NaN, cpuMicros: Number.NaN }
  } finally {
    rmSync(file, { force: true })
  }
}

/** Runs any program to its end and keeps what it says, up to a million characters. */
export function runProgram(
  program: string,
  args: readonly string[],
  options: RunOptions & { readonly keepsOutput?: boolean } = {},
): Promise<Omit<Run, 'cpuMillis' | 'peakBytes'>> {
  return new Promise((resolve, reject) => {
    const started = performance.now()
    const keeps = options.keepsOutput ?? true
    const child = spawn(program, args, {
      env: { ...cleanEnvironment(), ...options.env },
      stdio: ['ignore', keeps ? 'pipe' : 'ignore', 'pipe'],
    })
    const stdout = textFrom(child.stdout)
    const stderr = textFrom(child.stderr)
    const { onTick } = options
    const ticks =
      onTick === undefined
        ? undefined
        : setInterval(() => onTick(child.pid ?? 0, performance.now() - started), TICK_MILLIS)
    let millis = Number.NaN
    child.once('exit', () => {
      millis = performance.now() - started
    })
    child.once('error', reject)
    child.once('close', (code) => {
      clearInterval(ticks)
      resolve({ millis, code, stdout: stdout(), stderr: stderr() })
    })
  })
}

function textFrom(stream: ChildProcess['stdout']): () => string {
  let text = ''
  stream?.setEncoding('utf8').on('data', (part: string) => {
    if (text.length < TEXT_MAX) text += part
  })
  return () => text
}

/** Without the settings of whoever runs the bench. */
export function cleanEnvironment(): Record<string, string> {
  const kept = ['PATH', 'HOME', 'TMPDIR', 'LANG', 'LC_ALL']
  return Object.fromEntries(
    kept.flatMap((name) => (process.env[name] === undefined ? [] : [[name, process.env[name]]])),
  )
}

/** One figure of a running process from Linux's /proc, in bytes; NaN where there is none. */
export function memoryOf(pid: number, field: 'VmRSS' | 'VmHWM'): number {
  try {
    const line = new RegExp(`^${field}:\\s+(\\d+) kB`, 'm').exec(readFileSync(`/proc/${pid}/status`, 'utf8'))
    return line?.[1] === undefined ? Number.NaN : Number(line[1]) * 1024
  } catch {
    return Number.NaN
  }
}

export interface Double {
  readonly url: string
  stop(): Promise<void>
}

/** Starts the double over the pages of a world, as a process of its own. */
export async function startDouble(pages: string, options: readonly string[] = []): Promise<Double> {
  const child = spawn(process.execPath, [programFile('fal-pages.mjs'), '--folder', pages, ...options], {
    env: cleanEnvironment(),
    stdio: ['pipe', 'pipe', 'inherit'],
  })
  const exited = new Promise<void>((resolve) => child.once('exit', () => resolve()))
  const port = await new Promise<string>((resolve, reject) => {
    child.stdout.setEncoding('utf8').once('data', (line: string) => resolve(line.trim()))
    child.once('exit', () => reject(new Error('the double of fal did not start')))
  })
  return {
    url: `http://127.0.0.1:${port}/v1`,
    stop: async () => {
      child.stdin.end()
      await exited
    },
  }
}
