import { describe, expect, inject, it } from 'vitest'
import { type Ask, beginReading } from '../../src/ledger/mysql-begin.ts'
import { freshDatabase, writeMariaDb } from '../kit/mariadb.ts'
import { NOW, openSnapshot } from './backends.ts'

const TABLES = ['ts_fal_tasks', 'ts_users']
const IDENTITY = [[7, 28_800]]

/** A server that knows these statements and no others; it answers the rest as it would words it does not know. */
function serverThat(answers: Readonly<Record<string, readonly (readonly unknown[])[]>>, errno = 1064) {
  const asked: string[] = []
  const ask: Ask = async (sql) => {
    asked.push(sql)
    const known = Object.entries(answers).find(([words]) => (/^SE/.test(words) ? sql.startsWith(words) : sql === words))
    if (known === undefined) throw Object.assign(new Error('what?'), { errno })
    return known[1]
  }
  return { ask, asked }
}

const begin = (ask: Ask) => beginReading(ask, () => NOW, TABLES)

describe('the beginning of a read transaction', () => {
  const usual = {
    'SET NAMES utf8mb4': [],
    'SET SESSION': [],
    'START TRANSACTION WITH CONSISTENT SNAPSHOT, READ ONLY': [],
    'SELECT CONN': IDENTITY,
  }
  const mariadb = { ...usual, 'SELECT VERSION': [['10.11.19-MariaDB', 'Debian 12']] }

  it.each([
    [['InnoDB', 'InnoDB'], 'consistent'],
    [['InnoDB', 'SPIDER'], 'per-shard'],
    [['SPIDER', 'MyISAM'], 'none'],
    [['InnoDB', 'Aria'], 'none'],
    [['InnoDB', null], 'unknown'],
    [['InnoDB', 'ROCKSDB'], 'unknown'],
    [[], 'unknown'],
  ])('over tables of %j is %s', async (engines, consistency) => {
    const { ask } = serverThat({
      ...mariadb,
      'SELECT TABLE_NAME': engines.map((engine, index) => [TABLES[index], engine]),
    })
    expect(await begin(ask)).toEqual({ takenAt: NOW, readerId: 7, databaseOffset: '+08:00', consistency })
  })

  it('goes by the tables of exactly these names where there are such, and by others where not', async () => {
    const of = async (...rows: [string, string][]) =>
      (await begin(serverThat({ ...mariadb, 'SELECT TABLE_NAME': rows }).ask)).consistency
    const [tasks, users] = [['ts_fal_tasks', 'InnoDB'] as [string, string], ['ts_users', 'InnoDB'] as [string, string]]
    expect(await of(['TS_USERS', 'MyISAM'], tasks, users)).toBe('consistent')
    expect(await of(tasks, users, ['TS_USERS', 'MyISAM'])).toBe('consistent')
    expect(await of(tasks, ['TS_Users', 'MyISAM'])).toBe('none')
  })

  it('believes no engine of a server of another maker', async () => {
    const { ask, asked } = serverThat({
      'SET SESSION': [],
      'START TRANSACTION WITH CONSISTENT SNAPSHOT': [],
      'SELECT CONN': IDENTITY,
      'SELECT VERSION': [['8.0.11-TiDB-v8.5.0', 'TiDB Server']],
      'SELECT TABLE_NAME': [[TABLES[0], 'InnoDB']],
    })
    expect((await begin(ask)).consistency).toBe('unknown')
    expect(asked.filter((sql) => sql.startsWith('START'))).toEqual([
      'START TRANSACTION WITH CONSISTENT SNAPSHOT, READ ONLY',
      'START TRANSACTION WITH CONSISTENT SNAPSHOT',
    ])
  })

  it('says first how text is to come, and that no limit is meant', async () => {
    const { ask, asked } = serverThat({ ...mariadb, 'SELECT TABLE_NAME': [[TABLES[0], 'InnoDB']] })
    await begin(ask)
    expect(asked.slice(0, 4)).toEqual([
      'SET NAMES utf8mb4',
      'SET SESSION sql_select_limit = 18446744073709551615',
      'SET SESSION sql_big_selects = 1',
      'SET SESSION TRANSACTION ISOLATION LEVEL REPEATABLE READ',
    ])
  })

  it('goes on where a proxy knows no settings', async () => {
    const { 'SET NAMES utf8mb4': _, 'SET SESSION': __, ...known } = mariadb
    expect(await begin(serverThat(known).ask)).toMatchObject({ readerId: 7, consistency: 'unknown' })
  })

  it('goes on where a server knows no snapshot, no isolation or no transaction, and says so', async () => {
    const engines = { 'SELECT VERSION': [['10.11.19-MariaDB', '']], 'SELECT TABLE_NAME': [[TABLES[0], 'InnoDB']] }
    const knowing: Parameters<typeof serverThat>[0][] = [
      { 'SET SESSION': [], 'START TRANSACTION': [] },
      { 'START TRANSACTION WITH CONSISTENT SNAPSHOT, READ ONLY': [] },
      {},
    ]
    for (const known of knowing) {
      const { ask } = serverThat({ ...known, 'SELECT CONN': IDENTITY, ...engines })
      expect((await begin(ask)).consistency).toBe('unknown')
    }
  })

  it('does not know where the catalogue is closed', async () => {
    expect((await begin(serverThat(mariadb, 1044).ask)).consistency).toBe('unknown')
  })

  it('fails where the server refuses for another reason, or does not say who it is', async () => {
    await expect(begin(serverThat({}, 1045).ask)).rejects.toMatchObject({ errno: 1045 })
    await expect(begin(serverThat({ ...usual, 'SELECT CONN': [] }).ask)).rejects.toMatchObject({ kind: 'source' })
  })
})

it('tables of MyISAM on a real server keep no moment, and a view does not tell', async () => {
  const database = await freshDatabase(inject('mariadb'))
  try {
    await writeMariaDb(database.options, { accounts: [], tasks: [], users: [], points: [], cash: [] })
    const consistency = async () => {
      const snapshot = await openSnapshot({ url: database.urlFor() })
      await snapshot.close()
      return snapshot.consistency
    }
    expect(await consistency()).toBe('consistent')
    await database.admin.query('RENAME TABLE ts_users TO people')
    await database.admin.query('CREATE VIEW ts_users AS SELECT * FROM people')
    expect(await consistency()).toBe('unknown')
    await database.admin.query('ALTER TABLE ts_fal_tasks ENGINE = MyISAM')
    expect(await consistency()).toBe('none')
  } finally {
    await database.drop()
  }
})
