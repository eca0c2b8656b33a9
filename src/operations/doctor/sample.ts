import type { LedgerInspection } from '../../ledger/inspection.ts'
import type { TableRole } from '../../ledger/mapping.ts'
import { messageOf } from './lines.ts'
import type { ReadableTables } from './tables.ts'

/** The newest rows of one table, cells by key of the mapping. */
export interface Sample {
  readonly rows: readonly ReadonlyMap<string, string | null>[]
  /** Whether the table has older rows than these. */
  readonly cut: boolean
  /** Keys of the columns that were read. */
  readonly keys: ReadonlySet<string>
}

/** A sample, or why there is none. */
export type Sampled = Sample | { readonly unread: string }

/** Reads the newest rows of a table by primary key, of the wanted columns those that it has. */
export async function readSample(
  inspection: LedgerInspection,
  readable: ReadableTables,
  role: TableRole,
  wanted: readonly string[],
  limit: number,
): Promise<Sampled> {
  const table = readable.get(role)
  if (table === undefined) return { unread: `the table of ${role} cannot be read` }
  const keys = wanted.filter((key) => table.columns.has(key))
  const columns = keys.flatMap((key) => table.columns.get(key) ?? [])
  if (columns.length === 0) return { unread: `the table ${table.name} has none of the columns` }
  try {
    const rows = await inspection.newest(role, columns, limit)
    return {
      rows: rows.map((cells) => new Map(keys.map((key, at) => [key, cells[at] ?? null]))),
      cut: rows.length >= limit,
      keys: new Set(keys),
    }
  } catch (error) {
    return { unread: messageOf(error) }
  }
}

/** The sample where it holds these columns and any row, or why it does not serve. */
export function usable(sampled: Sampled, keys: readonly string[]): Sample | { readonly unread: string } {
  if ('unread' in sampled) return sampled
  const missing = keys.filter((key) => !sampled.keys.has(key))
  if (missing.length > 0) return { unread: `there is no column for ${missing.join(', ')}` }
  return sampled.rows.length === 0 ? { unread: 'the table is empty' } : sampled
}
