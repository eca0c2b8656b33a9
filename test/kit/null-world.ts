import type { Report } from '../../schemas/report.ts'
import { MiniWorld } from '../../src/demo/mini-world.ts'
import type { StoredTables } from '../../src/demo/stored-world.ts'
import { inShort, type WorldAudit } from './audit-world.ts'
import { auditRealWorld, type StoreKind } from './real-audit.ts'

/** Forty tasks of four users, all of them paid and billed as they ought to be. */
export function clean(): MiniWorld {
  const world = new MiniWorld().account(5)
  for (let each = 0; each < 40; each++)
    world.task({ user: 101 + (each % 4), cost: '0.5', at: `2026-02-06 1${each % 10}:00:00` })
  return world
}

/** Audits a world of whose rows one or more are given other cells. */
export async function audited(
  store: StoreKind,
  world: MiniWorld,
  depth: 'summary' | 'requests',
  change: Partial<{ [Table in keyof StoredTables]: (row: StoredTables[Table][number]) => object }>,
  options: WorldAudit = {},
): Promise<Report> {
  const built = world.build()
  const tables = Object.fromEntries(
    Object.entries(built.tables).map(([name, rows]: [string, readonly object[]]) => {
      const over = change[name as keyof StoredTables] as ((row: object) => object) | undefined
      return [name, over === undefined ? rows : rows.map((row) => ({ ...row, ...over(row) }))]
    }),
  ) as unknown as StoredTables
  return auditRealWorld({ ...built, tables }, { store }, { depth, ...options })
}

/** Gives the fourth row other cells. */
export const fourth = (over: object) => (row: { readonly id: number }) => (row.id === 4 ? over : {})
/** Rules that are not evaluated for a reason with these words, and for whom, in order. */
export const openOf = ({ notEvaluated }: Report, words: string) =>
  notEvaluated
    .filter(({ reason }) => reason.includes(words))
    .map(({ rule, subject }) => [rule, ...Object.values(subject)].join(' '))
    .sort()

/** What is found, without request ids. */
export const foundIn = (report: Report): string[] =>
  inShort(report)
    .map((text) => text.replace(/ requestId=.*/, ''))
    .sort()
