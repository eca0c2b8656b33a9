import { describe, expect, it } from 'vitest'
import { CHECKS } from '../../schemas/doctor.ts'
import { AuditError } from '../../src/errors.ts'
import { EMBEDDED, examined, lineOf, openCase, statuses } from '../kit/doctor-case.ts'
import { BACKENDS } from '../ledger/backends.ts'

describe.each(BACKENDS)('the doctor, on $name', (backend) => {
  it('finds nothing wrong with a healthy installation, and looks at everything', async () => {
    const { counts, complete, lines } = await examined({ backend })
    expect(new Set(lines.map(({ id }) => id))).toEqual(new Set(CHECKS))
    // The administrator of the test server may write.
    const warned = lines.filter(({ status }) => status !== 'ok').map(({ id }) => id)
    expect(warned).toEqual(backend.name === 'mariadb' ? ['database-grants'] : [])
    expect([counts.failure, counts.unverified, complete]).toEqual([0, 0, true])
  })

  it('tells all of several problems at once, the gravest first', async () => {
    const { lines, counts, complete } = await examined({
      backend,
      sql: ['DROP TABLE ts_points_detail', 'ALTER TABLE ts_fal_tasks RENAME COLUMN status TO state'],
      faults: [{ kind: 'status', status: 401 }],
    })
    const failures = lines.filter(({ status }) => status === 'failure').map(({ id, subject }) => [id, subject])
    expect(failures).toEqual([
      ['columns', 'ts_fal_tasks'],
      ['fal-key', 'account 6, key 00000006…'],
      ['fal-key', 'account 5, key 00000005…'],
    ])
    const order = { failure: 0, warning: 1, unverified: 2, ok: 3 }
    const ranks = lines.map(({ status }) => order[status])
    expect(ranks).toEqual([...ranks].sort())
    expect([counts.failure, complete]).toEqual([3, false])
  })

  it('what the missing parts leave open is unverified with its reason, the rest is told', async () => {
    const diagnosis = await examined({ backend, sql: ['DROP TABLE ts_fal_tasks'] })
    for (const id of ['time-zone', 'request-ids', 'ledger-link', 'status-words'] as const) {
      expect(lineOf(diagnosis, id)).toMatchObject({
        status: 'unverified',
        seen: expect.stringMatching(/cannot be read/),
      })
    }
    expect(statuses(diagnosis, 'ledger-words')).toEqual(['ts_points_detail: ok', 'ts_financial_transactions: ok'])
    expect(statuses(diagnosis, 'fal-key')).toHaveLength(2)
  })
})

describe('DATABASE_URL', () => {
  const unset = { setup: { inspector: undefined } }

  it('that is not set is a failure, and all that needs it is unverified', async () => {
    const diagnosis = await examined(unset)
    expect(lineOf(diagnosis, 'database-url')).toMatchObject({
      status: 'failure',
      seen: 'is not set',
      todo: expect.stringMatching(/mysql:\/\//),
    })
    const others = diagnosis.lines.filter(({ id }) => !['settings', 'database-url'].includes(id))
    expect(new Set(others.map(({ status }) => status))).toEqual(new Set(['unverified']))
    expect(new Set(diagnosis.lines.map(({ id }) => id))).toEqual(new Set(CHECKS))
  })

  it('that is not set is a warning beside a FAL_KEY, which is looked at instead', async () => {
    const open = await openCase()
    const key = await open.dependencies.setup?.inspector
      ?.open(new AbortController().signal)
      .then(async (inspection) => {
        const [row] = await inspection.newest('accounts', ['api_key'], 1)
        await inspection.close()
        return row?.[0]
      })
    await open.close()
    const diagnosis = await examined({ ...unset, settings: { falKey: key ?? '' } })
    expect(lineOf(diagnosis, 'database-url').status).toBe('warning')
    expect(lineOf(diagnosis, 'fal-key')).toMatchObject({ subject: 'FAL_KEY, key 00000006…', status: 'ok' })
    // An audit would be refused.
    expect([diagnosis.counts.failure, diagnosis.next]).toEqual([0, expect.stringMatching(/^fal-get-usage/)])
  })

  it('that is malformed is told in its own words', async () => {
    const problem = new AuditError('configuration', 'DATABASE_URL cannot be used: it names no database', {
      field: 'DATABASE_URL',
      next: 'end it with the name of the database: /db',
    })
    const diagnosis = await examined({ setup: { inspector: undefined, problems: [problem] } })
    expect(lineOf(diagnosis, 'database-url')).toMatchObject({
      status: 'failure',
      seen: 'DATABASE_URL cannot be used: it names no database',
      todo: 'end it with the name of the database: /db',
    })
    expect(lineOf(diagnosis, 'settings').status).toBe('ok')
  })

  it('that leads to a file that is not there is a failed login', async () => {
    const diagnosis = await examined({ url: 'file:/nowhere/at-all.db' })
    expect(lineOf(diagnosis, 'database-login')).toMatchObject({
      status: 'failure',
      seen: expect.stringMatching(/no database file/),
    })
    expect(lineOf(diagnosis, 'database-snapshot').status).toBe('unverified')
  })
})

describe('other settings', () => {
  it('that cannot be used are told one by one', async () => {
    const problems = ['AUDIT_TIMEZONE', 'AUDIT_CONFIG'].map(
      (field) =>
        new AuditError('configuration', `${field}: "x" is not accepted`, { field, accepted: 'something else' }),
    )
    const diagnosis = await examined({ setup: { problems } })
    expect(statuses(diagnosis, 'settings')).toEqual(['AUDIT_TIMEZONE: failure', 'AUDIT_CONFIG: failure'])
    expect(lineOf(diagnosis, 'settings', 'AUDIT_CONFIG').todo).toBe('give something else')
    expect(lineOf(diagnosis, 'table', 'ts_fal_tasks').status).toBe('ok')
  })
})

describe('the clock', () => {
  it.each([
    [3 * 60_000, 'warning', /behind/],
    [-11 * 60_000, 'failure', /ahead of/],
    [40_000, 'ok', /agrees/],
  ])('of this machine, off by %i ms against fal, is %s', async (off, status, seen) => {
    const client = { wallClock: () => (Date.now() + off) as never }
    expect(lineOf(await examined({ client }), 'clock', 'fal')).toMatchObject({
      status,
      seen: expect.stringMatching(seen),
    })
  })
})

describe('time', () => {
  it('is short: at the deadline the rest is unverified', async () => {
    const faults = [{ kind: 'hang' }] as const
    const client = { failureBudget: 20_000, requestTimeout: 20_000 }
    const started = performance.now()
    const diagnosis = await examined({ faults, client, limits: { deadline: 700 } })
    expect(performance.now() - started).toBeLessThan(5000)
    expect(statuses(diagnosis, 'fal-key').map((each) => each.split(': ')[1])).toEqual(['unverified', 'unverified'])
    expect(lineOf(diagnosis, 'fal-key', /account 5/).seen).toMatch(/the doctor ends after 0\.7 s/)
    expect(lineOf(diagnosis, 'table', 'ts_fal_tasks').status).toBe('ok')
  })

  it('a caller who goes away ends it', async () => {
    const abort = new AbortController()
    const context = { signal: abort.signal, progress: () => abort.abort() }
    await expect(examined({ backend: EMBEDDED, context })).rejects.toMatchObject({ kind: 'cancelled' })
  })
})
