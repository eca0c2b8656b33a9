import type { TaskStatus } from '../ledger/reader.ts'

export const STATUSES: readonly TaskStatus[] = ['success', 'failed', 'unfinished']
export const FAILED = STATUSES.indexOf('failed')

// Flags beside the status.
export const STATUS = 3
export const REFUNDED = 4
export const SELECTED = 8
export const INPUT_TOKENS = 16
export const OUTPUT_TOKENS = 32
/** An amount that no double holds: it stands as text at the end of the record. */
export const LARGE_CHARGE = 64
export const LARGE_COST = 128
/** The row does not tell it (NULL): it stands as 0. */
export const CHARGE_UNTOLD = 256
export const COST_UNTOLD = 512
export const USER_UNTOLD = 1024
/** It holds an end that cannot be read: none stands here. */
export const END_UNTOLD = 2048

/** Where each field begins in a record. The ids follow, one behind the other; then tokens and large amounts, if any. */
export const AT = {
  flags: 4,
  rowId: 8,
  userId: 16,
  createdAt: 24,
  completedAt: 32,
  charged: 40,
  cost: 48,
  model: 56,
  apiKey: 60,
  taskHash: 64,
  requestHash: 68,
  taskIdBytes: 72,
  requestIdBytes: 76,
  ids: 80,
} as const

/** Two counts of tokens of eight bytes; large amounts take as much as their texts. */
export const EXTRAS_BYTES_MAX = 16
