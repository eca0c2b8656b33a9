import { describe, expect, it } from 'vitest'
import { hashOfText } from '../../src/rows/bytes.ts'
import { EVENT_RECORDS, EventWords, eventRecordsOf } from '../../src/rows/event-records.ts'
import { type RecordKind, RecordList, RecordWriter } from '../../src/rows/record-list.ts'
import { TASK_RECORDS, TaskWords } from '../../src/rows/task-records.ts'
import { taskRecordsOf } from '../../src/rows/task-writer.ts'
import { PARTS, partOfHash, Spool } from '../../src/spool/spool.ts'
import { SpoolFile } from '../../src/spool/spool-file.ts'
import { billingEvent, taskRow } from '../kit/rows.ts'

/** A part is written out once it holds as many bytes. */
const CHUNK_BYTES = 8 * 1024

/** Up to so many bytes of all parts, rows lie one behind the other. */
const FIRST_BYTES = 4 * 2 ** 18

/** Records of nothing but letters, each with its size before it. */
class Letters extends RecordList {
  texts(): string[] {
    return Array.from({ length: this.count }, (_, index) =>
      this.bytes.toString('latin1', this.at(index) + 4, this.at(index) + this.sizeOf(index)),
    )
  }
}
const LETTERS: RecordKind<null, Letters> = {
  words: () => null,
  list: (bytes, count) => new Letters(bytes, count, null),
}

/** Records that take so many bytes each, a letter for each. */
function ofSizes(sizes: readonly number[]): Letters {
  const writer = new RecordWriter()
  for (const [index, size] of sizes.entries()) {
    const at = writer.begin(size)
    for (let byte = 4; byte < size; byte++) writer.view.setUint8(at + byte, 97 + (index % 26))
    writer.end(size)
  }
  const { bytes, count, offsets } = writer.written()
  return new Letters(bytes, count, null, offsets)
}

describe('a row of a chunk’s size', () => {
  it.each([
    ['that fills a chunk to the byte', [CHUNK_BYTES]],
    ['that is larger by four', [CHUNK_BYTES + 4]],
    ['after others', [100, CHUNK_BYTES, 8, CHUNK_BYTES + 4, 12]],
    ['that only just fits beside another', [CHUNK_BYTES - 100, 100, 8]],
    ['that only just does not', [CHUNK_BYTES - 100, 104, 8]],
    ['that grows', [8, 600, 1300, 3000, 7000, 15_000, 8, 16_000, 600]],
    ['that is as large as what a part has room for at first', [512, 516, 512, 508, 4, 8]],
    ['that is many chunks', [8, 1_000_000, 8, 3_000_000, 1_500_000, 4]],
    ['many times over', Array.from({ length: 300 }, (_, index) => 8 + 4 * ((index * 911) % 2250))],
  ])('%s is given back, and its neighbours, in order', (_, sizes) => {
    // Few rows lie one behind the other, and in their parts once there were more: before them, or in between.
    for (const before of [0, FIRST_BYTES - 10_000, FIRST_BYTES - 400, FIRST_BYTES]) expectKept(sizes, before)
  })

  function expectKept(sizes: readonly number[], before: number): void {
    const file = new SpoolFile()
    const spool = new Spool(LETTERS, file)
    if (before > 0) spool.add(7, ofSizes([before]), 0)
    const rows = ofSizes(sizes)
    for (let index = 0; index < rows.count; index++) {
      spool.add(3, rows, index)
      spool.add(200, rows, index)
    }
    const texts = rows.texts()
    expect(texts.map(({ length }) => length + 4)).toEqual(sizes)
    expect(spool.read([3]).texts()).toEqual(texts)
    expect(spool.read([2, 3, 200, 201]).texts()).toEqual([...texts, ...texts])
    expect([spool.rowsIn(3), spool.rowsIn(4), spool.rows - spool.rowsIn(7)]).toEqual([rows.count, 0, 2 * rows.count])
    expect(
      spool
        .read([7])
        .texts()
        .map(({ length }) => length + 4),
    ).toEqual(before > 0 ? [before] : [])
    // There is no such part, and nothing in it.
    expect(spool.read([PARTS]).count).toBe(0)
    // What was read may be read again, and more be added to it.
    const last = ofSizes([24])
    spool.add(3, last, 0)
    expect(spool.read([3]).texts()).toEqual([...texts, ...last.texts()])
    file.close()
  }
})

describe('rows that are read', () => {
  it('are a copy: neither what is added later nor what becomes of the records before changes them', () => {
    const file = new SpoolFile()
    const spool = new Spool(LETTERS, file)
    const rows = ofSizes([8, 12])
    spool.add(1, rows, 1)
    const read = spool.read([1])
    rows.bytes.fill(0)
    spool.add(1, ofSizes([8, 16]), 1)
    read.bytes.fill(0x7a, 4, 8)
    expect(spool.read([1]).texts()).toEqual(['b'.repeat(8), 'b'.repeat(12)])
    expect(read.texts()).toEqual(['zzzzbbbb'])
    file.close()
  })

  it('come in the order of the parts that are asked for, each as often as it is', () => {
    const spool = new Spool(LETTERS, new SpoolFile())
    const rows = ofSizes([8, 8, 8])
    for (const part of [0, 1, 2]) spool.add(part, rows, part)
    expect(spool.read([2, 0, 2]).texts()).toEqual(['cccc', 'aaaa', 'cccc'])
  })
})

describe('a part that there is not', () => {
  it('takes no row, and holds none', () => {
    const spool = new Spool(LETTERS, new SpoolFile())
    for (const part of [PARTS, -1, Number.NaN]) {
      expect(() => spool.add(part, ofSizes([8]), 0)).toThrow(`there is no part ${part}`)
    }
    expect([spool.rowsIn(PARTS), spool.read([PARTS, -1]).count, spool.read([]).count, spool.rows]).toEqual([0, 0, 0, 0])
  })
})

describe('rows of other words', () => {
  it('are refused, and those before stay as they are', () => {
    const spool = new Spool(TASK_RECORDS, new SpoolFile())
    const words = new TaskWords()
    spool.add(0, taskRecordsOf([taskRow({ model: 'a' })], words), 0)
    spool.add(9, taskRecordsOf([taskRow({ model: 'b' })], words), 0)
    expect(() => spool.add(0, taskRecordsOf([taskRow({ model: 'c' })]), 0)).toThrow('rows of other words')
    spool.add(0, taskRecordsOf([taskRow({ model: 'd' })], words), 0)
    expect(spool.read([0, 9]).rows()).toEqual(['a', 'd', 'b'].map((model) => taskRow({ model })))
    expect([spool.rows, spool.read([0]).words]).toEqual([3, words])
  })

  it('are those of another spool, each with its own', () => {
    const file = new SpoolFile()
    const [tasks, events] = [new Spool(TASK_RECORDS, file), new Spool(EVENT_RECORDS, file)]
    const words = new EventWords()
    for (let index = 0; index < 300; index++) {
      const long = 'x'.repeat(5000)
      tasks.add(index % 2, taskRecordsOf([taskRow({ rowId: index, taskId: long })], tasks.read([]).words), 0)
      events.add(index % 2, eventRecordsOf([billingEvent({ requestId: `${long}${index}` })], words), 0)
    }
    expect(
      tasks
        .read([0, 1])
        .rows()
        .map(({ rowId }) => rowId)
        .sort((a, b) => a - b),
    ).toEqual(Array.from({ length: 300 }, (_, index) => index))
    expect(
      events
        .read([1])
        .events()
        .map(({ requestId }) => Number(requestId.slice(5000))),
    ).toEqual(Array.from({ length: 150 }, (_, index) => 2 * index + 1))
    file.close()
  })
})

describe('a spool whose file was closed', () => {
  it('says so instead of giving back what is not there', () => {
    const file = new SpoolFile()
    const spool = new Spool(LETTERS, file)
    const rows = ofSizes([FIRST_BYTES, 10_000, 10_000])
    for (const index of [0, 1, 2]) spool.add(0, rows, index)
    expect(spool.read([0]).count).toBe(3)
    file.close()
    expect(() => spool.read([0])).toThrow('the temporary file was closed')
    // A row that comes too late makes no new file, which nobody would remove.
    expect(() => {
      for (const index of [0, 1, 2]) spool.add(0, rows, index)
    }).toThrow('the temporary file was closed')
    file.close()
  })
})

describe('hashes', () => {
  it('are each text’s own, and their last bits are its part', () => {
    const hashes = Array.from({ length: 5000 }, (_, index) => hashOfText(`id-${index}`))
    expect(new Set(hashes).size).toBe(5000)
    for (const hash of hashes) expect(Number.isInteger(hash) && hash >= 0 && hash < 2 ** 32).toBe(true)
    expect(hashes.map((hash) => hash % PARTS)).toEqual(hashes.map(partOfHash))
    expect(hashOfText('ab')).not.toBe(hashOfText('ba'))
  })
})
