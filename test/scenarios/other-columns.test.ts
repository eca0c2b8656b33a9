import { createConnection } from 'mysql2/promise'
import { afterEach, describe, expect, it } from 'vitest'
import type { Report } from '../../schemas/report.ts'
import { MiniWorld } from '../../src/demo/mini-world.ts'
import type { World } from '../../src/demo/stored-world.ts'
import { runAudit } from '../../src/operation.ts'
import { auditInput, inShort, quietContext } from '../kit/audit-world.ts'
import { openWorld, type RealWorld } from '../kit/real-audit.ts'

const [ACCOUNTS, TASKS, POINTS, CASH] = [
  'ts_fal_account',
  'ts_fal_tasks',
  'ts_points_detail',
  'ts_financial_transactions',
] as const

/** A clean day, with a bill of that day for a task of weeks before, which a look-up finds. */
function world(): World {
  const day = new MiniWorld().account(5)
  for (let index = 0; index < 40; index++) {
    const at = `2026-02-06 ${String(index % 24).padStart(2, '0')}:0${index % 6}:00`
    day.task({ user: 101 + (index % 4), at, cost: '5', paid: { cash: index % 5 === 0 ? 40 : 0 } })
  }
  day.task({ user: 101, at: '2026-01-20 12:00:00', cost: '9', billed: { timestamp: '2026-02-06T05:00:00Z' } })
  return day.build()
}

describe('an audit of tables with columns of another kind', () => {
  let open: RealWorld | undefined
  afterEach(async () => {
    await open?.close()
    open = undefined
  })

  const audited = async (sql: readonly string[], depth: 'summary' | 'requests' = 'requests'): Promise<Report> => {
    await open?.close()
    open = await openWorld(world(), { store: 'mariadb' })
    const operator = await createConnection(open.url)
    for (const statement of sql) await operator.query(statement)
    await operator.end()
    return runAudit(auditInput({ depth }), open.dependencies(), quietContext())
  }

  it('is clean where they are the usual ones', async () => {
    const report = await audited([])
    expect([inShort(report), report.coverage.complete, report.tasks.totals.taskCount]).toEqual([[], true, 40])
  })

  const wide = (table: string, column: string) => [
    `ALTER TABLE ${table} MODIFY ${column} BIGINT`,
    `UPDATE ${table} SET ${column} = 1887000000000000000 + ${column} * 4194304 + 7 ORDER BY ${column} DESC`,
  ]
  const texts = (table: string, column: string) => [
    `ALTER TABLE ${table} MODIFY ${column} VARCHAR(40)`,
    `UPDATE ${table} SET ${column} = CONCAT('u-', ${column})`,
  ]

  const uuids = (table: string, column: string) => [
    `ALTER TABLE ${table} MODIFY ${column} CHAR(36)`,
    `UPDATE ${table} SET ${column} = UUID()`,
  ]

  it.each([
    [TASKS, 'id', wide],
    [TASKS, 'user_id', wide],
    [TASKS, 'id', uuids],
    [TASKS, 'user_id', texts],
    [ACCOUNTS, 'id', wide],
    [ACCOUNTS, 'id', texts],
  ] as const)('gives no report where no number holds %s.%s, and says which', async (table, column, change) => {
    for (const depth of ['summary', 'requests'] as const) {
      await expect(audited(change(table, column), depth)).rejects.toMatchObject({
        kind: 'source',
        message: expect.stringMatching(
          new RegExp(`^${table}\\.${column} holds (?:"(?:1887\\d{15}|u-\\d+|[\\da-f-]{23}…)"|what could be a key),`),
        ),
      })
    }
  })

  it.each([
    [POINTS, 'id', wide],
    [POINTS, 'id', uuids],
    [POINTS, 'user_id', texts],
    [CASH, 'id', uuids],
    [CASH, 'id', wide],
    [CASH, 'user_id', wide],
  ] as const)('accuses nobody where none holds %s.%s, and says what was not read', async (table, column, change) => {
    for (const depth of ['summary', 'requests'] as const) {
      const report = await audited(change(table, column), depth)
      expect([inShort(report), report.coverage.complete]).toEqual([[], false])
      expect(report.coverage.sources.filter(({ status }) => status !== 'complete')).toMatchObject([
        {
          source: expect.stringMatching(table === POINTS ? /points/ : /cash/),
          status: 'failed',
          reason: expect.stringContaining(`${table}.${column}`),
        },
      ])
    }
  })

  it('reads ids that are digits of a text, and the last one that a number holds', async () => {
    const digits = (table: string, column: string) => [`ALTER TABLE ${table} MODIFY ${column} VARCHAR(40) NOT NULL`]
    const last = (table: string) => [
      `ALTER TABLE ${table} MODIFY id BIGINT`,
      `UPDATE ${table} SET id = 9007199254740991 - 100 + id ORDER BY id DESC`,
    ]
    const bothOf = (table: string) => [...digits(table, 'id'), ...digits(table, 'user_id')]
    for (const sql of [
      [...digits(ACCOUNTS, 'id'), ...bothOf(TASKS), ...bothOf(POINTS), ...bothOf(CASH)],
      [...last(TASKS), ...last(POINTS), ...last(CASH)],
    ]) {
      const report = await audited(sql)
      expect([inShort(report), report.coverage.complete, report.tasks.totals.taskCount]).toEqual([[], true, 40])
    }
  })

  const timeOf = { [TASKS]: 'created_at', [POINTS]: 'created_at', [CASH]: 'time' }
  /** Has a time column hold something else. */
  const timesAs = (table: string, column: string, type: string, value: string) => [
    `ALTER TABLE ${table} ADD COLUMN other ${type}`,
    `UPDATE ${table} SET other = ${value.replaceAll('$', column)}`,
    `ALTER TABLE ${table} DROP COLUMN ${column}`,
    `ALTER TABLE ${table} CHANGE other ${column} ${type}`,
  ]

  const numbers = [
    ['INT', 'UNIX_TIMESTAMP($)'],
    ['BIGINT', 'UNIX_TIMESTAMP($) * 1000'],
    ['DECIMAL(20,3)', 'UNIX_TIMESTAMP($)'],
    ['DOUBLE', 'UNIX_TIMESTAMP($)'],
    ['TIME', 'TIME($)'],
  ] as const

  it.each(['created_at', 'completed_at'])('gives no report where %s of the tasks is no time', async (column) => {
    for (const [type, value] of numbers) {
      await expect(audited(timesAs(TASKS, column, type, value)), type).rejects.toMatchObject({
        kind: 'source',
        message: `ts_fal_tasks.${column} is of the type ${type.replace(/\(.*/, '')}, which is no time`,
        field: `ts_fal_tasks.${column}`,
        accepted: expect.stringMatching(/^DATETIME, TIMESTAMP or DATE/),
        next: expect.stringMatching(/AUDIT_CONFIG/),
      })
    }
  })

  it.each([POINTS, CASH])('has no ledger of %s where its times are none, and says so', async (table) => {
    for (const depth of ['summary', 'requests'] as const) {
      const report = await audited(timesAs(table, timeOf[table], 'BIGINT', 'UNIX_TIMESTAMP($)'), depth)
      expect([inShort(report), report.coverage.complete]).toEqual([[], false])
      expect(report.coverage.sources.filter(({ status }) => status !== 'complete')).toMatchObject([
        { status: 'failed', reason: expect.stringContaining(`${table}.${timeOf[table]} is of the type BIGINT`) },
      ])
    }
  })

  it.each([
    ['with a T', "REPLACE($, ' ', 'T')"],
    ['with a T and a fraction', "CONCAT(REPLACE($, ' ', 'T'), '.250')"],
    ['as ever', '$'],
  ])('finds what it finds otherwise in times that are texts %s', async (_, value) => {
    const usual = await audited([])
    const all = [TASKS, POINTS, CASH].flatMap((table) => timesAs(table, timeOf[table], 'VARCHAR(40)', value))
    for (const sql of [all, [...all, ...timesAs(TASKS, 'completed_at', 'VARCHAR(40)', value)]]) {
      const report = await audited(sql)
      expect([inShort(report), report.coverage.complete]).toEqual([[], true])
      expect([report.tasks, report.ledger]).toEqual([usual.tasks, usual.ledger])
    }
  })

  it('says of a cost that is an empty text what it says of NULL, and not that it is 0', async () => {
    const asText = `ALTER TABLE ${TASKS} MODIFY cost_money VARCHAR(20)`
    const withCost = (value: string) => audited([asText, `UPDATE ${TASKS} SET cost_money = ${value} WHERE id = 7`])
    const [empty, none, nought] = [await withCost("''"), await withCost('NULL'), await withCost("'0'")]
    expect({ ...empty, asOf: none.asOf }).toEqual(none)
    expect([inShort(empty), inShort(nought)]).toEqual([[], [expect.stringMatching(/^B3 /)]])
  })

  it('takes no account for disabled whose status is a word, and one for it whose BIT is 0', async () => {
    const stray = `DELETE FROM ${TASKS} WHERE id = 7`
    const withStatus = (type: string, value: string) =>
      audited([stray, `ALTER TABLE ${ACCOUNTS} MODIFY status ${type}`, `UPDATE ${ACCOUNTS} SET status = ${value}`])
    const leaks = async (type: string, value: string) =>
      (await withStatus(type, value)).findings.filter(({ rule }) => rule === 'B15').map(({ message }) => message)
    const LEAKED = [expect.stringMatching(/./)]
    expect(await leaks('VARCHAR(20)', "'active'")).toEqual([])
    expect(await leaks('BIT(1)', "b'1'")).toEqual([])
    expect(await leaks('BIT(1)', "b'0'")).toEqual(LEAKED)
    expect(await leaks('VARCHAR(20)', "'0'")).toEqual(LEAKED)
  })

  it.each(['BIT(1)', 'BIT(8)', 'BIT(16)', 'VARBINARY(3)'])('reads the type of cash rows that is a %s', async (type) => {
    const sql = [`ALTER TABLE ${CASH} MODIFY transaction_type ${type}`]
    const report = await audited(sql)
    expect([inShort(report), report.coverage.complete]).toEqual([[], true])
    const cash = await audited([`UPDATE ${CASH} SET transaction_type = 0`, ...sql])
    expect([cash.coverage.complete, inShort(cash).some((text) => text.startsWith('B10 '))]).toEqual([true, true])
    if (type === 'BIT(1)' || type === 'VARBINARY(3)') return
    const unknown = await audited([`UPDATE ${CASH} SET transaction_type = 7`, ...sql])
    const { status, reason } = unknown.coverage.sources.find(({ source }) => source === 'cash') ?? {}
    expect([status, reason]).toEqual(['partial', expect.stringContaining('("7")')])
  })

  it('takes a TIMESTAMP for a time', async () => {
    const report = await audited(
      [TASKS, POINTS, CASH].map((table) => `ALTER TABLE ${table} MODIFY ${timeOf[table]} TIMESTAMP NULL`),
    )
    expect([inShort(report), report.coverage.complete, report.tasks.totals.taskCount]).toEqual([[], true, 40])
  })

  it('follows balances by the numbers of ids that are texts, and finds where they break', async () => {
    const asText = `ALTER TABLE ${POINTS} MODIFY id VARCHAR(40) NOT NULL`
    const usual = await audited([])
    const report = await audited([asText])
    expect([inShort(report), report.coverage.complete]).toEqual([[], true])
    expect([report.ledger, report.rules]).toEqual([usual.ledger, usual.rules])
    const last = `SELECT * FROM (SELECT max(id + 0) FROM ${POINTS} WHERE user_id = 101 AND created_at > '2026-02-01') AS one`
    const broken = `UPDATE ${POINTS} SET balance_before = balance_before + 1, balance_after = balance_after + 1`
    const found = await audited([asText, `${broken} WHERE id + 0 = (${last})`])
    expect(inShort(found)).toEqual(['B12 userId=101 rowId=37'])
  })
})
