import { describe, expect, it } from 'vitest'
import { MiniWorld, SHANGHAI } from '../../src/demo/mini-world.ts'
import { mappingWith } from '../../src/ledger/mapping.ts'
import { type Instant, instant } from '../../src/units/instant.ts'
import { openZone } from '../../src/units/zone.ts'
import { type CaseParts, examined, healthyWorld, LOOKED_AT, lineOf } from '../kit/doctor-case.ts'
import { BACKENDS } from '../ledger/backends.ts'

const HOUR = 3_600_000
const later = (hours: number): Instant => instant(LOOKED_AT + hours * HOUR)

describe.each(BACKENDS)('the time zone, on $name', (backend) => {
  const timeZone = async (parts: CaseParts) => lineOf(await examined({ backend, ...parts }), 'time-zone')

  it('read as UTC, times of Shanghai lie 8 h in the future', async () => {
    expect(await timeZone({ dbZone: openZone('UTC')! })).toMatchObject({
      status: 'failure',
      seen: expect.stringMatching(/31 rows dated in the future, the newest by 7 h 58 min, read as UTC/),
      todo: expect.stringMatching(/set DB_TIMEZONE .* \(they look like \+08:00\)/),
    })
    expect((await timeZone({ dbZone: SHANGHAI })).status).toBe('ok')
  })

  it('a silence of just 8 h after a busy hour is suspicious; one of 8 h 10 is not', async () => {
    const behind = await timeZone({ now: later(8) })
    expect(behind).toMatchObject({
      status: 'warning',
      seen: expect.stringMatching(/the newest task is 8 h 01 min old/),
      todo: expect.stringMatching(/they look like \+00:00/),
    })
    expect((await timeZone({ now: later(8 + 1 / 6) })).status).toBe('ok')
  })

  it('is not suspected where such silences are usual', async () => {
    const world = healthyWorld().task({ at: '2026-02-06 15:30:10' }).build()
    expect((await timeZone({ world, now: later(8) })).status).toBe('ok')
  })

  it('one row with a wrong date is told, and is no zone', async () => {
    const world = new MiniWorld().account(5).task({ at: '2126-02-06 11:00:00' })
    for (let minute = 10; minute < 30; minute++) world.task({ at: `2026-02-06 12:${minute}:00` })
    expect(await timeZone({ world: world.build() })).toMatchObject({
      status: 'warning',
      seen: expect.stringMatching(/1 row dated in the future/),
    })
  })

  it('tasks without a time are told, as such', async () => {
    for (const none of ['NULL', ...(backend.name === 'embedded' ? ["''"] : []), "'0000-00-00 00:00:00'"]) {
      const sql = [
        ...(backend.name === 'mariadb' ? ["SET SESSION sql_mode = ''"] : []),
        `UPDATE ts_fal_tasks SET created_at = ${none} WHERE id IN (3, 5)`,
      ]
      expect(await timeZone({ sql })).toMatchObject({
        status: 'warning',
        seen: expect.stringMatching(/, 2 without created_at: of no period, and in no sum$/),
        todo: expect.stringMatching(/NOT NULL/),
      })
    }
  })

  it('times that are texts of another form are told beside those that are read', async () => {
    const asText = backend.name === 'mariadb' ? ['ALTER TABLE ts_fal_tasks MODIFY created_at VARCHAR(30)'] : []
    expect((await timeZone({ sql: asText })).status).toBe('ok')
    const other = "UPDATE ts_fal_tasks SET created_at = '06/02/2026 12:00' WHERE id IN (3, 5)"
    expect(await timeZone({ sql: [...asText, other] })).toMatchObject({
      status: 'warning',
      seen: expect.stringMatching(
        /, 2 rows with a created_at that is no time, such as "06\/02\/2026 12:00": reports name/,
      ),
    })
  })

  it('ends that cannot be read are told beside it; none is no such end', async () => {
    const asText = backend.name === 'mariadb' ? ['ALTER TABLE ts_fal_tasks MODIFY completed_at VARCHAR(30)'] : []
    const told = async (end: string) => {
      const { lines } = await examined({
        backend,
        sql: [...asText, `UPDATE ts_fal_tasks SET completed_at = ${end} WHERE id = 3`],
      })
      return lines.filter(({ id, status }) => id === 'time-zone' && status !== 'ok')
    }
    for (const none of ['NULL', "' '", "'0000-00-00 00:00:00'"]) expect(await told(none)).toEqual([])
    expect(await told("'2026-02-06T12:00:00Z'")).toMatchObject([
      {
        status: 'warning',
        seen: expect.stringMatching(
          /, 1 row with a completed_at that is no time, such as "2026-02-06T12:00:00Z": they/,
        ),
      },
    ])
  })

  it('ends in the future are told beside it, but of tasks that are dated so themselves', async () => {
    const told = async (end: string, sql: readonly string[] = []) => {
      const set = `UPDATE ts_fal_tasks SET completed_at = '${end}' WHERE id = 3`
      const { lines } = await examined({ backend, sql: [set, ...sql] })
      return lines.filter(({ id, seen }) => id === 'time-zone' && seen.includes('completed_at'))
    }
    expect(await told('2099-01-01 00:00:00')).toMatchObject([
      {
        status: 'warning',
        seen: expect.stringMatching(
          /of the newest 31 tasks, 1 row with a completed_at that lies in the future, such as "2099-01-01 00:00:00": within 26 h/,
        ),
      },
    ])
    expect(
      await told('2099-01-01 00:00:00', ["UPDATE ts_fal_tasks SET created_at = '2099-01-01 00:00:00' WHERE id = 3"]),
    ).toEqual([])
    const naive = (seconds: number) => SHANGHAI.toNaive(instant(LOOKED_AT + seconds * 1000))
    expect([await told(naive(600)), (await told(naive(601))).length]).toEqual([[], 1])
  })

  it('times that cannot be read are a failure, an empty table is unverified', async () => {
    const mapping = mappingWith({ columns: { tasks: { createdAt: 'app_name' } } })
    expect(await timeZone({ mapping })).toMatchObject({ status: 'failure', seen: expect.stringMatching(/flux/) })
    expect((await timeZone({ world: new MiniWorld().account(5).build() })).status).toBe('unverified')
  })
})

describe.each(BACKENDS)('request ids, on $name', (backend) => {
  const requestIds = async (parts: CaseParts) => lineOf(await examined({ backend, ...parts }), 'request-ids')

  it('of another column are a failure, few missing ones a warning', async () => {
    const world = healthyWorld()
    expect(
      await requestIds({ world: world.build(), sql: ["UPDATE ts_fal_tasks SET online_task_id = 'None'"] }),
    ).toMatchObject({
      status: 'failure',
      seen: '0 tasks of 31 (0.0%) that succeeded have a request id, among the newest 31 rows',
    })
    const some = await requestIds({ sql: ["UPDATE ts_fal_tasks SET online_task_id = '' WHERE id < 4"] })
    expect(some).toMatchObject({ status: 'warning', seen: expect.stringMatching(/^28 tasks of 31 \(90\.3%\)/) })
  })

  it('are not asked of tasks that failed', async () => {
    const world = healthyWorld().task({ at: '2026-02-06 12:20:00', status: 'failed', requestId: null, paid: false })
    expect((await requestIds({ world: world.build() })).status).toBe('ok')
  })
})

describe.each(BACKENDS)('the ledger link, on $name', (backend) => {
  const link = async (parts: CaseParts) => lineOf(await examined({ backend, ...parts }), 'ledger-link')
  const unlinked = ["UPDATE ts_points_detail SET order_id = CONCAT('PAY-', id)"]
  const embeddedUnlinked = ["UPDATE ts_points_detail SET order_id = 'PAY-' || id"]
  const sql = backend.name === 'mariadb' ? unlinked : embeddedUnlinked

  it('by order ids of another kind is a warning', async () => {
    expect(await link({ sql })).toMatchObject({
      status: 'warning',
      seen: expect.stringMatching(
        /^0 tasks of 31 \(0\.0%\).*newest 31 tasks and 31 ledger rows; ledgerLinkRatio is 0\.9/,
      ),
    })
    expect((await link({})).status).toBe('ok')
  })

  it('is not asked where totals are compared', async () => {
    expect((await link({ sql, settings: { ledgerLink: 'total' } })).status).toBe('ok')
  })

  it('may be by the request id, and by cash', async () => {
    const world = new MiniWorld().account(5)
    for (let minute = 10; minute < 30; minute++) {
      world.task({ at: `2026-02-06 12:${minute}:00`, paid: { points: 0, cash: 100 } })
    }
    expect((await link({ world: world.build() })).status).toBe('ok')
    const byRequest = [
      'UPDATE ts_points_detail SET order_id = (SELECT online_task_id FROM ts_fal_tasks t WHERE t.id = ts_points_detail.id)',
    ]
    expect((await link({ sql: byRequest })).status).toBe('ok')
    const inUrls = backend.name === 'mariadb' ? "CONCAT('fal-ai/x#', order_id)" : "'fal-ai/x#' || order_id"
    const behindMark = `UPDATE ts_points_detail SET order_id = ${inUrls}`
    expect(await link({ sql: [...byRequest, behindMark] })).toMatchObject({
      status: 'ok',
      seen: expect.stringMatching(/^31 tasks of 31/),
    })
    // Another product's number is none of the task with that id.
    expect((await link({ sql: [behindMark] })).status).toBe('warning')
  })

  it('of a ledger that was read in part is not asked of older tasks, whatever one of its rows is dated', async () => {
    const limits = { ledgerRows: 20 }
    const dated = "UPDATE ts_points_detail SET created_at = '2020-01-01 00:00:00' WHERE id = 25"
    for (const changes of [[], [dated]]) {
      expect(await link({ limits, sql: changes })).toMatchObject({ status: 'ok' })
      expect(await link({ limits, sql: [...changes, ...sql] })).toMatchObject({ status: 'warning' })
    }
  })

  it('is left open where a ledger was not read, unless the other one names enough tasks', async () => {
    const byPoints = healthyWorld().cash(101, -100, { at: '2026-02-06 12:00:00', orderId: 'shop-1' })
    const noPoints = await link({ world: byPoints.build(), sql: ['DROP TABLE ts_points_detail'] })
    expect(noPoints).toMatchObject({
      status: 'unverified',
      seen: expect.stringMatching(
        /^the ledger ts_points_detail was not read: the table of points cannot be read; 0 tasks of 31 .* and 1 ledger row$/,
      ),
    })
    expect(noPoints.todo).toBeUndefined()
    expect(await link({ sql: ['DROP TABLE ts_financial_transactions'] })).toMatchObject({
      status: 'ok',
      seen: expect.stringMatching(/^31 tasks of 31/),
    })
    // Just enough, and one too few: 28 of 31 are 90.3 %, 27 are 87.1 %.
    for (const [most, status] of [
      [3, 'ok'],
      [4, 'unverified'],
    ] as const) {
      const apart = `UPDATE ts_points_detail SET order_id = 'shop' WHERE id <= ${most}`
      expect((await link({ sql: [apart, 'DROP TABLE ts_financial_transactions'] })).status).toBe(status)
    }
  })

  it('a ledger whose order ids have no column is not read; one without rows is', async () => {
    const renamed = ['ALTER TABLE ts_points_detail RENAME COLUMN order_id TO kept_apart']
    const world = healthyWorld().cash(101, -100, { at: '2026-02-06 12:00:00', orderId: 'shop-1' })
    expect(await link({ world: world.build(), sql: renamed })).toMatchObject({
      status: 'unverified',
      seen: expect.stringMatching(/ts_points_detail was not read: there is no column for orderId/),
    })
    const emptied = ['DELETE FROM ts_points_detail']
    expect(await link({ world: world.build(), sql: emptied })).toMatchObject({ status: 'warning' })
  })

  it('of tasks older than the ledger rows that were read is left open', async () => {
    const line = await link({ limits: { ledgerRows: 5 } })
    expect(line).toMatchObject({
      status: 'ok',
      seen: expect.stringMatching(/^1 task of 1 .*31 tasks and 5 ledger rows/),
    })
  })
})

describe.each(BACKENDS)('words, on $name', (backend) => {
  it('of a status that is over and not known are counted', async () => {
    const world = healthyWorld()
    for (const at of ['10', '11', '12']) world.task({ at: `2026-02-06 12:${at}:00`, status: '已完成' })
    const parts = { backend, world: world.build() }
    expect(lineOf(await examined(parts), 'status-words')).toMatchObject({
      status: 'warning',
      seen: expect.stringMatching(/"已完成" \(3\), in the newest 34 tasks; they count as unfinished/),
    })
    const mapping = mappingWith({ taskStatus: { success: ['completed', '已完成'] } })
    expect(lineOf(await examined({ ...parts, mapping }), 'status-words').status).toBe('ok')
  })

  it('of tasks on their way are told and are right', async () => {
    const world = healthyWorld().task({
      at: '2026-02-06 12:27:00',
      status: 'IN_PROGRESS',
      completed: null,
      billed: false,
    })
    expect(lineOf(await examined({ backend, world: world.build() }), 'status-words')).toMatchObject({
      status: 'ok',
      seen: 'unfinished: "IN_PROGRESS" (1), in the newest 32 tasks',
    })
  })

  it('of the ledger that take from users and are not known are counted', async () => {
    const sql = ["UPDATE ts_points_detail SET source_type = 'spend' WHERE id <= 3"]
    const line = (diagnosis: Awaited<ReturnType<typeof examined>>) =>
      lineOf(diagnosis, 'ledger-words', 'ts_points_detail')
    expect(line(await examined({ backend, sql }))).toMatchObject({
      status: 'warning',
      seen: expect.stringMatching(/"spend" \(3\)/),
      todo: expect.stringMatching(/sourceTypes\.consume/),
    })
    const mapping = mappingWith({ sourceType: { consume: ['consume', 'spend'] } })
    expect(line(await examined({ backend, sql, mapping })).status).toBe('ok')
    expect((await examined({ backend })).lines.filter(({ id }) => id === 'ledger-words')).toHaveLength(2)
    const giving = ["UPDATE ts_points_detail SET source_type = 'present', points = 5 WHERE id <= 3"]
    expect(line(await examined({ backend, sql: giving })).status).toBe('ok')
  })

  it('that take from users by positive amounts are told, with the view that negates them', async () => {
    const signs = async (...sql: readonly string[]) =>
      (await examined({ backend, sql })).lines.filter(({ id, status }) => id === 'ledger-words' && status !== 'ok')
    const positive = 'UPDATE ts_points_detail SET points = -points'
    expect(await signs(positive)).toMatchObject([
      {
        subject: 'ts_points_detail',
        status: 'failure',
        seen: expect.stringMatching(
          /^31 of 31 rows that take from users \(sourceTypes\.consume\) have a positive points,/,
        ),
        todo: expect.stringMatching(
          /WHEN source_type IN \('consume'\) THEN -points ELSE points END AS points FROM ts_poi/,
        ),
      },
    ])
    expect(await signs(`${positive} WHERE id > 15`)).toMatchObject([{ seen: expect.stringMatching(/^16 of 31 rows/) }])
    expect(await signs(`${positive} WHERE id > 16`)).toEqual([])
    expect(await signs(`${positive}, source_type = 'refund' WHERE id > 3`)).toEqual([])
    const cash = (amounts: readonly number[], type: number) =>
      `INSERT INTO ts_financial_transactions (id, user_id, money, transaction_type) VALUES ${amounts
        .map((amount, at) => `(${at + 1}, 101, ${amount}, ${type})`)
        .join(', ')}`
    expect(await signs(cash([5, 6, 7, 8, -9], 1))).toMatchObject([
      { subject: 'ts_financial_transactions', status: 'failure', seen: expect.stringMatching(/positive money/) },
    ])
    expect(await signs(cash([5, 6], 1))).toMatchObject([{ status: 'warning' }])
    for (const clean of [cash([5, 6, 0, 8], 0), cash([5, 0, -6], 1)]) expect(await signs(clean)).toEqual([])
  })
})
