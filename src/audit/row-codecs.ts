import type { BillingEvent } from '../fal/reader.ts'
import type { EntryKind, LedgerEntry, TaskRow, TaskStatus } from '../ledger/reader.ts'
import { Lexicon, RowReader, RowWriter } from '../spool/bytes.ts'
import type { RowCodec } from '../spool/spool.ts'
import { instant } from '../units/instant.ts'
import { nanoUsd } from '../units/nano-usd.ts'
import { points } from '../units/points.ts'

const STATUSES: readonly TaskStatus[] = ['success', 'failed', 'unfinished']
const KINDS: readonly EntryKind[] = ['consume', 'refund', 'recharge', 'gift', 'income', 'other']

/** A task, and whether the filters leave it. */
export interface SpooledTask {
  readonly task: TaskRow
  readonly selected: boolean
}

/** An event, and the number of the reading of a bill that it came from. */
export interface SpooledEvent {
  readonly lot: number
  readonly event: BillingEvent
}

/** Not a number stands for what is not known. */
const orNull = (value: number): number | null => (Number.isNaN(value) ? null : value)
const orNaN = (value: number | null | undefined): number => value ?? Number.NaN

export function taskCodec(): RowCodec<SpooledTask> {
  const writer = new RowWriter()
  const words = new Lexicon()
  return {
    write: ({ task, selected }) =>
      writer
        .begin()
        .byte(STATUSES.indexOf(task.status) | (task.refunded ? 4 : 0) | (selected ? 8 : 0) | (hasTokens(task) ? 16 : 0))
        .number(task.rowId)
        .number(task.userId)
        .text(task.taskId)
        .text(task.requestId)
        .count(words.codeOf(task.model))
        .count(words.codeOf(task.apiKey))
        .integer(task.chargedPoints)
        .integer(task.costNanoUsd)
        .number(task.createdAt)
        .number(orNaN(task.completedAt))
        .number(orNaN(task.inputTokens))
        .number(orNaN(task.outputTokens))
        .view(),
    read(bytes) {
      const reader = new RowReader(bytes)
      const rows: SpooledTask[] = []
      while (!reader.done) {
        const flags = reader.byte()
        const task: TaskRow = {
          rowId: reader.number(),
          userId: reader.number(),
          taskId: reader.text(),
          requestId: reader.text(),
          model: words.textOf(reader.count()) ?? '',
          apiKey: words.textOf(reader.count()) ?? '',
          status: STATUSES[flags & 3] ?? 'unfinished',
          refunded: (flags & 4) !== 0,
          chargedPoints: points(reader.integer()),
          costNanoUsd: nanoUsd(reader.integer()),
          createdAt: instant(reader.number()),
          completedAt: orNull(reader.number()) as TaskRow['completedAt'],
        }
        const inputTokens = orNull(reader.number())
        const outputTokens = orNull(reader.number())
        rows.push({
          task: (flags & 16) === 0 ? task : { ...task, inputTokens, outputTokens },
          selected: (flags & 8) !== 0,
        })
      }
      return rows
    },
  }
}

const hasTokens = ({ inputTokens, outputTokens }: TaskRow): boolean =>
  inputTokens !== undefined || outputTokens !== undefined

export function eventCodec(): RowCodec<SpooledEvent> {
  const writer = new RowWriter()
  const words = new Lexicon()
  return {
    write: ({ lot, event }) =>
      writer
        .begin()
        .count(lot)
        .text(event.requestId)
        .count(words.codeOf(event.model))
        .number(event.at)
        .count(words.codeOf(event.quantity))
        .count(words.codeOf(event.unit))
        .count(words.codeOf(event.unitPrice))
        .count(words.codeOf(event.percentDiscount))
        .integer(event.costNanoUsd)
        .count(words.codeOf(event.keyId))
        .count(words.codeOf(event.login))
        .view(),
    read(bytes) {
      const reader = new RowReader(bytes)
      const rows: SpooledEvent[] = []
      while (!reader.done) {
        const lot = reader.count()
        const event: BillingEvent = {
          requestId: reader.text(),
          model: words.textOf(reader.count()) ?? '',
          at: instant(reader.number()),
          quantity: words.textOf(reader.count()),
          unit: words.textOf(reader.count()),
          unitPrice: words.textOf(reader.count()),
          percentDiscount: words.textOf(reader.count()),
          costNanoUsd: nanoUsd(reader.integer()),
          keyId: words.textOf(reader.count()),
          login: words.textOf(reader.count()),
        }
        rows.push({ lot, event })
      }
      return rows
    },
  }
}

/** Titles are not kept: nothing that is concluded from a row depends on them. */
export function entryCodec(): RowCodec<LedgerEntry> {
  const writer = new RowWriter()
  const balance = (value: bigint | null): number => (value === null ? 0 : 1)
  return {
    write: (entry) => {
      writer
        .begin()
        .byte(
          KINDS.indexOf(entry.kind) |
            (entry.book === 'cash' ? 8 : 0) |
            (balance(entry.balanceBefore) << 4) |
            (balance(entry.balanceAfter) << 5),
        )
        .number(entry.rowId)
        .number(entry.userId)
        .integer(entry.amountPoints)
        .text(entry.orderId)
        .number(entry.at)
      if (entry.balanceBefore !== null) writer.integer(entry.balanceBefore)
      if (entry.balanceAfter !== null) writer.integer(entry.balanceAfter)
      return writer.view()
    },
    read(bytes) {
      const reader = new RowReader(bytes)
      const rows: LedgerEntry[] = []
      while (!reader.done) {
        const flags = reader.byte()
        rows.push({
          book: (flags & 8) === 0 ? 'points' : 'cash',
          kind: KINDS[flags & 7] ?? 'other',
          rowId: reader.number(),
          userId: reader.number(),
          amountPoints: points(reader.integer()),
          orderId: reader.text(),
          at: instant(reader.number()),
          balanceBefore: (flags & 16) === 0 ? null : points(reader.integer()),
          balanceAfter: (flags & 32) === 0 ? null : points(reader.integer()),
          title: '',
        })
      }
      return rows
    },
  }
}
