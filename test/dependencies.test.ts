import { describe, expect, it } from 'vitest'
import { readConfig } from '../src/config.ts'
import { MiniWorld } from '../src/demo/mini-world.ts'
import { dependenciesOf, once, withoutSecrets } from '../src/dependencies.ts'
import { AuditError } from '../src/errors.ts'
import type { LedgerSnapshot, LedgerStore } from '../src/ledger/reader.ts'
import { createReportStore } from '../src/reports.ts'
import { entryRecordsOf } from '../src/rows/entry-records.ts'
import { TaskWords } from '../src/rows/task-records.ts'
import { taskRecordsOf } from '../src/rows/task-writer.ts'
import { createSecrets } from '../src/secrets.ts'
import { instant } from '../src/units/instant.ts'
import { openZone } from '../src/units/zone.ts'
import { reportWith } from './faces/fake-tools.ts'
import { memoryLedger } from './kit/memory-ports.ts'
import { entryRow, taskRow } from './kit/rows.ts'
import { all } from './ledger/backends.ts'

const signal = new AbortController().signal
const environs = { clock: () => instant(0), reports: createReportStore(), secrets: createSecrets() }

describe('the dependencies', () => {
  it('open nothing: a database and a fal that do not exist do no harm', async () => {
    const environment = { DATABASE_URL: 'mysql://u:p@127.0.0.1:1/db', FAL_API_BASE_URL: 'http://127.0.0.1:1' }
    const dependencies = dependenciesOf(await readConfig(environment, '.', () => {}), environs)
    expect(dependencies.ledger).toBeDefined()
    await expect(dependencies.ledger!.snapshot(signal)).rejects.toMatchObject({ kind: 'source' })
  })

  it('have no ledger without DATABASE_URL', async () => {
    expect(dependenciesOf(await readConfig({}, '.', () => {}), environs).ledger).toBeUndefined()
  })
})

describe('the keys of accounts', () => {
  it('are known to the redactor before anybody else sees them', async () => {
    const secrets = createSecrets()
    const account = { accountId: 5, name: 'five', apiKey: 'key-of-account-5', balanceNanoUsd: null, disabled: false }
    const snapshot = { accounts: async () => [account], databaseOffset: '+08:00' } as unknown as LedgerSnapshot
    const asked: unknown[] = []
    const store: LedgerStore = {
      snapshot: async (...question) => {
        asked.push(question)
        return snapshot
      },
    }
    const told = await withoutSecrets(store, secrets).snapshot(signal)
    expect(asked).toEqual([[signal]])
    expect(told.databaseOffset).toBe('+08:00')
    expect(secrets.redact('key-of-account-5')).toBe('key-of-account-5')
    expect(await told.accounts()).toEqual([account])
    expect(secrets.redact('login key-of-account-5 refused')).toBe('login [redacted] refused')
  })
})

describe('the texts of a database', () => {
  const apiKey = '0a1b2c3d-0000-4000-8000-000000000001:feedfacefeedfacefeedfacefeedface'
  const account = { accountId: 5, name: `key ${apiKey}`, apiKey, balanceNanoUsd: null, disabled: false }
  const task = (model: string) => taskRow({ model, requestId: apiKey, apiKey })
  const entry = (title: string) => entryRow(1, -5, { title, orderId: apiKey })
  const long = `${'x'.repeat(70)} feedfacefeedfacefeedfacefeedface`

  const openWith = async (parts: object) => {
    const secrets = createSecrets()
    const snapshot = { accounts: async () => [account], ...parts } as unknown as LedgerSnapshot
    const opened = await withoutSecrets({ snapshot: async () => snapshot }, secrets).snapshot(signal)
    await opened.accounts()
    return opened
  }
  const range = { start: instant(0), end: instant(1) }

  const TASK_LOOK_UPS = ['tasksByTaskIds', 'tasksByRequestIds', 'tasksByEitherId'] as const
  const ENTRY_LOOK_UPS = ['pointsByOrderIds', 'cashByOrderIds', 'pointsRowsBefore', 'pointsByRowIds'] as const
  const lookUp = (opened: LedgerSnapshot, name: (typeof ENTRY_LOOK_UPS)[number]) =>
    (opened[name] as (ids: unknown[]) => Promise<{ title: string }[]>)([])

  it('hold no secret that whoever cuts them could leave in part', async () => {
    const entries = [[entry(long), entry('')], [entry('plain')]].map(entryRecordsOf)
    const words = new TaskWords()
    const opened = await openWith({
      tasks: async function* () {
        yield taskRecordsOf([task('flux'), task(long)], words)
        yield taskRecordsOf([task(long), task(`flux ${apiKey}`)], words)
      },
      points: async function* () {
        yield* entries
      },
      cash: async function* () {
        yield* entries
      },
      userNames: async () => new Map([[7, `seven ${apiKey}`]]),
      ...Object.fromEntries(TASK_LOOK_UPS.map((name) => [name, async () => [task(long)]])),
      ...Object.fromEntries(ENTRY_LOOK_UPS.map((name) => [name, async () => [entry(long)]])),
      unknownKinds: () => ({ points: { rows: 2, words: [long, 'bonus'] } }),
    })
    const clean = `${'x'.repeat(70)} [redacted]`
    expect((await opened.accounts())[0]).toMatchObject({ name: 'key [redacted]', apiKey })
    expect(await all(opened.tasks(range))).toEqual([
      ...[task('flux'), task(clean), task(clean), task('flux [redacted]')],
    ])
    expect((await all(opened.points(range))).map(({ title }) => title)).toEqual([clean, '', 'plain'])
    expect((await all(opened.cash(range))).map(({ title }) => title)).toEqual([clean, '', 'plain'])
    expect(await opened.userNames([7])).toEqual(new Map([[7, 'seven [redacted]']]))
    for (const name of TASK_LOOK_UPS) expect((await opened[name](['t']))[0]!.model, name).toBe(clean)
    for (const name of ENTRY_LOOK_UPS) expect((await lookUp(opened, name))[0]!.title, name).toBe(clean)
    expect(opened.unknownKinds?.()).toEqual({ points: { rows: 2, words: [clean, 'bonus'] } })
  })

  it('nor do the errors of a database, and others pass as they are', async () => {
    const cancelled = new AuditError('cancelled', 'the call was cancelled')
    const opened = await openWith({
      tasks: async function* () {
        yield taskRecordsOf([])
        const detail = { field: 'tasks.status', next: 'mend it', failure: 'bad-value' } as const
        throw new AuditError('source', `tasks.status holds "${long}"`, detail)
      },
      lastUse: () => Promise.reject(cancelled),
    })
    await expect(all(opened.tasks(range))).rejects.toMatchObject({
      kind: 'source',
      message: `tasks.status holds "${'x'.repeat(70)} [redacted]"`,
      field: 'tasks.status',
      next: 'mend it',
      // By it a report in Chinese tells what it means.
      failure: 'bad-value',
    })
    await expect(opened.lastUse()).rejects.toBe(cancelled)
  })
})

describe('a reader that fails, whichever', () => {
  const secret = 'feedfacefeedfacefeedfacefeedface'
  const fails = () => Promise.reject(new AuditError('source', `it holds "${secret}"`))
  async function* breaks() {
    yield await fails()
  }
  /** They tell of what was read, or end it, and read nothing. */
  const NO_READERS = ['bareRequestId', 'unreadTimes', 'unknownKinds', 'forgetMet', 'close']

  it('holds no secret in its error', async () => {
    const whole = await memoryLedger(new MiniWorld().build().tables, openZone('UTC')!, instant(0)).snapshot(signal)
    const names = Object.entries(whole).flatMap(([name, value]) => (typeof value === 'function' ? [name] : []))
    const readers = names.filter((name) => !NO_READERS.includes(name))
    expect(readers.length).toBeGreaterThan(10)
    const failing = readers.map((name) => [name, ['tasks', 'points', 'cash'].includes(name) ? breaks : fails])
    const secrets = createSecrets()
    secrets.add(secret)
    const snapshot = async () => ({ ...whole, ...Object.fromEntries(failing) })
    const opened = await withoutSecrets({ snapshot }, secrets).snapshot(signal)
    const called = Object.entries(opened) as [string, (of: never[]) => Promise<unknown> | AsyncIterable<unknown>][]
    for (const [name, read] of called.filter(([each]) => readers.includes(each))) {
      const reading = Promise.resolve(read([])).then((said) =>
        Symbol.asyncIterator in Object(said) ? all(said as never) : said,
      )
      await expect(reading, name).rejects.toMatchObject({ message: 'it holds "[redacted]"' })
    }
  })
})

describe('the redactor', () => {
  it('learns secrets at any time', () => {
    const secrets = createSecrets()
    expect(secrets.redact('first-secret')).toBe('first-secret')
    secrets.add('first-secret')
    secrets.add('second-secret')
    secrets.add('')
    expect(secrets.redact('first-secret, second-secret')).toBe('[redacted], [redacted]')
  })

  it('lets the example of a DATABASE_URL through, and no other', () => {
    const { redact } = createSecrets()
    expect(redact('give mysql://user:pass@host:port/db')).toBe('give mysql://user:pass@host:port/db')
    expect(redact('give mysql://user:hunter2@host:port/db')).not.toContain('hunter2')
  })
})

describe('once', () => {
  it('makes one thing for many callers, and tries again after a failure', async () => {
    let calls = 0
    const make = once(async () => {
      calls++
      if (calls === 1) throw new Error('first')
      return calls
    })
    await expect(Promise.all([make(), make()])).rejects.toThrow('first')
    expect(await Promise.all([make(), make(), make()])).toEqual([2, 2, 2])
    expect(calls).toBe(2)
  })
})

describe('the report store', () => {
  it('keeps the newest reports, and lists them newest first with a title', () => {
    const store = createReportStore(2)
    const [first, second, third] = [
      reportWith(),
      reportWith(),
      reportWith({ coverage: { complete: false, sources: [] } }),
    ].map((report) => store.put(report))
    expect(store.get(first!)).toBeUndefined()
    expect(store.list().map(({ id }) => id)).toEqual([third, second])
    expect(store.list()[0]!.title).toBe(
      '2026-02-01T00:00:00+08:00 to 2026-02-07T00:00:00+08:00: 0 findings, incomplete',
    )
  })
})
