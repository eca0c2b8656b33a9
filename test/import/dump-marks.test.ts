import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest'
import { freshDatabase, type TestDatabase, writeMariaDb } from '../kit/mariadb.ts'
import { account, cashRow, pointsRow, task } from '../ledger/backends.ts'
import { dumpTab, workshop } from './kit.ts'

const TABLES = {
  accounts: [account(1)],
  tasks: [task(1), task(2, { onlineTaskId: null, appName: 'a,"b"|c' })],
  users: [
    { id: 101, username: 'NULL' },
    { id: 102, username: '|N' },
  ],
  points: [pointsRow(1), pointsRow(2, { orderId: '|N' })],
  cash: [cashRow(1)],
}

describe('files of mysqldump --tab with separators of their own', () => {
  let database: TestDatabase
  beforeAll(async () => {
    database = await freshDatabase(inject('mariadb'))
    await writeMariaDb(database.options, TABLES)
  })
  afterAll(() => database.drop())

  it.each([
    ['--fields-terminated-by=,', /its first line has 1 field between tabs, and the \.sql beside it \d+ columns/],
    ['--fields-enclosed-by="', /id stands between " and " in its first line/],
    ["--fields-enclosed-by='", /id stands between ' and ' in its first line/],
    ['--fields-optionally-enclosed-by="', /created_at stands between " and " in its first line/],
    ['--fields-escaped-by=|', /line 2: online_task_id is \|N, as NULL is written with another --fields-escaped-by/],
    ['--fields-escaped-by=', /line 2: online_task_id is NULL, as NULL is written with another --fields-escaped-by/],
    ['--lines-terminated-by=;', /its first line has \d+ fields between tabs/],
  ])('are refused as a whole, with %s', async (option, message) => {
    const shop = workshop()
    dumpTab(database, shop.path('tab'), [option])
    await expect(shop.run({ tasks: [shop.path('tab/ts_fal_tasks.txt')] })).rejects.toMatchObject({
      kind: 'input',
      field: 'tasks',
      message: expect.stringMatching(message),
      next: expect.stringMatching(/^Dump it again without --fields-terminated-by, .*--lines-terminated-by\./),
    })
    expect(shop.files()).toEqual(['accounts.csv', 'tab'])
  })

  it('are refused with names in double quotes, which tell no character sets', async () => {
    const shop = workshop()
    dumpTab(database, shop.path('tab'), ['--compatible=ansi'])
    await expect(shop.run({ tasks: [shop.path('tab/ts_fal_tasks.txt')] })).rejects.toMatchObject({
      kind: 'input',
      field: 'tasks',
      message: expect.stringMatching(/\(it is of --compatible=ansi\); give a dump made without that option$/),
    })
    expect(shop.files()).toEqual(['accounts.csv', 'tab'])
  })

  it('are read where they only look like it: texts like another NULL, beside one or in a column without', async () => {
    const shop = workshop()
    await database.admin.query('UPDATE ts_points_detail SET title = NULL WHERE id = 1')
    dumpTab(database, shop.path('null'))
    const request = { dir: shop.path('null'), accounts: undefined }
    expect(await shop.run(request)).toMatchObject({ status: 'written' })
    expect(await shop.rows('ts_users')).toEqual([
      [101, 'NULL'],
      [102, '|N'],
    ])
    expect(await shop.rows('ts_points_detail', 'order_id')).toEqual([['t1'], ['|N']])
    expect(await shop.rows('ts_fal_tasks', 'id, online_task_id, app_name')).toEqual([
      [1, expect.any(String), expect.any(String)],
      [2, null, 'a,"b"|c'],
    ])
  })
})
