import { type Diagnosis, LINE_STATUSES } from '../../schemas/doctor.ts'

const WIDEST = Math.max(...LINE_STATUSES.map((status) => status.length))

/** A diagnosis as lines for a terminal: status, what, what was seen, and below it what to do. */
export function renderDiagnosis({ asOf, counts, lines }: Diagnosis): string {
  const indent = ' '.repeat(WIDEST + 2)
  const told = lines.flatMap(({ id, subject, status, seen, todo }) => [
    `${status.padEnd(WIDEST)}  ${id}${subject === undefined ? '' : ` (${subject})`}: ${seen}`,
    ...(todo === undefined ? [] : [`${indent}→ ${todo}`]),
  ])
  const sums = LINE_STATUSES.map((status) => `${counts[status]} ${status}`).join(', ')
  return `${[`Doctor, ${asOf}: ${sums}`, '', ...told].join('\n')}\n`
}
