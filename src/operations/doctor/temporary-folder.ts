import type { Line } from '../../../schemas/doctor.ts'
import { AuditError } from '../../errors.ts'
import { spoolBytes, type TemporaryRoom } from '../../spool/room.ts'
import { DAY } from '../../units/instant.ts'
import { UTC, type Zone } from '../../units/zone.ts'
import { counted, failure, ok, unverified, warning } from './lines.ts'
import { type Sampled, usable } from './sample.ts'

const MEGABYTE = 1_000_000
const GIGABYTE = 1000 * MEGABYTE
const DAYS = 30
/** One row in so many at either end of a sample may have a wrong date. */
const OUTLIERS = 10

export interface TemporaryFolderParts {
  /** Makes a file there. Throws AuditError where that cannot be. */
  readonly room: () => TemporaryRoom
  readonly tasks: Sampled
  readonly points: Sampled
  readonly cash: Sampled
  readonly zone: Zone | undefined
}

/** Whether an audit could write its temporary file, and the newest 30 days would find room in it. */
export function temporaryFolderLine({ room, tasks, points, cash, zone = UTC }: TemporaryFolderParts): Line {
  const found = roomOf(room)
  if (found instanceof AuditError) {
    return failure('temporary-folder', { subject: 'TMPDIR', seen: found.message, todo: found.next })
  }
  const { folder, freeBytes } = found
  const seen = `${folder} can be written, and has ${sizeOf(freeBytes)} free`
  const taskRows = rowsOfDays(tasks, 'createdAt', zone)
  if (taskRows === undefined) {
    return unverified('temporary-folder', { seen: `${seen}; what an audit takes is not known without the tasks` })
  }
  // A ledger that cannot be read is not kept there either.
  const ledgerRows = (rowsOfDays(points, 'createdAt', zone) ?? 0) + (rowsOfDays(cash, 'time', zone) ?? 0)
  const wantedBytes = spoolBytes(taskRows, ledgerRows)
  const wanted = `the newest ${DAYS} days take about ${sizeOf(wantedBytes)} (${counted(taskRows, 'task')}, ${counted(ledgerRows, 'ledger row')})`
  if (freeBytes >= wantedBytes) return ok('temporary-folder', { seen: `${seen}; ${wanted}` })
  const todo = 'make room there, or set TMPDIR to a folder on a larger disk; a shorter window takes less'
  return warning('temporary-folder', { subject: 'TMPDIR', seen: `${seen}; ${wanted}`, todo })
}

function roomOf(room: () => TemporaryRoom): TemporaryRoom | AuditError {
  try {
    return room()
  } catch (cause) {
    if (cause instanceof AuditError && cause.kind === 'configuration') return cause
    throw cause
  }
}

/** About how many rows of a table the newest 30 days hold, by the pace of those sampled; undefined where that is not told. */
function rowsOfDays(sampled: Sampled, timeKey: string, zone: Zone): number | undefined {
  if ('unread' in sampled) return undefined
  const { rows, cut } = sampled
  if (!cut) return rows.length
  const sample = usable(sampled, ['id', timeKey])
  if ('unread' in sample) return undefined
  const times = sample.rows.flatMap((row) => zone.fromNaive(row.get(timeKey) ?? '') ?? []).sort((a, b) => a - b)
  const [from, until] = [Math.floor(times.length / OUTLIERS), Math.ceil((times.length * (OUTLIERS - 1)) / OUTLIERS) - 1]
  const span = (times[until] ?? 0) - (times[from] ?? 0)
  const byPace = span > 0 ? ((until - from) * DAYS * DAY) / span : Number.POSITIVE_INFINITY
  // Ids that are counted up are never fewer than the rows.
  const newestId = Math.max(...sample.rows.map((row) => Number(row.get('id') ?? Number.NaN)))
  const count = Math.ceil(newestId >= rows.length ? Math.min(byPace, newestId) : byPace)
  return Number.isFinite(count) ? Math.max(count, rows.length) : undefined
}

const sizeOf = (bytes: number): string =>
  bytes >= GIGABYTE ? `${(bytes / GIGABYTE).toFixed(1)} GB` : `${Math.ceil(bytes / MEGABYTE)} MB`
