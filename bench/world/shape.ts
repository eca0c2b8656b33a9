import { DAY, HOUR } from '../../src/units/instant.ts'

/** Accounts, each with one key in a workspace of its own. */
export const ACCOUNTS = 20
export const MODELS = 60
export const WINDOW_DAYS = 30
/** The zone of the stored times and of the audit: no clock of it ever changes. */
export const TIMEZONE = 'Asia/Shanghai'
const ZONE_OFFSET = 8 * HOUR

const USERS_MAX = 50_000
const TASKS_A_USER = 20
const USERS_MIN = 40
/** Tasks come in such groups; in each the ledgers take exactly 2.5 rows a task. */
const GROUP = 400

/** All that a bench world depends on. The same shape is the same world, byte for byte. */
export interface Shape {
  readonly seed: number
  /** Tasks of the window, which is what --rows counts. */
  readonly rows: number
  /** Tasks before the window, a quarter as many, at the same pace. */
  readonly history: number
  readonly users: number
  /** The window in milliseconds of the epoch, end exclusive. */
  readonly start: number
  readonly end: number
  /** Time between two tasks, in milliseconds. */
  readonly step: number
}

/** The shape of a world of so many tasks; `endDate` is the day after the window. Users are 50,000, or fewer in a small world. */
export function shapeOf(seed: number, rows: number, endDate: string): Shape {
  if (!Number.isInteger(rows) || rows < GROUP || rows % GROUP !== 0) {
    throw new RangeError(`rows are a multiple of ${GROUP}, not ${rows}`)
  }
  const end = Date.parse(`${endDate}T00:00:00Z`) - ZONE_OFFSET
  const start = end - WINDOW_DAYS * DAY
  const users = Math.min(USERS_MAX, Math.max(USERS_MIN, Math.floor(rows / TASKS_A_USER)))
  return { seed, rows, history: rows / 4, users, start, end, step: (end - start) / rows }
}

/** The day after the window: the first of this month, or of the last one while this one is younger than three days. */
export function usualEndDate(now: number): string {
  const local = new Date(now + ZONE_OFFSET)
  const monthsBack = local.getUTCDate() < 4 ? 1 : 0
  return new Date(Date.UTC(local.getUTCFullYear(), local.getUTCMonth() - monthsBack, 1)).toISOString().slice(0, 10)
}

export const tasksOf = ({ rows, history }: Shape): number => rows + history

/** When the turn of a task comes: ids follow it, its stored time may differ a little. */
export const turnOf = (shape: Shape, task: number): number => shape.start + (task - shape.history) * shape.step

/** The date of an instant in the world's zone. */
export const dateOf = (at: number): string => new Date(at + ZONE_OFFSET).toISOString().slice(0, 10)

/** The first and the last day of the window. */
export const windowDates = ({ start, end }: Shape): { first: string; last: string } => ({
  first: dateOf(start),
  last: dateOf(end - 1),
})

const DAY_SECONDS = DAY / 1000
const CLOCK = Array.from({ length: DAY_SECONDS }, (_, second) => new Date(second * 1000).toISOString().slice(11, 19))
let dayWritten = Number.NaN
let dateWritten = ''

/** An instant as the tables store it: a naive DATETIME of the world's zone, to the second. */
export function storedTime(at: number): string {
  const seconds = Math.floor((at + ZONE_OFFSET) / 1000)
  const day = Math.floor(seconds / DAY_SECONDS)
  if (day !== dayWritten) {
    dayWritten = day
    dateWritten = new Date(day * DAY).toISOString().slice(0, 10)
  }
  return `${dateWritten} ${CLOCK[seconds - day * DAY_SECONDS]}`
}
