import { z } from 'zod'
import { cursorInput, pagedOutput } from './paging.ts'
import {
  countInt,
  idInt,
  pointsInt,
  sourceStatus,
  taskRow,
  taskTotals,
  untoldCharges,
  untoldCosts,
  untrustedText,
  usdText,
} from './report.ts'
import { asOfShape, endInput, idsInput, startInput, timezoneInput, userIdsInput, windowShape } from './tool-shapes.ts'

export const input = z.strictObject({
  start: startInput,
  end: endInput,
  timezone: timezoneInput,
  ids: idsInput,
  user_ids: userIdsInput,
  model: z.string().min(1).max(150).optional().describe("as stored; fal's name where modelAliases has it"),
  sort: z.enum(['cost', 'points', 'tasks']).default('cost').describe('largest first'),
  cursor: cursorInput,
})

const userRow = z.strictObject({
  userId: idInt.nullable().describe('null: the tasks name no user'),
  userName: untrustedText.optional(),
  taskCount: countInt,
  chargedPoints: pointsInt,
  costUsd: usdText,
  refundCount: countInt,
  refundedPoints: pointsInt,
  untoldCharges,
  untoldCosts,
  freeTaskCount: countInt.describe('cost but no charge, not refunded'),
  accounts: z.array(idInt),
  unknownKeyTasks: countInt.optional().describe('tasks of keys in no account row'),
  models: z.array(untrustedText).describe('the first few by name'),
  modelCount: countInt,
})
export type UserTaskRow = z.output<typeof userRow>

export const output = pagedOutput({
  window: windowShape,
  asOf: asOfShape,
  complete: z.boolean(),
  users: z.array(userRow),
  rows: z.array(taskRow).describe('by account (null: key in no account row), user and model'),
  totals: taskTotals,
  unknownUserIds: z.array(idInt).optional().describe('of user_ids: no table has a row of them'),
  sources: z.array(sourceStatus),
})
