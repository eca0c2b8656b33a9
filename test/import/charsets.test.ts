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
