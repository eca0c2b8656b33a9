import type { Line } from '../../../schemas/doctor.ts'
import type { LedgerInspection } from '../../ledger/inspection.ts'
import type { TableRole } from '../../ledger/mapping.ts'
import { checked, counted, ok, unverified, warning } from './lines.ts'
import type { ReadableTable, ReadableTables } from './tables.ts'

interface Wish {
  readonly role: TableRole
  /** Keys of the mapping, in the order of the index. */
  readonly keys: readonly string[]
  /** What reads the rows now. */
  readonly reader: string
  /** What the index would change. */
  readonly gain: string
}

/** Indexes that queries of this program use where they are there. */
const WISHES: readonly Wish[] = [
  {
    role: 'tasks',
    keys: ['createdAt'],
    reader: 'a window of time scans',
    gain: 'with the index it reads its own rows; that helps with days, not with months',
  },
  {
    role: 'tasks',
    keys: ['onlineTaskId'],
    reader: 'look-ups by request id scan',
    gain: 'they compare every stored id, and would read the ids alone and not the wide rows',
  },
  {
    role: 'points',
    keys: ['userId', 'createdAt'],
    reader: "a user's last row before a time is looked for in",
    gain: 'with the index the rows after that time are left out',
  },
  {
    role: 'points',
    keys: ['orderId'],
    reader: 'look-ups by order id scan',
    gain: 'with the index they read the rows they look for',
  },
  {
    role: 'cash',
    keys: ['userId', 'time'],
    reader: 'the cash of one user is looked for in',
    gain: "with the index a window reads that user's rows of that time",
  },
  {
    role: 'cash',
    keys: ['orderId'],
    reader: 'look-ups by order id scan',
    gain: 'with the index they read the rows they look for',
  },
]

/** Stands in a plan for a value that is looked for; no row holds it. */
const NO_SUCH_VALUE = 'fal-consumption-audit'
/** MySQL 8 refuses to compare a DATETIME with what is none (1525), and has no plan for a time that no TIMESTAMP could hold. */
const NO_SUCH_TIME = '1970-01-03 00:00:00'
const NAME_CHARS_MAX = 60
/** Letters of any script are kept: two indexes of a table may differ in nothing else. */
const NO_PART_OF_A_NAME = /[^\p{L}\p{N}_]/gu

export interface IndexParts {
  readonly inspection: LedgerInspection
  readonly readable: ReadableTables
  /** Rows from which on an index is worth its upkeep. */
  readonly rowsMin: number
}

/** One line for each index that would help: is it there, and what is read without it. */
export async function examineIndexes({ inspection, readable, rowsMin }: IndexParts): Promise<readonly Line[]> {
  const lines: Line[] = []
  for (const wish of WISHES) {
    const table = readable.get(wish.role)
    const columns = wish.keys.flatMap((key) => table?.columns.get(key) ?? [])
    // What is missing is told by the lines of tables and columns.
    if (table === undefined || columns.length < wish.keys.length) continue
    const subject = `${table.name} (${columns.join(', ')})`
    lines.push(...(await checked('index', subject, () => indexLine({ wish, table, columns, subject }))))
  }
  return lines

  async function indexLine({ wish, table, columns, subject }: Wanted): Promise<Line> {
    const [first = ''] = columns
    if (hasIndex(table, columns)) return ok('index', { subject, seen: 'is there' })
    const there = table.facts.isView ? 'a view has none of its own' : 'not there'
    const value = await valueFor(inspection, wish, first)
    if (value === null) return ok('index', { subject, seen: 'the table is empty' })
    const rows = await inspection.rowsScanned(wish.role, first, value)
    if (rows === null) {
      if (hasIndex(table, [first])) return ok('index', { subject, seen: `an index on ${first} narrows it` })
      return unverified('index', { subject, seen: `${there}, and the database does not tell what it reads without` })
    }
    const now = `${wish.reader} about ${counted(rows, 'row')} now`
    if (rows < rowsMin) return ok('index', { subject, seen: `${there}; ${now}, which needs no index` })
    return warning('index', {
      subject,
      seen: `${there}; ${now}; ${wish.gain}`,
      todo: table.facts.isView
        ? `an administrator can index what ${columns.join(', ')} ${columns.length === 1 ? 'is' : 'are'} in the table beneath the view`
        : `an administrator can run: ${createIndex(table.name, columns, table)}`,
    })
  }
}

interface Wanted {
  readonly wish: Wish
  readonly table: ReadableTable
  readonly columns: readonly string[]
  readonly subject: string
}

/** Whether some index begins with these columns. */
const hasIndex = ({ facts }: ReadableTable, columns: readonly string[]): boolean =>
  facts.indexes.some((index) => columns.every((column, at) => index[at] === column.toLowerCase()))

async function valueFor(inspection: LedgerInspection, { role, keys }: Wish, column: string): Promise<string | null> {
  if (keys[0] === 'userId') return newestUser(inspection, role, column)
  return keys[0] === 'createdAt' ? NO_SUCH_TIME : NO_SUCH_VALUE
}

async function newestUser(inspection: LedgerInspection, role: TableRole, column: string): Promise<string | null> {
  const [row] = await inspection.newest(role, [column], 1)
  return row?.[0] ?? null
}

/** The whole of a TEXT cannot be indexed; an order or request id begins differently from all others. */
const TEXT_PREFIX = '(64)'

function createIndex(table: string, columns: readonly string[], { facts }: ReadableTable): string {
  const quoted = (name: string): string => `\`${name}\``
  const name = `fal_audit_${table}_${columns.join('_')}`.replace(NO_PART_OF_A_NAME, '_').slice(0, NAME_CHARS_MAX)
  const parts = columns.map((column) => {
    const type = facts.columns.find((each) => each.name === column)?.type ?? ''
    return `${quoted(column)}${/text|blob/.test(type) ? TEXT_PREFIX : ''}`
  })
  return `CREATE INDEX ${quoted(name)} ON ${quoted(table)} (${parts.join(', ')});`
}
