import { describe, expect, it } from 'vitest'
import type { BadLine } from '../../schemas/import.ts'
import { cancelled } from '../../src/errors.ts'
import { importTable } from '../../src/import/columns.ts'
import { BAD_LINES_SHOWN } from '../../src/import/run.ts'
import { openWriter } from '../../src/import/writer.ts'
import { DEFAULT_MAPPING } from '../../src/ledger/mapping.ts'
import { HEADERS, taskFile, taskLine, type Workshop, workshop } from './kit.ts'

/** The bad lines of a file of tasks, whose second and last lines are good. */
async function badLinesOf(shop: Workshop, ...lines: readonly (string | Buffer)[]): Promise<readonly BadLine[]> {
  const parts = [HEADERS.tasks, taskLine(1), ...lines, taskLine(2)].flatMap((line) => [
    Buffer.from(line),
    Buffer.from('\n'),
  ])
  const outcome = await shop.run({ tasks: [shop.write('tasks.csv', Buffer.concat(parts))] })
  expect(shop.files()).toEqual(['accounts.csv', 'tasks.csv'])
  return outcome.status === 'refused' ? outcome.badLines : []
}

describe('a bad line', () => {
  it.each([
    ['an id that is none', taskLine(3, { id: 'x' }), /^id: .*its value is not shown.*; give a whole number from 0/],
    ['a negative id', taskLine(3, { id: '-3' }), /^id: "-3" is not accepted/],
    ['no id', taskLine(3, { id: '' }), /^id: NULL is not accepted/],
    ['an id beyond all integers', taskLine(3, { id: '9007199254740993' }), /^id: "9007199254740993"/],
    ['an id that is there', taskLine(1), /^id: 1 is there already/],
    ['a negative user', taskLine(3, { user_id: '-1' }), /^user_id: "-1" is not accepted/],
    ['money with a fraction', taskLine(3, { money: '1.5' }), /^money: "1\.5" is not accepted; give a whole number/],
    [
      'cost that is no amount',
      taskLine(3, { cost_money: 'free' }),
      /^cost_money: .*its value is not shown.*amount of USD/,
    ],
    ['a flag that is none', taskLine(3, { is_refund: 'maybe' }), /^is_refund: .*its value is not shown/],
    ['a time that is none', taskLine(3, { created_at: '2026-02-30 00:00:00' }), /^created_at: "2026-02-30 00:00:00"/],
    ['a time with a zone', taskLine(3, { completed_at: '2026-02-03T12:00:00Z' }), /^completed_at: .*without a zone/],
    ['a text with a NUL', taskLine(3, { app_name: 'a\0b' }), /^app_name: .*without NUL bytes/],
    ['a key, which is not told', taskLine(3, { api_key: 'hunter22\0' }), /^api_key: its value is not accepted/],
    ['too few fields', taskLine(3).replace(/,[^,]*$/, ''), /^it has 11 fields where there are 12 columns$/],
    ['too many fields', `${taskLine(3)},`, /^it has 13 fields where there are 12 columns$/],
    ['a quote astray', taskLine(3, { app_name: '5" disk' }), /^app_name: there is a quote in a field/],
    ['something behind a quote', taskLine(3, { app_name: '"a" b' }), /^app_name: there is something between/],
    [
      'bytes of another encoding',
      Buffer.from(taskLine(3, { app_name: 'caf\u00e9' }), 'latin1'),
      /^app_name: it is not UTF-8/,
    ],
    ['an endless field', taskLine(3, { app_name: 'x'.repeat(70_000) }), /^app_name: it is longer than 65535 bytes/],
  ])('with %s is told with its number', async (_, line, problem) => {
    const shop = workshop()
    expect(await badLinesOf(shop, line)).toEqual([
      { file: shop.path('tasks.csv'), line: 3, problem: expect.stringMatching(problem) },
    ])
  })

  it('of shifted columns tells no key, whatever it looks like', async () => {
    const shop = workshop()
    const accounts = shop.write(
      'accounts.csv',
      `${HEADERS.accounts}\n5,main,12.3,abcdefghij:sEcRetKeyValue99,1\n6,main,12.3,1,plainsecretword\nplain-secret,a,b,1,1\n`,
    )
    const tasks = shop.write('tasks.csv', taskFile(taskLine(1, { user_id: 'abcdefghij:sEcRetKeyValue99', money: 'x' })))
    const outcome = await shop.run({ accounts: [accounts], tasks: [tasks] })
    const problems = outcome.status === 'refused' ? outcome.badLines : []
    expect(problems.map(({ file, line, problem }) => [file, line, problem.split(';')[0]])).toEqual([
      [accounts, 2, 'balance: what stands there is not accepted (its value is not shown: it could be a key)'],
      [accounts, 3, 'status: what stands there is not accepted (its value is not shown: it could be a key)'],
      [accounts, 4, 'id: what stands there is not accepted (its value is not shown: it could be a key)'],
      [tasks, 2, 'user_id: what stands there is not accepted (its value is not shown: it could be a key)'],
    ])
    expect(JSON.stringify(outcome)).not.toMatch(/sEcRet|abcdefghij|plain/)
  })

  it.each([
    ['money', '1.5'],
    ['money', '-1,000.00'],
    ['user_id', '1e99'],
    ['cost_money', '1.2.3'],
    ['created_at', '2026/02/03 12:00:00'],
    ['created_at', '3.2.2026'],
    ['created_at', '2026-02-03T12:00:00.5+08:00'],
  ])('with a number or date that is none, in %s, tells it: %s', async (column, text) => {
    const [first] = await badLinesOf(workshop(), taskLine(3, { [column]: `"${text}"` }))
    expect(first?.problem).toContain(`${column}: "${text}" is not accepted`)
  })

  it.each(['12345678-1234-1234-1234-123456789012', '123456789012345678901234', '1234567890:123456', '2026-02-03 x'])(
    'with %s, which is neither, does not tell it',
    async (text) => {
      const [first] = await badLinesOf(workshop(), taskLine(3, { money: text }))
      expect(first?.problem).toMatch(/^money: .*its value is not shown/)
      expect(first?.problem).not.toContain(text.slice(0, 8))
    },
  )

  it('of a table without keys tells what it holds', async () => {
    const shop = workshop()
    const users = shop.write('users.csv', 'id,username\nsomebody,a\n')
    const outcome = await shop.run({ tasks: [shop.write('tasks.csv', taskFile(taskLine(1)))], users: [users] })
    expect(outcome).toMatchObject({ badLines: [{ problem: expect.stringMatching(/^id: "somebody" is not accepted/) }] })
  })

  it('behind line breaks in quotes has the number of its own first line', async () => {
    const shop = workshop()
    const long = taskLine(3, { app_name: '"a\nb\r\nc"' })
    const bad = taskLine(4, { app_name: '"a\nb"', money: 'x' })
    expect(await badLinesOf(shop, long, '', bad)).toMatchObject([{ line: 7, problem: expect.stringMatching(/^money/) }])
  })

  it('that opens a quote for good is told where it does', async () => {
    const shop = workshop()
    expect(await badLinesOf(shop, taskLine(3, { app_name: '"a' }))).toEqual([
      { file: shop.path('tasks.csv'), line: 3, problem: expect.stringMatching(/app_name: a quote is opened/) },
    ])
  })

  it('is one of many: the first are told, and all are counted', async () => {
    const shop = workshop()
    const lines = Array.from({ length: 1000 }, (_, index) =>
      taskLine(index + 1, { money: index % 2 === 0 ? 'x' : '1' }),
    )
    const outcome = await shop.run({
      tasks: [shop.write('a.csv', taskFile(...lines)), shop.write('b.csv', taskFile(taskLine(2)))],
      users: [shop.write('users.csv', 'id,username\n1,a\n1,b\n')],
    })
    expect(outcome).toMatchObject({ status: 'refused', badLineCount: 502 })
    const { badLines } = outcome as { readonly badLines: readonly BadLine[] }
    expect(badLines).toHaveLength(BAD_LINES_SHOWN)
    expect(badLines.slice(0, 3).map(({ file, line }) => [file, line])).toEqual([
      [shop.path('users.csv'), 3],
      [shop.path('a.csv'), 2],
      [shop.path('a.csv'), 4],
    ])
    expect(shop.files()).toEqual(['a.csv', 'accounts.csv', 'b.csv', 'users.csv'])
  })

  it('may lie anywhere in a file that is read in many pieces', async () => {
    const shop = workshop()
    const lines = Array.from({ length: 20_000 }, (_, index) => taskLine(index + 1))
    lines[15_000] = taskLine(15_001, { money: '?' })
    const outcome = await shop.run({ tasks: [shop.write('tasks.csv', taskFile(...lines))] })
    expect(outcome).toMatchObject({ badLineCount: 1, badLines: [{ line: 15_002 }] })
  })
})

describe('a file as a whole', () => {
  const message = (pattern: RegExp) => ({ kind: 'input', field: 'tasks', message: expect.stringMatching(pattern) })
  const without = (name: string) =>
    HEADERS.tasks
      .split(',')
      .filter((each) => each !== name)
      .join(',')

  it.each([
    ['is not there', undefined, /^tasks: ".*tasks\.csv" is not accepted; give a file that can be read/],
    ['is empty', '', /\(it is empty\)/],
    ['is nothing but empty lines', '\n\r\n', /\(it is empty\)/],
    ['has no header', `${taskLine(1)}\n`, /names none of the columns \(1, 101, …, …, …, …, completed, 40, 0\.1/],
    ['lacks a column', `${without('cost_money')}\n`, /there is no column cost_money\); give the columns id, user_id/],
    ['has a column twice', `${HEADERS.tasks},ID\n`, /the column id is there twice/],
    ['has a header with a quote astray', `a"b,${HEADERS.tasks}\n`, /first line cannot be read: there is a quote/],
    ['has an endless first line', 'x'.repeat(100_000), /first line is longer than 65536 bytes/],
    // All of it would be one header, whose last name nobody misses.
    [
      'ends lines with CR',
      `${HEADERS.tasks},note\r${taskLine(1)},x\r`,
      /its lines end with CR alone\); give a file whose/,
    ],
    ['ends all but the last so', `${HEADERS.tasks},note\r${taskLine(1)},x\n`, /its lines end with CR alone/],
    ['is UTF-16', Buffer.from('\ufeffid,user_id\n', 'utf16le'), /it is UTF-16/],
    ['is packed', Buffer.from([0x1f, 0x8b, 8, 0]), /it is a gzip archive/],
    ['is a workbook', Buffer.from('PK\u0003\u0004xl'), /it is a zip archive or a workbook/],
    ['is a database', 'SQLite format 3\0', /it is an SQLite database/],
  ])('that %s is refused', async (_, content, pattern) => {
    const shop = workshop()
    const before = shop.files()
    if (content !== undefined) shop.write('tasks.csv', content)
    await expect(shop.run({ tasks: [shop.path('tasks.csv')] })).rejects.toMatchObject(message(pattern))
    expect(shop.files().filter((name) => name !== 'tasks.csv')).toEqual(before)
  })

  it('is needed for the accounts and the tasks', async () => {
    const shop = workshop()
    await expect(shop.run({})).rejects.toMatchObject({
      field: 'tasks',
      message: 'tasks: is missing; give --tasks FILE, or --dir FOLDER with ts_fal_tasks.csv',
    })
    await expect(shop.run({ dir: shop.folder })).rejects.toMatchObject({
      message: expect.stringMatching(/^tasks: is missing; there is no ts_fal_tasks\.csv, \.tsv or \.txt in /),
    })
    await expect(shop.run({ dir: shop.path('nowhere') })).rejects.toMatchObject({ field: 'dir' })
  })
})

describe('an interruption', () => {
  it('leaves nothing', async () => {
    const shop = workshop()
    const lines = Array.from({ length: 20_000 }, (_, index) => taskLine(index + 1))
    const tasks = [shop.write('tasks.csv', taskFile(...lines))]
    for (const at of ['importing tasks, MB', 'indexing']) {
      const stop = new AbortController()
      const seen: string[][] = []
      const progress = ({ message }: { readonly message: string }) => {
        if (message !== at) return
        seen.push(shop.files())
        stop.abort(cancelled())
      }
      await expect(shop.run({ tasks }, {}, { signal: stop.signal, progress })).rejects.toMatchObject({
        kind: 'cancelled',
      })
      expect(seen[0]?.filter((name) => /^\.out\.db\.[0-9a-f]{12}\.tmp$/.test(name))).toHaveLength(1)
      expect(shop.files()).toEqual(['accounts.csv', 'tasks.csv'])
    }
  })

  it('that ends the process at once leaves nothing either', async () => {
    const shop = workshop()
    let clean = () => {}
    let calledOff = false
    const onExit = (given: () => void) => {
      clean = given
      return () => {
        calledOff = true
      }
    }
    const progress = ({ message }: { readonly message: string }) => {
      if (message !== 'indexing') return
      clean()
      expect(shop.files()).toEqual(['accounts.csv', 'tasks.csv'])
      throw new Error('gone')
    }
    const tasks = [shop.write('tasks.csv', taskFile(taskLine(1)))]
    await expect(shop.run({ tasks }, { onExit }, { progress })).rejects.toThrow('gone')
    expect(calledOff).toBe(true)
  })
})

it('a database that cannot be written is told as that', async () => {
  const shop = workshop()
  const writer = await openWriter(shop.path('twice.db'))
  const table = importTable('users', DEFAULT_MAPPING)
  writer.table(table)
  expect(() => writer.table(table)).toThrow(
    expect.objectContaining({
      kind: 'source',
      message: expect.stringMatching(/cannot be written: .*already exists/),
      next: expect.not.stringContaining('TMPDIR'),
    }),
  )
  writer.close()
  writer.close()
})

it('an index that finds no room is told with the folder in which it is sorted', async () => {
  const shop = workshop()
  const path = shop.path('indexed.db')
  const writer = await openWriter(path)
  writer.table(importTable('tasks', DEFAULT_MAPPING))
  const [index] = writer.indexing()
  index?.()
  // A second time it is refused, as it is where it has no room.
  expect(() => index?.()).toThrow(expect.objectContaining({ kind: 'source', next: expect.stringContaining('TMPDIR') }))
  writer.close()
})

describe('a file with tabs whose header is not quoted', () => {
  const tabbed = (...lines: readonly string[]) => taskFile(...lines).replaceAll(',', '\t')
  const inQuotes = { task_id: '"t1"', online_task_id: '"r1"', app_name: '"fal-ai/flux"', status: '"completed"' }
  const run = (shop: Workshop, content: string) => shop.run({ tasks: [shop.write('tasks.tsv', content)] })

  it('is refused where each field of a column of texts stands in quotes, whatever the others', async () => {
    const shop = workshop()
    const lines = [
      taskLine(1, { ...inQuotes, online_task_id: 'NULL' }),
      taskLine(2, { ...inQuotes, task_id: 't2', api_key: '' }),
    ]
    const outcome = await run(shop, tabbed(...lines))
    const refused = (name: string, line: number) => ({
      ...{ file: shop.path('tasks.tsv'), line },
      problem: expect.stringMatching(
        new RegExp(`^${name}: every field of the column stands in quotes, .*names of the first`),
      ),
    })
    expect(outcome).toMatchObject({
      status: 'refused',
      badLines: [refused('online_task_id', 3), refused('app_name', 2), refused('status', 2)],
    })
  })

  it('is refused for two such fields alone', async () => {
    const outcome = await run(workshop(), tabbed(taskLine(1, { app_name: '"a"' }), taskLine(2, { app_name: '"b"' })))
    expect(outcome).toMatchObject({ status: 'refused', badLineCount: 1, badLines: [{ line: 2 }] })
  })

  it('is read without the quotes where the header has them too', async () => {
    const shop = workshop()
    const [header = '', ...rows] = tabbed(taskLine(1, inQuotes), taskLine(2, { online_task_id: '"r2"' })).split('\n')
    const quoted = header.replaceAll(/\w+/g, '"$&"')
    expect(await run(shop, [quoted, ...rows].join('\n'))).toMatchObject({ status: 'written' })
    expect(await shop.rows('ts_fal_tasks', 'id, online_task_id')).toEqual([
      [1, 'r1'],
      [2, 'r2'],
    ])
  })

  it.each([
    ['one field alone', [taskLine(1, { app_name: '"mine"' })], '"mine"'],
    [
      'some fields of a column',
      [taskLine(1, { app_name: '"mine"' }), taskLine(2), taskLine(3, { app_name: '"' })],
      '"mine"',
    ],
    ['quotes alone', [taskLine(1, { app_name: '"' }), taskLine(2, { app_name: '"' })], '"'],
    ['an open end', [taskLine(1, { app_name: '"a" or "b' }), taskLine(2, { app_name: '"c" d' })], '"a" or "b'],
  ])('is read as it stands where quotes are part of texts: %s', async (_, lines, text) => {
    const shop = workshop()
    expect(await run(shop, tabbed(...lines))).toMatchObject({ status: 'written' })
    expect((await shop.rows('ts_fal_tasks', 'id, app_name'))[0]).toEqual([1, text])
  })
})
