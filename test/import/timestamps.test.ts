import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest'
import { SHANGHAI } from '../../src/demo/mini-world.ts'
import { freshDatabase, type TestDatabase, writeMariaDb } from '../kit/mariadb.ts'
import { ALL_TIME, account, all, cashRow, pointsRow, reading, task } from '../ledger/backends.ts'
import { dumpTab, workshop } from './kit.ts'

const TABLES = {
  accounts: [account(1)],
  tasks: [task(1), task(2), task(3)],
  users: [],
  points: [pointsRow(1), pointsRow(2)],
  cash: [cashRow(1)],
}

/** The times of all rows, as a store reads them. */
const timesIn = (url: string) =>
  reading({ url }, async (snapshot) => ({
    tasks: (await all(snapshot.tasks(ALL_TIME))).map(({ rowId, createdAt, completedAt }) => [
      rowId,
      createdAt,
      completedAt,
    ]),
    points: (await all(snapshot.points(ALL_TIME))).map(({ rowId, at }) => [rowId, at]),
    cash: (await all(snapshot.cash(ALL_TIME))).map(({ rowId, at }) => [rowId, at]),
  }))

describe('TIMESTAMPs beside DATETIMEs, out of mysqldump', () => {
  let database: TestDatabase
  beforeAll(async () => {
    database = await freshDatabase(inject('mariadb'))
    await writeMariaDb(database.options, TABLES)
    await database.admin.query('ALTER TABLE ts_fal_tasks MODIFY created_at TIMESTAMP(3) NULL')
    await database.admin.query("UPDATE ts_fal_tasks SET created_at = '2026-02-03 03:00:00.25' WHERE id = 2")
    await database.admin.query('UPDATE ts_fal_tasks SET created_at = NULL WHERE id = 3')
    await database.admin.query('ALTER TABLE ts_points_detail MODIFY created_at TIMESTAMP NULL')
  })
  afterAll(() => database.drop())

  it('come in UTC, and are stored as the database shows them', async () => {
    const shop = workshop()
    dumpTab(database, shop.path('tab'))
    const outcome = await shop.run({ dir: shop.path('tab'), accounts: undefined })
    expect(outcome).toMatchObject({ status: 'written', taskTimes: { first: '2026-02-03 03:00:00.250' } })
    expect((await shop.rows('ts_points_detail', 'created_at'))[0]).toEqual(['2026-02-03 12:00:00'])
    expect(await timesIn(`file:${shop.path('out.db')}`)).toEqual(await timesIn(database.urlFor()))
  })

  it('are refused where nobody tells the zone, and read in that of the audit', async () => {
    const shop = workshop()
    dumpTab(database, shop.path('tab'))
    const request = { dir: shop.path('tab'), accounts: undefined }
    await expect(shop.run(request, { dbZone: undefined })).rejects.toMatchObject({
      field: 'tasks',
      message: expect.stringMatching(/created_at is TIMESTAMP, which mysqldump writes in UTC\); give the zone/),
    })
    expect(shop.files()).not.toContain('out.db')
    const outcome = await shop.run(request, { dbZone: undefined, auditZone: SHANGHAI })
    expect(outcome).toMatchObject({ taskTimes: { first: '2026-02-03 03:00:00.250' } })
  })

  it('stay as they are in a dump that keeps the zone of the server', async () => {
    const shop = workshop()
    dumpTab(database, shop.path('tab'), ['--skip-tz-utc'])
    await shop.run({ dir: shop.path('tab'), accounts: undefined })
    expect(await timesIn(`file:${shop.path('out.db')}`)).toEqual(await timesIn(database.urlFor()))
    await shop.run({ dir: shop.path('tab'), accounts: undefined, overwrite: true }, { dbZone: undefined })
    expect((await shop.rows('ts_points_detail', 'created_at'))[0]).toEqual(['2026-02-03 12:00:00'])
  })
})
