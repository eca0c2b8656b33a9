import fc from 'fast-check'
import type { BillingEvent } from '../../src/fal/reader.ts'
import type { LedgerEntry, TaskRow } from '../../src/ledger/reader.ts'
import { instant } from '../../src/units/instant.ts'
import { nanoUsd } from '../../src/units/nano-usd.ts'
import { points } from '../../src/units/points.ts'

/** Rows of any kind, as they may come out of a database or from fal: at the bounds of what numbers hold, and of any script. */

/** Whole numbers: small ones, at each bound where something is held otherwise, and far beyond. */
const amounts: fc.Arbitrary<bigint> = fc.oneof(
  fc.bigInt({ min: -1000n, max: 1000n }),
  fc
    .record({
      bits: fc.constantFrom(31n, 32n, 52n, 53n, 63n, 64n, 100n),
      off: fc.bigInt({ min: -2n, max: 2n }),
      sign: fc.constantFrom(1n, -1n),
    })
    .map(({ bits, off, sign }) => sign * (2n ** bits + off)),
)

/** Ids: those of operators and of fal, and texts of any script. */
export const anyId: fc.Arbitrary<string> = fc.oneof(
  fc.constantFrom('', 'a', 'ab', 'abc', 'abcd', 'é', '任务-1', '😀', 'A/a', 'x#b', 'x'.repeat(300)),
  fc.uuid(),
  fc.string({ unit: 'grapheme', maxLength: 12 }),
)

const someText = fc.oneof(
  fc.constantFrom('', 'fal-ai/veo3', '通义千问 😀'),
  fc.string({ unit: 'grapheme', maxLength: 9 }),
)
const ids = fc.oneof(fc.nat(2000), fc.constantFrom(2 ** 31, 2 ** 32, 2 ** 53 - 1))
const times = fc.oneof(
  fc.constantFrom(0, -1, 1_770_000_000_000.0),
  fc.integer().map((off) => 1_770_000_000_000 + off),
)
const tokens = fc.constantFrom(undefined, null, 0, 7, 2 ** 40)

export const anyTask: fc.Arbitrary<TaskRow> = fc
  .record({
    ...{ rowId: ids, userId: ids, taskId: anyId, requestId: anyId, model: someText, apiKey: someText },
    ...{ status: fc.constantFrom('success', 'failed', 'unfinished'), refunded: fc.boolean() },
    ...{ charged: amounts, cost: amounts, created: times, completed: fc.option(times) },
    ...{ input: tokens, output: tokens },
  })
  .map(({ charged, cost, created, completed, input, output, ...row }) => ({
    ...(row as Omit<TaskRow, 'chargedPoints' | 'costNanoUsd' | 'createdAt' | 'completedAt'>),
    chargedPoints: points(charged),
    costNanoUsd: nanoUsd(cost),
    createdAt: instant(created),
    completedAt: completed === null ? null : instant(completed),
    ...(input !== undefined && { inputTokens: input }),
    ...(output !== undefined && { outputTokens: output }),
  }))

export const anyEntry: fc.Arbitrary<LedgerEntry> = fc
  .record({
    ...{ book: fc.constantFrom('points', 'cash'), rowId: ids, userId: ids, orderId: anyId, title: someText },
    kind: fc.constantFrom('consume', 'refund', 'recharge', 'gift', 'income', 'other'),
    ...{ amount: amounts, before: fc.option(amounts), after: fc.option(amounts), time: times, nobodys: fc.boolean() },
  })
  .map(({ amount, before, after, time, nobodys, ...row }) => ({
    ...(row as Pick<LedgerEntry, 'book' | 'rowId' | 'userId' | 'orderId' | 'title' | 'kind'>),
    amountPoints: points(amount),
    ...(nobodys && { userId: 0, userUntold: true as const }),
    balanceBefore: before === null ? null : points(before),
    balanceAfter: after === null ? null : points(after),
    at: instant(time),
  }))

const someOrNull = fc.option(someText)

export const anyEvent: fc.Arbitrary<BillingEvent> = fc
  .record({
    ...{ requestId: anyId, model: someText, quantity: someOrNull, unit: someOrNull, unitPrice: someOrNull },
    ...{ percentDiscount: someOrNull, keyId: someOrNull, login: someOrNull, cost: amounts, time: times },
  })
  .map(({ cost, time, ...event }) => ({ ...event, costNanoUsd: nanoUsd(cost), at: instant(time) }))
