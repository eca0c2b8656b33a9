import { createServer } from 'mysql2'
import { describe, expect, it } from 'vitest'
import type { LedgerInspection } from '../../src/ledger/inspection.ts'
import { DEFAULT_MAPPING, type TableRole } from '../../src/ledger/mapping.ts'
import { MYSQL_CATALOGUE } from '../../src/ledger/mysql-catalogue.ts'
import { type CoverageParts, ledgerWordsLines } from '../../src/operations/doctor/coverage.ts'
import { grantsLine, writingGrants } from '../../src/operations/doctor/grants.ts'
import { examineIndexes } from '../../src/operations/doctor/indexes.ts'
import { columnCandidates, tableCandidates } from '../../src/operations/doctor/names.ts'
import type { ReadableTables } from '../../src/operations/doctor/tables.ts'
import { changesLines } from '../../src/operations/doctor/times.ts'
import { typesLine } from '../../src/operations/doctor/types.ts'
import { DAY } from '../../src/units/instant.ts'
import { openZone } from '../../src/units/zone.ts'
import { examined, lineOf, statuses } from '../kit/doctor-case.ts'
import { BACKENDS } from '../ledger/backends.ts'

describe('grants', () => {
  const writes = (...grants: string[]) => writingGrants(grants, 'shop').writes

  it('that only read are none', () => {
    expect(writes("GRANT USAGE ON *.* TO `u`@`%` IDENTIFIED BY PASSWORD '*94BD'")).toEqual([])
    expect(writes('GRANT SELECT, SHOW VIEW, PROCESS ON *.* TO `u`@`%`')).toEqual([])
    expect(writes('GRANT SELECT (`id`, `name`) ON `shop`.`ts_users` TO `u`@`%`')).toEqual([])
    expect(writes('GRANT SELECT ON "shop".* TO "u"@"%"', 'GRANT SHOW_ROUTINE ON *.* TO `u`@`%`')).toEqual([])
  })

  it.each([
    ['GRANT ALL PRIVILEGES ON *.* TO `u`@`%` WITH GRANT OPTION', ['ALL PRIVILEGES', 'GRANT OPTION']],
    ['GRANT SELECT, INSERT, DELETE ON `shop`.* TO `u`@`%`', ['INSERT', 'DELETE']],
    ['GRANT SELECT (`id`), UPDATE (`id`, `name`) ON `shop`.`t` TO `u`@`%`', ['UPDATE']],
    ['GRANT EXECUTE ON PROCEDURE `shop`.`pay` TO `u`@`%`', ['EXECUTE']],
    ['GRANT INSERT ON `sh%`.* TO `u`@`%`', ['INSERT']],
    ['GRANT INSERT ON `sho_`.* TO `u`@`%`', ['INSERT']],
    ['GRANT BACKUP_ADMIN,SYSTEM_USER ON *.* TO `root`@`localhost`', ['BACKUP_ADMIN', 'SYSTEM_USER']],
    // As with sql_mode ANSI_QUOTES, and with sql_quote_show_create off.
    ['GRANT ALL PRIVILEGES ON "shop".* TO "u"@"%"', ['ALL PRIVILEGES']],
    ['GRANT SELECT, INSERT ON shop.t TO u@%', ['INSERT']],
    ['GRANT INSERT ON `shop`.`my log` TO `u`@`%`', ['INSERT']],
    ['GRANT EXECUTE ON PACKAGE BODY `shop`.`p` TO `u`@`%`', ['EXECUTE']],
    ['GRANT SELECT ON *.* TO `u`@`%` WITH GRANT OPTION MAX_QUERIES_PER_HOUR 500', ['GRANT OPTION']],
  ])('%s', (grant, expected) => {
    expect(writes(grant)).toEqual(expected)
  })

  it('on other databases are no matter, also where their name has a wildcard by accident', () => {
    expect(writes('GRANT ALL PRIVILEGES ON `other`.* TO `u`@`%`')).toEqual([])
    expect(writes('GRANT INSERT ON `sho\\_`.* TO `u`@`%`')).toEqual([])
    expect(writes('GRANT INSERT ON `shop2`.* TO `u`@`%`')).toEqual([])
    expect(writes('GRANT INSERT ON "other"."shop" TO "u"@"%"', "GRANT PROXY ON ''@'' TO 'u'@'%'")).toEqual([])
  })

  it('on all databases count without what MySQL takes out of them for this one', () => {
    const everywhere = 'GRANT SELECT, INSERT, DELETE ON *.* TO `u`@`%`'
    expect(writes(everywhere, 'REVOKE INSERT, DELETE ON `shop`.* FROM `u`@`%`')).toEqual([])
    expect(writes(everywhere, 'REVOKE INSERT ON `shop`.* FROM `u`@`%`')).toEqual(['DELETE'])
    expect(writes(everywhere, 'REVOKE INSERT, DELETE ON `sho_`.* FROM `u`@`%`')).toEqual(['INSERT', 'DELETE'])
    const here = 'GRANT INSERT ON `shop`.`t` TO `u`@`%`'
    expect(writes(everywhere, 'REVOKE INSERT, DELETE ON `shop`.* FROM `u`@`%`', here)).toEqual(['INSERT'])
  })

  it('of roles are told apart', () => {
    const { roles, writes: none } = writingGrants(
      ['GRANT `reader`@`%` TO `u`@`%`', 'GRANT USAGE ON *.* TO `u`@`%`'],
      'shop',
    )
    expect([roles, none]).toEqual([['reader@%'], []])
    const inForce = ['GRANT `reader` TO `u`@`%`', 'GRANT SELECT, INSERT ON `shop`.* TO `reader`']
    expect(writingGrants(inForce, 'shop')).toEqual({ roles: ['reader'], writes: ['INSERT'] })
  })

  it('of roles in force stand among those of a user of MySQL, who may only read if none of them writes', async () => {
    const own = ['GRANT SELECT ON `shop`.* TO `u`@`%`', 'GRANT `reads`@`%`,`looks`@`%` TO `u`@`%`']
    const line = (grants: readonly string[], inForce: string) =>
      grantsLine({ grants: async () => grants, rolesInForce: async () => inForce } as LedgerInspection, 'shop')
    expect(await line(own, '`looks`@`%`,`reads`@`%`')).toMatchObject({ status: 'ok', seen: 'this user may only read' })
    for (const [inForce, missing] of [
      ['`looks`@`%`', /roles reads@%, whose/],
      ['NONE', /roles reads@%, looks@%, whose/],
    ] as const) {
      expect(await line(own, inForce)).toMatchObject({ status: 'unverified', seen: expect.stringMatching(missing) })
    }
    const writing = [...own, 'GRANT INSERT ON `shop`.`t` TO `u`@`%`']
    expect((await line(writing, '`looks`@`%`,`reads`@`%`')).status).toBe('warning')
  })
})

describe('names', () => {
  it('of columns are found by spelling, by habit and by part, and never one that is in use', () => {
    const near = (key: string, wanted: string, present: readonly string[], taken: readonly string[] = []) =>
      columnCandidates('tasks', key, wanted, present, taken)
    expect(near('createdAt', 'created_at', ['id', 'createdAt', 'updated_at'])).toEqual(['createdAt', 'updated_at'])
    expect(near('createdAt', 'created_at', ['id', 'gmt_create'])).toEqual(['gmt_create'])
    expect(near('appName', 'app_name', ['model', 'prompt'])).toEqual(['model'])
    expect(near('onlineTaskId', 'online_task_id', ['task_id', 'request_id'], ['task_id'])).toEqual(['request_id'])
    expect(near('money', 'money', ['id', 'prompt'])).toEqual([])
  })

  it('of tables are found by their columns and by spelling', () => {
    const tables = new Map([
      [
        'jobs',
        ['id', 'online_task_id', 'app_name', 'api_key', 'money', 'cost_money', 'task_id', 'is_refund', 'completed_at'],
      ],
      ['ts_fal_task', ['id']],
      ['ts_users', ['id', 'username']],
      ['orders', ['id', 'user_id', 'created_at', 'status']],
    ])
    const near = tableCandidates('ts_fal_tasks', DEFAULT_MAPPING.columns.tasks, tables, ['ts_users'])
    expect(near).toEqual(['jobs', 'ts_fal_task'])
  })
})

describe('a database whose clock changes', () => {
  it('is told, since without a setting its offset of today counts for all times', async () => {
    const offsets = await MYSQL_CATALOGUE.offsetsOfYear(async () => [['-18000', '-14400']])
    expect(changesLines(offsets)).toMatchObject([
      { id: 'time-zone', status: 'warning', seen: expect.stringMatching(/changes between -05:00 and -04:00, and its/) },
    ])
    expect([changesLines([28_800, 28_800]), changesLines([])]).toEqual([[], []])
  })

  it('is none that keeps one offset, and is not asked about where a zone is set', async () => {
    for (const backend of BACKENDS) {
      const diagnosis = await examined({ backend, auditZone: undefined, dbZone: undefined })
      const isUtc = backend.name === 'embedded'
      expect(statuses(diagnosis, 'time-zone')).toEqual([isUtc ? 'failure' : 'ok'])
      expect(statuses(await examined({ backend }), 'time-zone')).toEqual(['ok'])
    }
  })
})

describe('indexes', () => {
  it('are looked for by a value that the column could hold: of a DATETIME or TIMESTAMP MySQL 8 takes no other', async () => {
    const asked: string[][] = []
    const inspection = {
      newest: async () => [['101']],
      rowsScanned: async (_role: TableRole, column: string, value: string) => {
        asked.push([column, value])
        return 1
      },
    } as unknown as LedgerInspection
    const tables = (['tasks', 'points', 'cash'] as const).map((role) => {
      const columns = new Map(
        Object.entries(DEFAULT_MAPPING.columns[role]).flatMap(([key, name]) => (name === null ? [] : [[key, name]])),
      )
      return [role, { name: role, facts: { isView: false, columns: [], indexes: [] }, columns }] as const
    })
    await examineIndexes({ inspection, readable: new Map(tables) as ReadableTables, rowsMin: 100 })
    const times = asked
      .filter(([column]) => column === 'created_at')
      .map(([, value = '']) => openZone('UTC')?.fromNaive(value))
    // In any zone.
    expect(times.map((time) => time !== undefined && time > DAY)).toEqual([true])
    expect(asked.filter(([column]) => column === 'user_id').map(([, value]) => value)).toEqual(['101', '101'])
  })
})

describe('indexes that the optimizer may not use', () => {
  it.each([
    ['IS_VISIBLE', "IS_VISIBLE = 'YES'"],
    ['IGNORED', "IGNORED = 'NO'"],
    [undefined, undefined],
  ])('are known by the column %s, where a server has it', async (column, condition) => {
    const asked: string[] = []
    await MYSQL_CATALOGUE.table(async (sql) => {
      asked.push(sql)
      return sql.includes("'information_schema'") && column !== undefined ? [[column]] : []
    }, 'ts_users')
    const conditions = asked.flatMap((sql) => /(?:IS_VISIBLE|IGNORED) = '\w+'/.exec(sql)?.[0] ?? [])
    expect(conditions).toEqual(condition === undefined ? [] : [condition])
  })
})

describe('a plan', () => {
  const told = (cells: readonly (string | null)[]) =>
    MYSQL_CATALOGUE.plan(
      async (sql) => (sql.startsWith('EXPLAIN FORMAT=TRADITIONAL SELECT') ? [cells] : [['{}']]),
      'SELECT `id` FROM `t`',
      [],
      't',
    )

  it('is asked for as a table, whatever the server is set to, and read with or without partitions', async () => {
    const mysql = ['1', 'SIMPLE', 't', null, 'ALL', null, null, null, null, '676', '10.00', 'Using filesort']
    const mariadb = ['1', 'SIMPLE', 't', 'ALL', null, null, null, null, '676', 'Using where']
    expect(await told(mysql)).toEqual({ rows: 676, sorts: true })
    expect(await told(mariadb)).toEqual({ rows: 676, sorts: false })
  })

  it('of a condition that no row can meet, or of another form, is not told', async () => {
    const impossible = ['1', 'SIMPLE', ...Array.from({ length: 9 }, () => null), 'Impossible WHERE']
    expect(await told(impossible)).toEqual({ rows: null, sorts: false })
    expect(await told(['-> Table scan on t  (cost=68.6 rows=676)'])).toBeNull()
  })
})

describe('types', () => {
  it('TIMESTAMP is right only in the zone of the server', () => {
    const columns = [{ key: 'createdAt', name: 'created_at', type: 'timestamp' }]
    const status = (zoneIsServers: boolean) =>
      typesLine('tasks', 't', columns, { engine: 'mysql', zoneIsServers })?.status
    expect([status(true), status(false)]).toEqual(['ok', 'warning'])
  })
})

describe('kinds of cash', () => {
  const lineOn = (...kinds: readonly string[]) => {
    const rows = kinds.map((kind) => new Map([['transactionType', kind] as const, ['money', '-5'] as const]))
    const cash = { rows, cut: false, keys: new Set(['transactionType', 'money']) }
    const parts = { points: { unread: 'not asked for' }, cash, mapping: DEFAULT_MAPPING }
    return ledgerWordsLines(parts as unknown as CoverageParts)[1]
  }

  it('are known by their number, however a column writes it, as an audit knows them', () => {
    expect(lineOn('1', '1.0', '01', ' 1 ')?.status).toBe('ok')
    expect(lineOn('7.0', '')).toMatchObject({
      status: 'warning',
      seen: expect.stringMatching(/"7\.0" \(1\), nothing \(1\)/),
    })
  })

  it('that are words are named with what can be done, since the setting takes numbers', () => {
    expect(lineOn('consume')).toMatchObject({
      status: 'warning',
      seen: expect.stringMatching(/"consume" \(1\), .*; what hangs on them is not evaluated$/),
      todo: expect.stringMatching(/for words, .*\(columns\.cash\.transactionType/),
    })
    const columns = [{ key: 'transactionType', name: 'transaction_type', type: 'varchar(20)' }]
    expect(typesLine('cash', 't', columns, { engine: 'mysql', zoneIsServers: true })).toMatchObject({
      status: 'failure',
      seen: 'transaction_type is varchar(20): must be a whole number; what is none is of no known type',
    })
  })
})

/** What mysql2 offers for servers, beyond what it declares. */
interface FakeServer {
  on(event: 'connection', listener: (connection: FakeConnection) => void): void
  listen(port: number, host: string, listener: () => void): void
  close(listener: () => void): void
  readonly _server: { address(): { readonly port: number } }
}
interface FakeConnection {
  /** Of the next packet; nobody sets it back between commands. */
  sequenceId: number
  on(event: string, listener: (sql: string) => void): void
  serverHandshake(hello: object): void
  writeTextResult(rows: readonly object[], columns: readonly object[]): void
  writeError(error: object): void
}

const TIDB = '8.0.11-TiDB-v7.5.0'

/** A server that tells its version and its time, five minutes behind, and refuses all else. */
async function startTidb(): Promise<{ port: number; close(): Promise<void> }> {
  const server = (createServer as () => unknown)() as FakeServer
  server.on('connection', (connection) => {
    const answer = (row: Readonly<Record<string, string>>): void => {
      connection.sequenceId = 1
      const texts = { catalog: 'def', schema: '', table: '', orgTable: '', characterSet: 33, columnLength: 255 }
      const type = { columnType: 253, flags: 0, decimals: 0 }
      const columns = Object.keys(row).map((name) => ({ ...texts, ...type, name, orgName: name }))
      connection.writeTextResult([row], columns)
    }
    const refuse = (): void => {
      connection.sequenceId = 1
      connection.writeError({ code: 1064, message: 'snapshots are not known here' })
    }
    connection.on('error', () => {})
    // SET comes under this name.
    connection.on('stmt_prepare', refuse)
    connection.on('query', (sql) => {
      const behind = new Date(Date.now() - 300_000).toISOString().slice(0, 23).replace('T', ' ')
      if (sql.includes('VERSION()')) answer({ version: TIDB, comment: 'TiDB Server' })
      else if (sql.includes('UTC_TIMESTAMP') && !sql.includes('CONNECTION_ID')) answer({ time: behind })
      else refuse()
    })
    connection.serverHandshake({
      ...{ protocolVersion: 10, serverVersion: TIDB, connectionId: 1, statusFlags: 2, characterSet: 8 },
      capabilityFlags: 0xffffff ^ 0x800,
      authCallback: (_given: unknown, done: (refusal: null) => void) => done(null),
    })
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  return {
    port: server._server.address().port,
    close: () => new Promise((resolve) => server.close(resolve)),
  }
}

describe('a server that speaks the protocol of MySQL and is none', () => {
  it('is told by its name; what it cannot do, by its own words', async () => {
    const server = await startTidb()
    try {
      const diagnosis = await examined({ url: `mysql://u:p-secret@127.0.0.1:${server.port}/shop` })
      expect(lineOf(diagnosis, 'database-server')).toMatchObject({
        status: 'warning',
        seen: `a server that speaks the protocol of MySQL, version ${TIDB}`,
      })
      expect(lineOf(diagnosis, 'database-snapshot')).toMatchObject({
        status: 'failure',
        seen: expect.stringMatching(/snapshots are not known here/),
      })
      const clock = lineOf(diagnosis, 'clock', 'database')
      expect(clock).toMatchObject({ status: 'warning', seen: expect.stringMatching(/[45] min behind/) })
      expect(lineOf(diagnosis, 'table').status).toBe('unverified')
      expect(JSON.stringify(diagnosis)).not.toContain('p-secret')
    } finally {
      await server.close()
    }
  })
})
