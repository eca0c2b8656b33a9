import { readFileSync } from 'node:fs'
import { cpus, release, totalmem } from 'node:os'
import process from 'node:process'

/** The machine in one line, without its name or anything that would tell whose it is. */
export function machine(server: string): string {
  const processors = cpus()
  const model = processors[0]?.model.trim() || 'unnamed processor'
  return `${processors.length} × ${model}, ${(totalmem() / 1024 ** 3).toFixed(0)} GiB, ${process.platform} ${release()}, Node ${process.versions.node}, ${server}`
}

/** The load of the machine before the first measurement: above half a processor, figures are noisy. */
export function loadAverage(): string {
  try {
    return readFileSync('/proc/loadavg', 'utf8').split(' ').slice(0, 3).join(' ')
  } catch {
    return 'not known'
  }
}
