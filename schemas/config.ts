import { z } from 'zod'
import { HOUR } from '../src/units/instant.ts'
import { parseUsd } from '../src/units/nano-usd.ts'
import { points } from '../src/units/points.ts'
import { exceeds, parseRatio, scaleDown } from '../src/units/ratio.ts'
import { parseDate } from '../src/units/zone.ts'
import { currencyInput, levelInput } from './billing-shapes.ts'
import { plainDecimal } from './fal.ts'

/** The file that AUDIT_CONFIG names: everything an operator may set besides the environment. Read strictly. */

const ONE = { numerator: 1n, denominator: 1n }

/** A non-negative decimal, best written as text ("0.1"), since a JSON number may already be rounded. */
const decimal = (accepted: string, holds: (text: string | number) => boolean) =>
  z.custom<string | number>((given) => isDecimal(given) && holds(given), accepted)

const isDecimal = (given: unknown): given is string | number =>
  (typeof given === 'string' || typeof given === 'number') && ratioOf(given) !== undefined

/** JavaScript writes small numbers with an exponent: 0.0000001 comes out of JSON as 1e-7. */
const ratioOf = (given: string | number) => parseRatio(typeof given === 'number' ? (plainDecimal(given) ?? '') : given)
const toRatio = (given: string | number) => ratioOf(given) ?? z.NEVER
const share = decimal(
  'a share from 0 to 1, such as "0.1"',
  (given) => !exceeds(toRatio(given).numerator, toRatio(given).denominator, ONE),
).transform(toRatio)
const multiple = decimal('a number above 0, such as "5"', (given) => toRatio(given).numerator > 0n).transform(toRatio)

const usd = decimal('an amount of USD, such as "1.00"', () => true).transform((given) => parseUsd(given) ?? z.NEVER)
const HOURS_MAX = 720
const hours = decimal(`hours from 0 to ${HOURS_MAX}`, (given) => Number(given) <= HOURS_MAX).transform((given) =>
  Number(scaleDown(BigInt(HOUR), toRatio(given))),
)

const POINTS_MAX = 1_000_000_000
const wholePoints = z
  .int()
  .min(0)
  .max(POINTS_MAX)
  .transform((given) => points(BigInt(given)))

const thresholds = z.strictObject({
  a1DeviationRatio: share.optional(),
  a5RefundRatio: share.optional(),
  a6Multiple: multiple.optional(),
  a6ActiveDays: z.int().min(1).max(30).optional(),
  a6Method: z.enum(['mean', 'robust']).optional(),
  a8BalanceUsd: usd.optional(),
  b3AmountRatio: share.optional(),
  refundLagHours: hours.optional(),
  stuckHours: hours.optional(),
  b15UsdMin: usd.optional(),
  b15Ratio: share.optional(),
  b19UsdPerRow: usd.optional(),
  b21UsdMin: usd.optional(),
  b22TolerancePoints: wholePoints.optional(),
  ledgerLinkRatio: share.optional(),
  settlementLagHours: hours.optional(),
})

/** A name of a table or column. Whatever could end a quoted identifier is refused. */
const identifier = z
  .string()
  .regex(/^[\p{L}\p{N}_$][\p{L}\p{N}_$ -]{0,63}$/u, 'a name of letters, digits, _, $, - and blanks')

const names = <Key extends string>(...keys: readonly Key[]) =>
  z.strictObject(
    Object.fromEntries(keys.map((key) => [key, identifier.optional()])) as Record<
      Key,
      z.ZodOptional<typeof identifier>
    >,
  )

const columns = z.strictObject({
  accounts: names('id', 'name', 'apiKey', 'balance', 'status').optional(),
  tasks: names(
    'id',
    'userId',
    'taskId',
    'onlineTaskId',
    'appName',
    'apiKey',
    'status',
    'money',
    'costMoney',
    'isRefund',
    'createdAt',
    'completedAt',
  )
    .extend({
      /** Columns that count a task's tokens; null where there are none. */
      inputTokens: identifier.nullable().optional(),
      outputTokens: identifier.nullable().optional(),
    })
    .optional(),
  users: names('id').optional(),
  points: names(
    'id',
    'userId',
    'points',
    'orderId',
    'title',
    'sourceType',
    'balanceBefore',
    'balanceAfter',
    'createdAt',
  ).optional(),
  cash: names('id', 'userId', 'money', 'orderId', 'title', 'time', 'transactionType').optional(),
})

const WORDS_MAX = 100
const words = z.array(z.string().min(1).max(100)).max(WORDS_MAX).optional()
const codes = z.array(z.int().min(-1_000_000).max(1_000_000)).max(WORDS_MAX).optional()

const ALIASES_MAX = 2000

const date = z
  .string()
  .refine((text) => parseDate(text) !== undefined, 'a date YYYY-MM-DD')
  .transform((text) => parseDate(text) ?? z.NEVER)

const WORKSPACES_MAX = 1000

export const configFile = z.strictObject({
  thresholds: thresholds.optional(),
  ledgerLink: z.enum(['auto', 'order', 'total']).optional(),
  /** app_name as stored → fal's endpoint id. */
  modelAliases: z
    .record(z.string().min(1).max(150), z.string().min(1).max(150))
    .refine((aliases) => Object.keys(aliases).length <= ALIASES_MAX, `at most ${ALIASES_MAX} aliases`)
    .optional(),
  tables: names('accounts', 'tasks', 'users', 'points', 'cash').optional(),
  columns: columns.optional(),
  /** Column of the users table that holds a name; null where there is none. */
  userNameColumn: identifier.nullable().optional(),
  /** Column of the users table that holds a membership level; null where there is none. */
  membershipLevelColumn: identifier.nullable().optional(),
  statusWords: z.strictObject({ success: words, failed: words }).optional(),
  sourceTypes: z.strictObject({ consume: words, refund: words, recharge: words, gift: words }).optional(),
  transactionTypes: z.strictObject({ consume: codes, rechargeOrRefund: codes, income: codes }).optional(),
  /** Words stored as a request id where there is none. */
  placeholderRequestIds: words,
  /** Credits bought by a workspace (its username at fal) from a day on, for accounts of which fal tells no balance. */
  creditsBought: z
    .record(z.string().min(1).max(150), z.strictObject({ usd, since: date }))
    .refine((bought) => Object.keys(bought).length <= WORKSPACES_MAX, `at most ${WORKSPACES_MAX} workspaces`)
    .optional(),
  /** Below which the unconfirmed /billing/invoices is asked; without it, it is not. */
  legacyBillingBaseUrl: z.url({ protocol: /^https?$/, error: 'a URL that starts with https:// or http://' }).optional(),
  billing: z
    .strictObject({
      currency: currencyInput.optional(),
      defaultMembershipLevel: levelInput.optional(),
      /** Whether the tool that writes rules is there. */
      allowWrite: z.boolean().optional(),
    })
    .optional(),
  databaseDeadlineSeconds: z.int().min(1).max(3600).optional(),
  falConcurrency: z.int().min(1).max(64).optional(),
})
export type ConfigFile = z.output<typeof configFile>
