import { statSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { DEFAULT_MAPPING, mappingWith } from '../../src/ledger/mapping.ts'
import { openZone } from '../../src/units/zone.ts'
import { ALL_TIME, all, reading } from '../ledger/backends.ts'
import { HEADERS, taskFile, taskLine, workshop } from './kit.ts'

const POINTS_ROW = '1,101,-40,t1,image,consume,100,60,2026-02-03 12:00:00'
const CASH_ROW = '1,101,-40,t1,image,2026-02-03 12:00:00,1'

describe('an import', () => {
  it('writes what the audit reads, and says what it did', async () => {
    const shop = workshop()
    const outcome = await shop.run({
      tasks: [shop.write('tasks.csv', taskFile(taskLine(1), taskLine(2, { created_at: '2026-02-05 01:00:00' })))],
      users: [shop.write('users.csv', `${HEADERS.users},email\n101,张三,x@example.com\n`)],
      points: [shop.write('points.csv', `${HEADERS.points}\n${POINTS_ROW}\n`)],
      cash: [shop.write('cash.csv', `${HEADERS.cash}\n${CASH_ROW}\n`)],
    })
    expect(outcome).toEqual({
      status: 'written',
      output: shop.path('out.db'),
      tables: [
        { table: 'ts_fal_account', rows: 1, files: [shop.path('accounts.csv')], skippedColumns: [] },
        { table: 'ts_users', rows: 1, files: [shop.path('users.csv')], skippedColumns: ['email'] },
        { table: 'ts_fal_tasks', rows: 2, files: [shop.path('tasks.csv')], skippedColumns: [] },
        { table: 'ts_points_detail', rows: 1, files: [shop.path('points.csv')], skippedColumns: [] },
        { table: 'ts_financial_transactions', rows: 1, files: [shop.path('cash.csv')], skippedColumns: [] },
      ],
      missingTables: [],
      taskTimes: { first: '2026-02-03 12:00:00', last: '2026-02-05 01:00:00' },
      bytesRead: expect.any(Number),
      seconds: 0,
      timezone: 'Asia/Shanghai',
      next: `DATABASE_URL=file:${shop.path('out.db')} DB_TIMEZONE=Asia/Shanghai fal-consumption-audit audit --timezone Asia/Shanghai --start 2026-02-03 --end 2026-02-05`,
    })
    await reading({ url: `file:${shop.path('out.db')}` }, async (snapshot) => {
      expect(await snapshot.accounts()).toMatchObject([
        { accountId: 5, name: 'main', apiKey: 'key-5:secret', balanceNanoUsd: 12_300_000_000n, disabled: false },
      ])
      expect(await all(snapshot.tasks(ALL_TIME))).toMatchObject([
        { rowId: 1, userId: 101, taskId: 't1', requestId: 'r1', chargedPoints: 40n, costNanoUsd: 100_000_000n },
        { rowId: 2 },
      ])
      expect(await snapshot.userNames([101])).toEqual(new Map([[101, '张三']]))
      expect(await all(snapshot.points(ALL_TIME, { titles: true }))).toMatchObject([
        { rowId: 1, amountPoints: -40n, balanceBefore: 100n, balanceAfter: 60n, kind: 'consume', title: 'image' },
      ])
      expect(await all(snapshot.cash(ALL_TIME))).toMatchObject([{ rowId: 1, amountPoints: -40n, kind: 'consume' }])
      expect((await snapshot.tasksByRequestIds(['r1'])).length).toBe(2)
    })
  })

  it('leaves nothing but the database, which only its owner reads', async () => {
    const shop = workshop()
    await shop.run({ tasks: [shop.write('tasks.csv', taskFile(taskLine(1)))] })
    expect(shop.files()).toEqual(['accounts.csv', 'out.db', 'tasks.csv'])
    expect(statSync(shop.path('out.db')).mode & 0o777).toBe(0o600)
  })

  it('keeps no table that no file was given for, so that an audit does not take it for empty', async () => {
    const shop = workshop()
    const outcome = await shop.run({ tasks: [shop.write('tasks.csv', taskFile())] })
    expect(outcome).toMatchObject({
      missingTables: ['ts_users', 'ts_points_detail', 'ts_financial_transactions'],
      taskTimes: null,
      next: expect.not.stringContaining('--start'),
    })
    await expect(shop.rows('ts_points_detail')).rejects.toThrow(/no such table/)
  })

  it('takes columns in any order and case, and stores none that the audit does not read', async () => {
    const shop = workshop()
    const names = [...HEADERS.tasks.split(',').reverse(), 'input_params', 'output_params']
    const values = taskLine(7).split(',').reverse()
    const wide = `"{""prompt"": ""a\nb"", ""data"": ""${'x'.repeat(300_000)}""}"`
    const file = `\ufeff${names.join(',').toUpperCase()}\r\n${values.join(',')},${wide},\r\n`
    expect(await shop.run({ tasks: [shop.write('tasks.csv', file)] })).toMatchObject({
      tables: [{}, { rows: 1, skippedColumns: ['INPUT_PARAMS', 'OUTPUT_PARAMS'] }],
    })
    expect(await shop.rows('ts_fal_tasks', HEADERS.tasks)).toEqual([
      [
        7,
        101,
        't7',
        'r1',
        'fal-ai/flux/dev',
        'key-1:secret',
        'completed',
        40,
        '0.1',
        0,
        '2026-02-03 12:00:00',
        '2026-02-03 12:00:30',
      ],
    ])
    expect(statSync(shop.path('out.db')).size).toBeLessThan(100_000)
  })

  it('reads several files of one table, each in its own order', async () => {
    const shop = workshop()
    const [first, second] = [
      shop.write('a.csv', taskFile(taskLine(1))),
      shop.write(
        'b b,c.csv',
        `${HEADERS.tasks.split(',').reverse().join(';')}\n${taskLine(2).split(',').reverse().join(';')}\n`,
      ),
    ]
    expect(await shop.run({ tasks: [first, second] })).toMatchObject({
      tables: [{}, { rows: 2, files: [first, second] }],
    })
    expect(await shop.rows('ts_fal_tasks', 'id, money')).toEqual([
      [1, 40],
      [2, 40],
    ])
  })

  it('reads what the mysql client prints with --batch', async () => {
    const shop = workshop()
    const header = HEADERS.tasks.replaceAll(',', '\t')
    const line = taskLine(1, { app_name: '"a"\\tb\\\\c', completed_at: 'NULL' }).replaceAll(',', '\t')
    await shop.run({ tasks: [shop.write('tasks.txt', `${header}\n${line}\n`)] })
    expect(await shop.rows('ts_fal_tasks', 'id, app_name, completed_at')).toEqual([[1, '"a"\tb\\c', null]])
  })

  it('takes NULL for none in three ways, also where it could be a text, and counts empty lines before the first', async () => {
    const shop = workshop()
    const lines = ['NULL', '\\N', '', '"NULL"'].map((online_task_id, index) => taskLine(index + 1, { online_task_id }))
    await shop.run({ tasks: [shop.write('tasks.csv', taskFile(...lines))] })
    expect((await shop.rows('ts_fal_tasks', 'id, online_task_id')).map(([, id]) => id)).toEqual([
      ...[null, null, null],
      'NULL',
    ])
    const tasks = [shop.write('bad.csv', `\n\r\n${taskFile(taskLine(1, { money: '1.5' }))}`)]
    expect(await shop.run({ tasks, overwrite: true })).toMatchObject({ badLines: [{ line: 4 }] })
  })

  it('reads INTO OUTFILE with ENCLOSED BY where it is told of the backslashes', async () => {
    const shop = workshop()
    const tasks = [
      shop.write('tasks.csv', taskFile(taskLine(1, { app_name: '"say \\"hi\\", \\\\"', completed_at: '\\N' }))),
    ]
    expect(await shop.run({ tasks })).toMatchObject({ status: 'refused', badLineCount: 1 })
    expect(await shop.run({ tasks, backslash_escapes: true })).toMatchObject({ status: 'written' })
    expect(await shop.rows('ts_fal_tasks', 'id, app_name, completed_at')).toEqual([[1, 'say "hi", \\', null]])
  })

  it('indexes what rows are looked up by', async () => {
    const shop = workshop()
    await shop.run({
      tasks: [shop.write('tasks.csv', taskFile(taskLine(1)))],
      points: [shop.write('points.csv', `${HEADERS.points}\n${POINTS_ROW}\n`)],
      cash: [shop.write('cash.csv', `${HEADERS.cash}\n${CASH_ROW}\n`)],
    })
    const indexes = await shop.rows('sqlite_master', "sql FROM sqlite_master WHERE type = 'index' AND sql <> '' --")
    expect(
      indexes
        .map(([sql]) =>
          String(sql)
            .replace(/.* ON /, '')
            .replaceAll('"', ''),
        )
        .sort(),
    ).toEqual([
      'ts_fal_tasks (api_key, created_at)',
      'ts_fal_tasks (created_at)',
      'ts_fal_tasks (online_task_id)',
      'ts_fal_tasks (task_id)',
      'ts_financial_transactions (order_id)',
      'ts_financial_transactions (time)',
      'ts_financial_transactions (user_id, time)',
      'ts_points_detail (created_at)',
      'ts_points_detail (order_id)',
      'ts_points_detail (user_id, created_at)',
    ])
  })

  it('tells how far it is', async () => {
    const shop = workshop()
    const told: string[] = []
    const progress = ({ message }: { readonly message: string }) => void told.push(message)
    await shop.run({ tasks: [shop.write('tasks.csv', taskFile(taskLine(1)))] }, {}, { progress })
    expect(new Set(told)).toEqual(new Set(['importing accounts, MB', 'importing tasks, MB', 'indexing']))
  })
})

describe('files by the name of their table', () => {
  it('are found in a folder, in three forms, and a flag goes before them', async () => {
    const shop = workshop()
    shop.write('ts_fal_account.csv', `${HEADERS.accounts}\n99,folder,k,1,1\n`)
    shop.write('ts_fal_tasks.tsv', taskFile(taskLine(1)).replaceAll(',', '\t'))
    shop.write('ts_users.txt', 'id\tusername\n101\tlin\n')
    const outcome = await shop.run({ dir: shop.folder })
    expect(outcome).toMatchObject({
      tables: [
        { table: 'ts_fal_account', files: [shop.path('accounts.csv')] },
        { table: 'ts_users', files: [shop.path('ts_users.txt')] },
        { table: 'ts_fal_tasks', files: [shop.path('ts_fal_tasks.tsv')] },
      ],
      missingTables: ['ts_points_detail', 'ts_financial_transactions'],
    })
  })

  it('are refused where a table is there twice', async () => {
    const shop = workshop()
    shop.write('ts_fal_tasks.csv', taskFile())
    shop.write('ts_fal_tasks.txt', taskFile())
    await expect(shop.run({ dir: shop.folder })).rejects.toMatchObject({
      field: 'dir',
      message: expect.stringMatching(/ts_fal_tasks is there twice/),
    })
  })
})

describe('other names of tables and columns', () => {
  const mapping = mappingWith({
    tables: { tasks: 'generation jobs', users: 'members' },
    columns: {
      tasks: { onlineTaskId: 'request_id', costMoney: 'cost_usd', completedAt: 'Created_At' },
      users: { name: null },
    },
  })

  it('are those of the files, and the same mapping reads the database', async () => {
    const shop = workshop()
    const header = 'id,user_id,task_id,request_id,app_name,api_key,status,money,cost_usd,is_refund,created_at'
    shop.write('generation jobs.csv', `${header}\n1,101,t1,r1,m,k,done,40,0.025,0,2026-02-03 12:00:00\n`)
    shop.write('members.csv', 'id\n101\n\n102\n')
    expect(await shop.run({ dir: shop.folder }, { mapping })).toMatchObject({
      tables: [{}, { table: 'members', rows: 2 }, { table: 'generation jobs', rows: 1 }],
    })
    await reading(
      { url: `file:${shop.path('out.db')}` },
      async (snapshot) => {
        const [task] = await all(snapshot.tasks(ALL_TIME))
        expect(task).toMatchObject({ requestId: 'r1', costNanoUsd: 25_000_000n })
        expect(task?.completedAt).toBe(task?.createdAt)
        expect(await snapshot.lastUse()).toEqual(new Map([['k', task?.createdAt]]))
      },
      { mapping },
    )
  })

  it('are asked for where a file has the usual ones', async () => {
    const shop = workshop()
    const tasks = [shop.write('tasks.csv', taskFile(taskLine(1)))]
    await expect(shop.run({ tasks }, { mapping })).rejects.toMatchObject({
      kind: 'input',
      field: 'tasks',
      message: expect.stringMatching(/tasks\.csv" is not accepted \(there is no column request_id, cost_usd\)/),
      accepted: expect.stringMatching(/the columns id, .*request_id.*cost_usd/),
      next: expect.stringContaining('columns.tasks.onlineTaskId'),
    })
  })

  it('have to differ', async () => {
    const shop = workshop()
    const tasks = [shop.write('tasks.csv', taskFile())]
    const same = mappingWith({ tables: { cash: 'TS_points_detail' } })
    await expect(shop.run({ tasks }, { mapping: same })).rejects.toMatchObject({ field: 'tables.cash' })
  })
})

describe('the zone of the stored times', () => {
  it.each([
    [{}, { dbZone: undefined }, 'ZONE', null],
    [{}, { dbZone: openZone('+09:00') }, '+09:00', '+09:00'],
    [{}, { dbZone: undefined, auditZone: openZone('Asia/Tokyo') }, 'Asia/Tokyo', 'Asia/Tokyo'],
    [{ timezone: 'Asia/Seoul' }, { dbZone: openZone('+09:00') }, 'Asia/Seoul', 'Asia/Seoul'],
  ])('%j with %j is told in the next command', async (request, parts, shown, timezone) => {
    const shop = workshop()
    const outcome = await shop.run({ tasks: [shop.write('tasks.csv', taskFile(taskLine(1)))], ...request }, parts)
    expect(outcome).toMatchObject({ timezone, next: expect.stringContaining(`DB_TIMEZONE=${shown} `) })
  })

  it('has to be one', async () => {
    const shop = workshop()
    const tasks = [shop.write('tasks.csv', taskFile())]
    await expect(shop.run({ tasks, timezone: 'Mars/Olympus' })).rejects.toMatchObject({ field: 'timezone' })
  })

  it('goes with the last 31 days at most', async () => {
    const shop = workshop()
    const lines = [
      taskLine(1, { created_at: '2025-01-01 00:00:00' }),
      taskLine(2, { created_at: '2026-03-05 00:00:00' }),
      taskLine(3, { created_at: '0000-00-00 00:00:00' }),
      taskLine(4, { created_at: 'NULL' }),
      taskLine(5, { created_at: '2024-00-05 00:00:00' }),
      taskLine(6, { created_at: '0000-01-05 00:00:00' }),
      taskLine(7, { created_at: '2026-01-01 00:00:00' }),
    ]
    expect(await shop.run({ tasks: [shop.write('tasks.csv', taskFile(...lines))] })).toMatchObject({
      taskTimes: { first: '2025-01-01 00:00:00', last: '2026-03-05 00:00:00' },
      next: expect.stringMatching(/--start 2026-02-03 --end 2026-03-05$/),
    })
  })
})

it('every column that the audit reads is imported', async () => {
  const shop = workshop()
  const mapping = mappingWith({
    columns: { tasks: { inputTokens: 'tokens_in', outputTokens: 'tokens_out' }, users: { level: 'vip' } },
  })
  const header = (role: keyof typeof HEADERS) => Object.values(mapping.columns[role]).join(',')
  const tasks = [shop.write('tasks.csv', `${header('tasks')}\n${taskLine(1)},5,\n`)]
  const users = [shop.write('users.csv', `${header('users')}\n101,lin,gold\n`)]
  const points = [shop.write('points.csv', `${header('points')}\n${POINTS_ROW}\n`)]
  const cash = [shop.write('cash.csv', `${header('cash')}\n${CASH_ROW}\n`)]
  expect(await shop.run({ tasks, users, points, cash }, { mapping })).toMatchObject({ status: 'written' })
  for (const [role, names] of Object.entries(mapping.columns)) {
    const table = DEFAULT_MAPPING.tables[role as keyof typeof HEADERS]
    const columns = Object.values(names as Record<string, string>).map((name) => `"${name}"`)
    expect((await shop.rows(table, columns.join(', ')))[0]?.length).toBe(columns.length)
  }
})
