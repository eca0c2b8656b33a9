import { expect, inject, it } from 'vitest'
import { freshDatabase, writeMariaDb } from '../kit/mariadb.ts'
import { account, task } from '../ledger/backends.ts'
import { dumpTab, workshop } from './kit.ts'

const TABLES = { accounts: [account(5)], tasks: [task(1)], points: [], cash: [] }

it.each([
  ['gbk', '张三'],
  ['latin1', 'Zoë'],
])(
  'texts of %s columns are refused as mysqldump --tab writes them, and read as the error says',
  async (charset, username) => {
    const shop = workshop()
    const database = await freshDatabase(inject('mariadb'))
    try {
      const users = [
        { id: 7, username: 'plain' },
        { id: 8, username },
      ]
      await writeMariaDb(database.options, { ...TABLES, users })
      await database.admin.query(`ALTER TABLE ts_users CONVERT TO CHARACTER SET ${charset}`)
      const imported = (folder: string) =>
        shop.run({ dir: shop.path(folder), accounts: undefined, output: shop.path('out.db') })
      dumpTab(database, shop.path('stored'))
      const refused = await imported('stored')
      expect(refused).toMatchObject({
        status: 'refused',
        badLines: [
          {
            file: shop.path('stored/ts_users.txt'),
            line: 2,
            problem: expect.stringMatching(/^username: it is not UTF-8;/),
          },
        ],
      })
      const [option = ''] = /--default-character-set=\w+/.exec(JSON.stringify(refused)) ?? []
      dumpTab(database, shop.path('utf8'), [option])
      expect(await imported('utf8')).toMatchObject({ status: 'written' })
      expect(await shop.rows('ts_users')).toEqual(users.map(({ id, username }) => [id, username]))
    } finally {
      await database.drop()
    }
  },
)

it.each([
  [
    'gbk',
    '獭',
    /^username: its bytes are those of gbk, though they look like UTF-8; .*--default-character-set=utf8mb4/,
  ],
  ['gb2312', '獭', /^username: its bytes are those of gb2312/],
  ['latin1', 'Ä°', /^username: its bytes are those of latin1/],
])(
  'texts of %s columns whose bytes could be UTF-8 are refused where that column cannot hold what they would mean',
  async (charset, username, problem) => {
    const shop = workshop()
    const database = await freshDatabase(inject('mariadb'))
    try {
      // Of both sets: signs, Latin with accents, in gbk Greek, Cyrillic and pinyin, in latin1 what Windows added.
      const benign = charset === 'latin1' ? '°é×Œœž€' : '°é×αЯǎ张'
      const users = [
        { id: 7, username: benign },
        { id: 8, username },
      ]
      const stored = charset === 'gb2312' ? users.slice(1) : users
      await writeMariaDb(database.options, { ...TABLES, users: stored })
      await database.admin.query(
        charset === 'gbk'
          ? 'ALTER TABLE ts_users MODIFY username VARCHAR(100) CHARACTER SET gbk COLLATE gbk_bin NOT NULL'
          : `ALTER TABLE ts_users CONVERT TO CHARACTER SET ${charset}`,
      )
      const imported = (folder: string) => shop.run({ dir: shop.path(folder), accounts: undefined, overwrite: true })
      dumpTab(database, shop.path('utf8'), ['--default-character-set=utf8mb4'])
      expect(await imported('utf8')).toMatchObject({ status: 'written' })
      expect(await shop.rows('ts_users')).toEqual(stored.map((each) => [each.id, each.username]))
      await database.admin.query('DELETE FROM ts_users WHERE id = 7')
      dumpTab(database, shop.path('stored'))
      expect(await imported('stored')).toMatchObject({
        status: 'refused',
        badLines: [{ line: 1, problem: expect.stringMatching(problem) }],
      })
    } finally {
      await database.drop()
    }
  },
)
