import { readdirSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { describe, expect, it } from 'vitest'
import { eventCodec } from '../../src/audit/event-codec.ts'
import { taskCodec } from '../../src/audit/task-records.ts'
import { RowReader, RowWriter } from '../../src/spool/bytes.ts'
import { PARTS, partOfNumber, partOfText, pieceParts, type RowCodec, Spool, SpoolFile } from '../../src/spool/spool.ts'
import { nanoUsd } from '../../src/units/nano-usd.ts'
import { points } from '../../src/units/points.ts'
import { billingEvent, taskRow } from '../kit/rows.ts'

function again<Row, Rows>(codec: RowCodec<Row, Rows>, rows: readonly Row[]): Rows {
  const writer = new RowWriter()
  for (const row of rows) codec.write(row, writer)
  return codec.read(writer.view(), rows.length)
}

const HUGE = 2n ** 70n

describe('a row that was spooled', () => {
  it('is the same task again', () => {
    const rows = [
      taskRow(),
      taskRow({ status: 'failed', refunded: true, completedAt: null, requestId: '', model: '通义千问 😀' }),
      taskRow({ status: 'unfinished', costNanoUsd: nanoUsd(-HUGE), chargedPoints: points(HUGE), inputTokens: 0 }),
      taskRow({ inputTokens: null, outputTokens: 7 }),
    ].map((task, index) => ({ task, selected: index % 2 === 0 }))
    const expected = rows.map(({ task, selected }) => ({
      task:
        task.inputTokens === undefined && task.outputTokens === undefined
          ? task
          : { ...task, inputTokens: task.inputTokens ?? null, outputTokens: task.outputTokens ?? null },
      selected,
    }))
    const records = again(taskCodec(), rows)
    expect(expected.map((_, index) => ({ task: records.row(index), selected: records.isSelected(index) }))).toEqual(
      expected,
    )
  })

  it('is the same event again, what is not told and what is empty kept apart', () => {
    const rows = [
      billingEvent(),
      billingEvent({ keyId: null, login: '', unit: null, unitPrice: '', quantity: null, percentDiscount: '5' }),
      billingEvent({ costNanoUsd: nanoUsd(HUGE), requestId: 'x'.repeat(5000) }),
    ].map((event, lot) => ({ lot, event }))
    const read = again(eventCodec(), rows)
    expect(rows.map((_, index) => ({ lot: read.lot(index), event: read.event(index) }))).toEqual(rows)
  })

  it('keeps integers beyond a double to the last digit', () => {
    for (const value of [2n ** 53n - 1n, 2n ** 53n, 2n ** 53n + 1n, -(2n ** 53n) - 1n, 0n, -1n, HUGE]) {
      const bytes = new RowWriter().integer(value).view()
      expect(new RowReader(bytes).integer()).toBe(value)
    }
  })
})

const TEXT: RowCodec<string> = {
  write: (row, to) => to.text(row),
  read(bytes) {
    const reader = new RowReader(bytes)
    const rows: string[] = []
    while (!reader.done) rows.push(reader.text())
    return rows
  },
}

/** What of ours has a name in the folder for temporary files. */
const named = () => readdirSync(tmpdir()).filter((name) => name.startsWith('fal-consumption-audit-'))

describe('a spool', () => {
  const all = Array.from({ length: PARTS }, (_, part) => part)

  it('gives back every row of a part, in order, from memory and from its file', () => {
    const before = named()
    const file = new SpoolFile()
    const spool = new Spool(TEXT, file)
    const rows = Array.from({ length: 20_000 }, (_, index) => `row ${index} ${'x'.repeat(index % 300)}`)
    const long = 'y'.repeat(100_000)
    for (const row of [...rows, long, 'last']) spool.add(partOfText(row) % 3, row)
    expect(spool.rows).toBe(20_002)
    for (const part of [0, 1, 2]) {
      const expected = [...rows, long, 'last'].filter((row) => partOfText(row) % 3 === part)
      expect(spool.rowsIn(part)).toBe(expected.length)
      expect(spool.read([part])).toEqual(expected)
    }
    expect(spool.read(all)).toHaveLength(20_002)
    // Nobody else can open what has no name.
    expect(named()).toEqual(before)
    file.close()
  })

  it('makes no file for few rows, and closing twice is no harm', () => {
    const before = named()
    const file = new SpoolFile()
    const spool = new Spool(TEXT, file)
    for (const row of ['a', 'b']) spool.add(0, row)
    expect(spool.read([0])).toEqual(['a', 'b'])
    file.close()
    file.close()
    expect(named()).toEqual(before)
  })

  it('is divided into pieces that hold every part once, few rows in one and many in several', () => {
    const few = pieceParts(() => 1, PARTS)
    expect(few).toEqual([all])
    const many = pieceParts(() => 10, 25)
    expect(many.flat()).toEqual(all)
    expect(new Set(many.map(({ length }) => length))).toEqual(new Set([2]))
    expect(pieceParts(() => 100, 1)).toHaveLength(PARTS)
  })

  it('spreads ids over its parts', () => {
    const counts = new Uint32Array(PARTS)
    const users = new Uint32Array(PARTS)
    for (let index = 0; index < 100_000; index++) {
      const part = partOfText(`0000${index}-0000-4000-8000-${index}`)
      counts[part] = (counts[part] ?? 0) + 1
      const own = partOfNumber(index)
      users[own] = (users[own] ?? 0) + 1
    }
    const fair = 100_000 / PARTS
    for (const spread of [counts, users]) {
      expect(Math.max(...spread)).toBeLessThan(fair * 2)
      expect(Math.min(...spread)).toBeGreaterThan(fair / 2)
    }
  })
})
