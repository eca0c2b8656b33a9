import type { Figure } from './figure.ts'

const NAMES = { true: 'met', false: 'MISSED' } as const

/** The figures as a table, what each is made of beneath it. */
export function table(figures: readonly Figure[]): string[] {
  const width = Math.max(...figures.map(({ name }) => name.length), 'figure'.length)
  const line = (name: string, target: string, value: string, verdict: string): string =>
    `${name.padEnd(width)}  ${target.padEnd(13)}  ${value.padStart(10)}  ${verdict}`.trimEnd()
  const met = figures.filter(({ met }) => met === true).length
  const judged = figures.filter(({ met }) => met !== undefined).length
  return [
    line('figure', 'target', 'measured', ''),
    line('─'.repeat(width), '─'.repeat(13), '─'.repeat(10), '──────'),
    ...figures.flatMap(({ name, target, value, met, detail }) => [
      line(name, target, value, met === undefined ? '' : NAMES[`${met}`]),
      `    ${detail}`,
    ]),
    `${met} of ${judged} targets met`,
  ]
}
