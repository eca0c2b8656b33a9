import { execFileSync } from 'node:child_process'
import { chmodSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest'
import type { ImportOutcome } from '../../schemas/import.ts'
import { type Report, report as reportSchema } from '../../schemas/report.ts'
import { startFalDouble } from '../../src/demo/fal-double.ts'
import { SHANGHAI } from '../../src/demo/mini-world.ts'
import { SAMPLE_DATE, SAMPLE_NOW, sampleWorld } from '../../src/demo/sample-world.ts'
import type { StoredTables } from '../../src/demo/stored-world.ts'
import type { AuditError } from '../../src/errors.ts'
import { createFalClient } from '../../src/fal/client.ts'
import { ROLES } from '../../src/import/columns.ts'
import { DEFAULT_MAPPING } from '../../src/ledger/mapping.ts'
import { openLedgerStore } from '../../src/ledger/open-store.ts'
import { runAudit } from '../../src/operation.ts'
import { parseUsd } from '../../src/units/nano-usd.ts'
import { auditInput, memoryDependencies, quietContext } from '../kit/audit-world.ts'
import { freshDatabase, type TestDatabase, writeMariaDb } from '../kit/mariadb.ts'
import { ALL_TIME, account, all, cashRow, pointsRow, reading, task } from '../ledger/backends.ts'
import { dumpTab, type Workshop, workshop } from './kit.ts'

const { tables: TABLES } = DEFAULT_MAPPING

/** Runs a command that an error gave, as a shell does, in a folder. */
function runAsTold({ options }: TestDatabase, told: string, folder: string): void {
  const { host, port, user, password, database } = options
  const login = `mysql --no-defaults --host=${host} --port=${port} --user=${user}`
  const command = told.replace(/^mysql/, login).replace(' DATABASE ', ` ${database} `)
  execFileSync('/bin/sh', ['-c', command], { cwd: folder, env: { PATH: process.env.PATH, MYSQL_PWD: password } })
}

/** The dump, with tables of which it cuts amounts exported as the import says. */
async function writeTab(database: TestDatabase, shop: Workshop): Promise<void> {
  const folder = shop.path('tab')
  dumpTab(database, folder)
  const outcome = await shop.run({ dir: folder, accounts: undefined, overwrite: true })
  if (outcome.status !== 'written') throw new Error('refused')
  const cut = outcome.tables.filter(({ sixDigitColumns }) => sixDigitColumns !== undefined)
  expect(cut.map(({ table, sixDigitColumns }) => [table, sixDigitColumns])).toEqual([
    [TABLES.accounts, ['balance']],
    [TABLES.tasks, ['cost_money']],
  ])
  for (const { table, exportWhole = '' } of cut) {
    runAsTold(database, exportWhole, folder)
    rmSync(join(folder, `${table}.txt`))
  }
}

/** Writes each table as CSV, as programs do that read what the server prints. */
async function writeCsv({ admin }: TestDatabase, folder: string, columnsOf = (_table: string) => '*'): Promise<void> {
  mkdirSync(folder)
  for (const table of Object.values(TABLES)) {
    const [rows, fields] = await admin.query({
      sql: `SELECT ${columnsOf(table)} FROM ${table}`,
      rowsAsArray: true,
      // As text, in the form in which the server prints it.
      typeCast: (field) => field.string(),
    })
    const lines = (rows as (string | null)[][]).map((row) => row.map(csvField).join(','))
    writeFileSync(
      join(folder, `${table}.csv`),
      `${[fields.map(({ name }) => name).join(','), ...lines].join('\r\n')}\r\n`,
    )
  }
}

const csvField = (value: string | null): string =>
  value === null ? '' : /[",\r\n]|^$|^NULL$|^\\N$/.test(value) ? `"${value.replaceAll('"', '""')}"` : value

/** The same tables, as SELECT … INTO OUTFILE writes CSV, which escapes with backslashes. */
async function writeOutfile({ admin }: TestDatabase, folder: string): Promise<void> {
  mkdirSync(folder)
  chmodSync(folder, 0o777)
  for (const table of Object.values(TABLES)) {
    const [columns] = await admin.query({ sql: `SHOW COLUMNS FROM ${table}`, rowsAsArray: true })
    const body = join(folder, `${table}.body`)
    await admin.query(
      `SELECT * FROM ${table} INTO OUTFILE '${body}' FIELDS TERMINATED BY ',' OPTIONALLY ENCLOSED BY '"'`,
    )
    const header = (columns as string[][]).map(([name]) => name).join(',')
    writeFileSync(join(folder, `${table}.csv`), Buffer.concat([Buffer.from(`${header}\n`), readFileSync(body)]))
  }
}

async function withDatabase<T>(tables: StoredTables, use: (database: TestDatabase) => Promise<T>): Promise<T> {
  const database = await freshDatabase(inject('mariadb'))
  try {
    await writeMariaDb(database.options, tables)
    return await use(database)
  } finally {
    await database.drop()
  }
}

/** Exports a database in each way, imports that, and hands over the address of what came of it. */
async function eachWay(database: TestDatabase, shop: Workshop, use: (way: string, url: string) => Promise<void>) {
  await writeTab(database, shop)
  await writeCsv(database, shop.path('csv'))
  await writeOutfile(database, shop.path('outfile'))
  for (const way of ['tab', 'csv', 'outfile']) {
    const output = shop.path(`${way}.db`)
    const outcome = await shop.run({
      dir: shop.path(way),
      accounts: undefined,
      backslash_escapes: way === 'outfile',
      output,
    })
    expect({ way, ...outcome }).toMatchObject({ way, status: 'written', missingTables: [] })
    await use(way, `file:${output}`)
  }
}

describe('the sample world', () => {
  const world = sampleWorld()
  let double: Awaited<ReturnType<typeof startFalDouble>>
  let fal: ReturnType<typeof createFalClient>
  beforeAll(async () => {
    double = await startFalDouble({ workspaces: world.workspaces, clock: () => SAMPLE_NOW })
    fal = createFalClient({ baseUrl: double.url })
  })
  afterAll(async () => {
    await fal.close()
    await double.close()
  })

  async function audit(url: string): Promise<Report> {
    const clock = () => SAMPLE_NOW
    const ledger = openLedgerStore({ url, mapping: DEFAULT_MAPPING, dbZone: SHANGHAI, clock })
    const dependencies = { ...memoryDependencies(world, { now: SAMPLE_NOW }), fal, ledger }
    const input = auditInput({ start: '2026-02-01', end: SAMPLE_DATE, depth: 'requests' })
    return reportSchema.parse(await runAudit(input, dependencies, quietContext()))
  }

  it('is audited alike in MariaDB and in what was imported from its exports', async () => {
    const shop = workshop()
    await withDatabase(world.tables, async (database) => {
      const expected = await audit(database.urlFor())
      expect(expected.findings.length).toBeGreaterThan(5)
      await eachWay(database, shop, async (way, url) => {
        expect({ way, ...(await audit(url)) }).toEqual({ way, ...expected })
      })
    })
  })

  it('is audited without the ledgers where they were not given: unverified, and accused of nothing', async () => {
    const shop = workshop()
    await withDatabase(world.tables, async (database) => {
      await writeCsv(database, shop.path('csv'))
      const accounts = [shop.path('csv/ts_fal_account.csv')]
      const tasks = [shop.path('csv/ts_fal_tasks.csv')]
      await shop.run({ accounts, tasks })
      const { coverage, findings } = await audit(`file:${shop.path('out.db')}`)
      expect(coverage.complete).toBe(false)
      expect(coverage.sources).toEqual(
        expect.arrayContaining(
          ['points', 'cash'].map((source) => expect.objectContaining({ source, status: 'failed' })),
        ),
      )
      expect(findings.map(({ rule }) => rule)).not.toContain('A4')
    })
  })
})

/** Everything that a store can be asked for. */
async function everything(url: string) {
  return reading({ url }, async (snapshot) => {
    const tasks = await all(snapshot.tasks(ALL_TIME))
    return {
      accounts: await snapshot.accounts(),
      tasks: tasks.sort((a, b) => a.rowId - b.rowId),
      points: await all(snapshot.points(ALL_TIME, { titles: true })),
      cash: await all(snapshot.cash(ALL_TIME, { titles: true })),
      byTaskIds: await snapshot.tasksByTaskIds(['t1', 't2', 't3', 't4', 't5', 'blank', 'ABC']),
      byOrderIds: await snapshot.pointsByOrderIds(['t1', 'blank', 't9']),
      lastUse: await snapshot.lastUse(),
      names: await snapshot.userNames([101, 102, 103]),
    }
  })
}

const cutIn = (outcome: ImportOutcome) =>
  outcome.status === 'written' ? outcome.tables.flatMap(({ sixDigitColumns = [] }) => sixDigitColumns) : outcome.status

/** Amounts whose text in MySQL has at most six digits. */
const SIX_DIGITS = ['0.1', '0.3', '0.7', '1e-05', '0.00001', '1e-09', '123456', '0.000123', '99.9999', '1e10', '0']
/** Amounts that a FLOAT holds whole, and that it prints with six digits only. */
const MORE_DIGITS = ['0.1234567', '12.34567', '1234.567', '16777217', '0.0009765625', '8388.607', '1e-07', '0.3333333']

const AWKWARD: StoredTables = {
  accounts: [
    account(1, { balance: null, name: 'a,"b"\n\\c\t\'d\'', apiKey: ' key-1-0000:secret' }),
    account(2, { balance: '-0.5', status: 0, name: '' }),
    account(3, { balance: '1e6', name: '张三\r\n😀' }),
  ],
  tasks: [
    ...SIX_DIGITS.map((costMoney, index) => task(index + 1, { costMoney })),
    task(100, { costMoney: null, onlineTaskId: null, completedAt: null }),
    task(101, { onlineTaskId: '', status: 'FAILED', isRefund: 1, money: -5 }),
    task(102, { taskId: 'blank ', onlineTaskId: 'https://queue.fal.run/fal-ai/x/requests/\\N', status: 'NULL' }),
    task(103, { taskId: 'ABC', appName: 'line\nbreak, "quoted" \\ and\ttab' }),
    task(104, { createdAt: '2026-02-28 23:59:59', completedAt: '2026-03-01 00:00:00' }),
  ],
  users: [
    { id: 101, username: '李,四"' },
    { id: 102, username: '\\N' },
    { id: 103, username: 'NULL' },
  ],
  points: [
    pointsRow(1, { balanceBefore: null, balanceAfter: null, orderId: null }),
    pointsRow(2, { points: 2_147_483_647, title: 'multi\nline\r\n"title"', orderId: 'blank ' }),
    pointsRow(3, { points: -2_147_483_648, orderId: 't1' }),
  ],
  cash: [cashRow(1, { orderId: '' }), cashRow(2, { money: 0, transactionType: 0, title: ',,"' })],
}

describe('an awkward world', () => {
  it('is read alike from MariaDB and from what was imported', async () => {
    const shop = workshop()
    await withDatabase(AWKWARD, async (database) => {
      const expected = await everything(database.urlFor())
      await eachWay(database, shop, async (way, url) => {
        expect({ way, ...(await everything(url)) }).toEqual({ way, ...expected })
      })
    })
  })

  it('keeps times that are no real ones, as MariaDB does', async () => {
    const shop = workshop()
    await withDatabase(AWKWARD, async (database) => {
      await database.admin.query("SET SESSION sql_mode = ''")
      await database.admin.query("UPDATE ts_fal_tasks SET created_at = '0000-00-00 00:00:00' WHERE id = 1")
      await database.admin.query('UPDATE ts_fal_tasks SET created_at = NULL WHERE id = 2')
      await database.admin.query("UPDATE ts_fal_tasks SET completed_at = '2026-02-00 00:00:00' WHERE id = 3")
      await database.admin.query('ALTER TABLE ts_points_detail MODIFY created_at DATETIME(6)')
      await database.admin.query("UPDATE ts_points_detail SET created_at = '2026-02-03 12:00:00.25' WHERE id = 2")
      await database.admin.query('ALTER TABLE ts_fal_tasks MODIFY is_refund BIT(1)')
      await database.admin.query('ALTER TABLE ts_fal_tasks ADD doubled INT AS (money * 2) VIRTUAL AFTER user_id')
      const expected = await everything(database.urlFor())
      expect(expected.byTaskIds.map(({ rowId }) => rowId)).toEqual(expect.arrayContaining([1, 2]))
      await eachWay(database, shop, async (way, url) => {
        expect({ way, ...(await everything(url)) }).toEqual({ way, ...expected })
      })
    })
  })

  it('keeps every digit of costs that mysqldump writes whole, and says of which it writes six', async () => {
    const shop = workshop()
    const tasks = MORE_DIGITS.map((costMoney, index) => task(index + 1, { costMoney }))
    await withDatabase({ ...AWKWARD, tasks }, async (database) => {
      for (const [type, folder] of [
        ['DOUBLE', 'double'],
        ['DECIMAL(20,9)', 'decimal'],
        ['FLOAT(24,9)', 'decimals'],
      ] as const) {
        await database.admin.query(`ALTER TABLE ts_fal_tasks MODIFY cost_money ${type}`)
        await database.admin.query('UPDATE ts_fal_tasks SET cost_money = 12.34567 WHERE id = 2')
        const expected = (await everything(database.urlFor())).tasks.map(({ costNanoUsd }) => costNanoUsd)
        expect(expected[1]).toBe(12_345_670_000n)
        dumpTab(database, shop.path(folder), [TABLES.tasks])
        const outcome = await shop.run({ tasks: [shop.path(`${folder}/ts_fal_tasks.txt`)], overwrite: true })
        expect(cutIn(outcome)).toEqual([])
        const costs = await shop.rows('ts_fal_tasks', 'id, cost_money')
        expect(costs.map(([, usd]) => parseUsd(String(usd)))).toEqual(expected)
      }
      for (const type of ['FLOAT', 'FLOAT UNSIGNED', 'FLOAT NOT NULL']) {
        await database.admin.query(`ALTER TABLE ts_fal_tasks MODIFY cost_money ${type}`)
        const folder = type.replaceAll(' ', '-')
        dumpTab(database, shop.path(folder), [TABLES.tasks])
        const outcome = await shop.run({ tasks: [shop.path(`${folder}/ts_fal_tasks.txt`)], overwrite: true })
        expect(cutIn(outcome)).toEqual(['cost_money'])
        const costs = await shop.rows('ts_fal_tasks', 'id, cost_money')
        expect(String(costs[1]?.[1])).toBe('12.3457')
      }
    })
  })

  it('an empty table is imported as the error about its empty file says', async () => {
    const shop = workshop()
    await withDatabase({ ...AWKWARD, cash: [] }, async (database) => {
      await writeCsv(database, shop.path('csv'))
      const cash = [shop.write("it's cash.tsv", '')]
      const request = { dir: shop.path('csv'), accounts: undefined, cash }
      const error = await shop.run(request).catch((cause: unknown) => cause)
      expect(error).toMatchObject({ field: 'cash', message: expect.stringMatching(/\(it is empty\)/) })
      const [, command = ''] = /mysql --batch prints nothing, run: (.*)$/.exec((error as AuditError).next ?? '') ?? []
      runAsTold(database, command, shop.folder)
      expect(await shop.run(request)).toMatchObject({ status: 'written', missingTables: [] })
      expect(await everything(`file:${shop.path('out.db')}`)).toEqual(await everything(database.urlFor()))
    })
  })

  it('keeps every digit of a FLOAT that is exported as a DOUBLE, and six of one that is not', async () => {
    const shop = workshop()
    const tasks = MORE_DIGITS.map((costMoney, index) => task(index + 1, { costMoney }))
    await withDatabase({ ...AWKWARD, tasks }, async (database) => {
      const costsIn = async (url: string) => (await everything(url)).tasks.map(({ costNanoUsd }) => costNanoUsd)
      const expected = await costsIn(database.urlFor())
      const columns = Object.values(DEFAULT_MAPPING.columns.tasks).filter((name) => name !== null)
      const wholeFloats = columns.map((name) => (name === 'cost_money' ? 'cost_money + 0e0 AS cost_money' : name))
      await writeCsv(database, shop.path('whole'), (table) => (table === TABLES.tasks ? wholeFloats.join(', ') : '*'))
      await shop.run({ dir: shop.path('whole'), accounts: undefined })
      expect(await costsIn(`file:${shop.path('out.db')}`)).toEqual(expected)
      await writeCsv(database, shop.path('plain'))
      await shop.run({ dir: shop.path('plain'), accounts: undefined, overwrite: true })
      for (const [index, cost] of (await costsIn(`file:${shop.path('out.db')}`)).entries()) {
        const whole = Number(expected[index])
        expect(Math.abs(Number(cost) - whole)).toBeLessThanOrEqual(Math.max(Math.abs(whole) * 5e-6, 1))
      }
    })
  })

  it('has every table that the audit reads', () => {
    expect([...ROLES].sort()).toEqual(Object.keys(TABLES).sort())
  })
})
