import { drawn, uuidOf } from './chance.ts'
import { ACCOUNTS, MODELS, type Shape, turnOf } from './shape.ts'

/** One task of the world. Its number, from 0, is that of its row, and tells all the rest. */
export interface Task {
  readonly number: number
  readonly userId: number
  /** From 0 to ACCOUNTS - 1. */
  readonly account: number
  readonly model: number
  readonly quantity: number
  /** What fal charges, in millionths of a USD. */
  readonly costMicroUsd: number
  /** What the user pays. */
  readonly points: number
  /** Failed tasks are refunded, and fal bills nothing for them. */
  readonly failed: boolean
  readonly createdAt: number
  readonly completedAt: number
  /** When fal bills it. */
  readonly billedAt: number
}

export const modelName = (model: number): string => `fal-ai/bench-${String(model + 1).padStart(2, '0')}/text-to-image`
export const priceMicroUsd = (model: number): number => 10_000 + 100 * model
/** 400 points a USD, and half as much again. */
const POINTS_A_MICRO_USD = 400 * 1.5e-6

const SECOND = 1000
/** Most by which a stored time lies before the turn of its task. */
export const EARLY_MAX = 120 * SECOND
const RUNS_MAX_SECONDS = 300
const BILLED_AFTER_MAX_SECONDS = 45
/** From a task's turn to the latest time of its bill. */
export const BILLED_AFTER_TURN_MAX = (5 + 5 + RUNS_MAX_SECONDS + BILLED_AFTER_MAX_SECONDS) * SECOND

/** Which of 400 tasks fail. */
export const FAILED = [39, 220] as const

export const isFailed = (number: number): boolean => number % 400 === FAILED[0] || number % 400 === FAILED[1]

export function taskOf(shape: Shape, number: number): Task {
  const { seed } = shape
  const user = userOf(shape, number)
  const draw = drawn(seed, number, 1)
  const model = modelOf(seed, user, draw)
  const quantity = (draw >>> 8) % 4 === 0 ? 2 : 1
  const costMicroUsd = priceMicroUsd(model) * quantity
  const failed = isFailed(number)
  const createdAt = createdAtOf(shape, number)
  const times = drawn(seed, number, 2)
  const completedAt = createdAt + (5 + (times % RUNS_MAX_SECONDS)) * SECOND
  return {
    number,
    userId: user + 1,
    account: (number + drawn(seed, Math.floor(number / ACCOUNTS), 3)) % ACCOUNTS,
    model,
    quantity,
    costMicroUsd: failed ? 0 : costMicroUsd,
    points: Math.ceil(costMicroUsd * POINTS_A_MICRO_USD),
    failed,
    createdAt,
    completedAt,
    billedAt: completedAt + ((times >>> 12) % (BILLED_AFTER_MAX_SECONDS * SECOND)),
  }
}

const PRIMES = [48_611, 7919, 15_485_863, 104_729, 611_953, 1_299_709, 27_644_437, 2_750_159]

/** In each block of as many tasks as there are users, every user has one, in an order of the block's own. */
function userOf({ seed, users }: Shape, number: number): number {
  const block = Math.floor(number / users)
  const draw = drawn(seed, block, 4)
  const factor = (PRIMES[draw % PRIMES.length] ?? 1) % users
  return (factor * (number % users) + (draw >>> 4)) % users
}

/** A user keeps to two models of like price; one task in 64 is of any. */
function modelOf(seed: number, user: number, draw: number): number {
  if ((draw >>> 16) % 64 === 0) return (draw >>> 22) % MODELS
  const favourite = drawn(seed, user, 5) % MODELS
  return (draw >>> 12) % 2 === 0 ? favourite : favourite ^ 1
}

/** Within 5 s of its turn; of one task in 1,000 up to 2 min before. None crosses the edge of the window. */
function createdAtOf(shape: Shape, number: number): number {
  const draw = drawn(shape.seed, number, 6)
  const turn = turnOf(shape, number)
  const moved = draw % 1000 === 0 ? turn - EARLY_MAX : turn + ((draw >>> 10) % 10_000) - 5 * SECOND
  const inWindow = number >= shape.history
  const earliest = inWindow ? shape.start : turnOf(shape, 0)
  const latest = (inWindow ? shape.end : shape.start) - SECOND
  return Math.floor(Math.min(latest, Math.max(earliest, moved)) / SECOND) * SECOND
}

export const taskIdOf = (number: number): string => `bench-${String(number + 1).padStart(9, '0')}`
export const requestIdOf = ({ seed }: Shape, number: number): string => uuidOf(seed, number)

/** fal's request id as installations store it: mostly bare, 4 in 100 at the end of something longer. */
export function storedRequestId(shape: Shape, { number, model }: Task): string {
  const id = requestIdOf(shape, number)
  const form = drawn(shape.seed, number, 7) % 100
  if (form < 2) return `https://queue.fal.run/${modelName(model)}/requests/${id}`
  return form < 4 ? `${modelName(model)}#${id}` : id
}

/** The keys of the accounts, `id:secret`. Their ids are apart from those of requests. */
export const apiKeyOf = ({ seed }: Shape, account: number): string =>
  `${keyIdOf({ seed }, account)}:${uuidOf(seed + 2, account).replaceAll('-', '')}`
export const keyIdOf = ({ seed }: Pick<Shape, 'seed'>, account: number): string => uuidOf(seed + 1, account)
export const workspaceOf = (account: number): string => `bench-workspace-${String(account + 1).padStart(2, '0')}`
