import { chmodSync, existsSync, readFileSync, statSync, symlinkSync, utimesSync, writeFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { openEmbeddedHandle } from '../../src/ledger/embedded-handle.ts'
import { taskFile, taskLine, workshop } from './kit.ts'

describe('the output', () => {
  const small = (shop: ReturnType<typeof workshop>) => ({ tasks: [shop.write('tasks.csv', taskFile(taskLine(1)))] })

  it('is not replaced unless that is asked for, and then keeps its permissions', async () => {
    const shop = workshop()
    await shop.run(small(shop))
    const before = readFileSync(shop.path('out.db'))
    await expect(shop.run(small(shop))).rejects.toMatchObject({
      field: 'output',
      message: expect.stringMatching(/is there already.*--overwrite/),
    })
    expect(readFileSync(shop.path('out.db')).equals(before)).toBe(true)
    chmodSync(shop.path('out.db'), 0o640)
    const tasks = [shop.write('more.csv', taskFile(taskLine(1), taskLine(2)))]
    expect(await shop.run({ tasks, overwrite: true })).toMatchObject({ status: 'written' })
    expect(await shop.rows('ts_fal_tasks', 'id')).toEqual([[1], [2]])
    expect(statSync(shop.path('out.db')).mode & 0o777).toBe(0o640)
  })

  it('stays as it was where an import fails', async () => {
    const shop = workshop()
    await shop.run(small(shop))
    const before = readFileSync(shop.path('out.db'))
    const tasks = [shop.write('bad.csv', taskFile(taskLine(1, { money: 'x' })))]
    expect(await shop.run({ tasks, overwrite: true })).toMatchObject({ status: 'refused' })
    expect(readFileSync(shop.path('out.db')).equals(before)).toBe(true)
    expect(shop.files()).toEqual(['accounts.csv', 'bad.csv', 'out.db', 'tasks.csv'])
  })

  it('is a database, or a link to one, or is refused', async () => {
    const shop = workshop()
    const { tasks } = small(shop)
    const refusal = (output: string) => expect(shop.run({ tasks, output, overwrite: true })).rejects
    await refusal(shop.path('tasks.csv')).toMatchObject({
      message: expect.stringMatching(/one of the files to import/),
    })
    await refusal(shop.write('notes.txt', 'not a database')).toMatchObject({
      message: expect.stringMatching(/no database/),
    })
    await refusal(shop.folder).toMatchObject({ message: expect.stringMatching(/no file/) })
    await refusal(shop.path('missing/out.db')).toMatchObject({
      field: 'output',
      message: expect.stringMatching(/ENOENT/),
    })
    await shop.run({ tasks })
    symlinkSync('out.db', shop.path('link.db'))
    expect(await shop.run({ tasks, output: shop.path('link.db'), overwrite: true })).toMatchObject({
      status: 'written',
    })
    expect(shop.files()).toEqual(['accounts.csv', 'link.db', 'notes.txt', 'out.db', 'tasks.csv'])
  })

  it('is freed of what a killed import left, ten minutes later, and of nothing else', async () => {
    const shop = workshop()
    const KEYS = 'SQLite format 3\u0000 with keys'
    const aged = (name: string, minutes: number, content = KEYS) => {
      writeFileSync(shop.path(name), content, { mode: 0o600 })
      const then = Date.now() / 1000 - minutes * 60
      utimesSync(shop.path(name), then, then)
      return name
    }
    const gone = [aged('.out.db.0123456789ab.tmp', 11), aged('.out.db.00000000000a.tmp', 11, '')]
    aged('.out.db.0123456789ab.tmp-journal', 11)
    const kept = [
      aged('.out.db.111111111111.tmp', 9),
      aged('.other.db.0123456789ab.tmp', 99),
      aged('.out.db.0123456789.tmp', 99),
      aged('.out.db.0123456789ab.tmp.txt', 99),
      aged('.out.db.222222222222.tmp', 99),
      aged('.out.db.444444444444.tmp', 99, 'notes of mine'),
    ]
    chmodSync(shop.path('.out.db.222222222222.tmp'), 0o644)
    // One that is at work, and has been waiting for its next line for long.
    const busy = '.out.db.333333333333.tmp'
    writeFileSync(shop.path(busy), '', { mode: 0o600 })
    const handle = await openEmbeddedHandle(shop.path(busy))
    handle.exec('PRAGMA journal_mode = MEMORY')
    handle.exec('BEGIN')
    handle.exec('CREATE TABLE t (a)')
    utimesSync(shop.path(busy), 0, 0)
    await shop.run(small(shop))
    expect(shop.files().filter((name) => name.startsWith('.'))).toEqual([...kept, busy].sort())
    expect(gone.filter((name) => existsSync(shop.path(name)))).toEqual([])
    handle.close()
    await shop.run({ ...small(shop), overwrite: true })
    expect(shop.files().filter((name) => name.startsWith('.'))).toEqual([...kept].sort())
  })

  it('is refused beside the journal of a database in use, which would spoil it', async () => {
    const shop = workshop()
    shop.write('out.db-wal', 'x')
    await expect(shop.run(small(shop))).rejects.toMatchObject({ message: expect.stringMatching(/out\.db-wal.*in use/) })
  })

  it('is not put over a file that has come meanwhile', async () => {
    const shop = workshop()
    const progress = () => writeFileSync(shop.path('out.db'), 'somebody else')
    await expect(shop.run(small(shop), {}, { progress })).rejects.toMatchObject({
      message: expect.stringMatching(/is there already/),
    })
    expect(shop.files()).toEqual(['accounts.csv', 'out.db', 'tasks.csv'])
    expect(readFileSync(shop.path('out.db'), 'utf8')).toBe('somebody else')
  })
})
