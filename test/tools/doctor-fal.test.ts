import { readFileSync } from 'node:fs'
import { createServer } from 'node:https'
import type { AddressInfo } from 'node:net'
import { describe, expect, it, onTestFinished } from 'vitest'
import { apiKeyOf, keyIdOfAccount } from '../../src/demo/mini-world.ts'
import { instant } from '../../src/units/instant.ts'
import { makeAuthority } from '../kit/certificates.ts'
import { examined, healthyWorld, LOOKED_AT, lineOf, MARIADB, openCase, statuses } from '../kit/doctor-case.ts'

/** One try uses up what a key may fail. */
const RESTING = { requestTimeout: 1500, failureBudget: 1500 }
const ACCOUNT_5 = /^account 5, key 00000005…$/

describe('the fal keys', () => {
  it('a key that fal does not know is a failure, and the others are looked at', async () => {
    const diagnosis = await examined({ faults: [{ kind: 'status', status: 401, keyId: keyIdOfAccount(5) }] })
    expect(lineOf(diagnosis, 'fal-key', ACCOUNT_5)).toMatchObject({
      status: 'failure',
      seen: expect.stringMatching(/^may read nothing; not usage, billing events, balance: fal answered 401/),
      todo: expect.stringMatching(/https:\/\/fal\.ai\/dashboard\/keys/),
    })
    expect(lineOf(diagnosis, 'fal-key', /account 6/)).toMatchObject({ status: 'ok' })
    expect(lineOf(diagnosis, 'fal-api').status).toBe('ok')
  })

  it('a plain key without billing permission is a failure', async () => {
    const diagnosis = await examined({ faults: [{ kind: 'status', status: 403, keyId: keyIdOfAccount(5) }] })
    expect(lineOf(diagnosis, 'fal-key', ACCOUNT_5)).toMatchObject({
      status: 'failure',
      seen: expect.stringMatching(/403/),
    })
  })

  it.each(['/models/billing-events', '/account/billing'])(
    'a key that may not read %s alone is a warning',
    async (path) => {
      const diagnosis = await examined({ faults: [{ kind: 'status', status: 403, path, keyId: keyIdOfAccount(5) }] })
      expect(lineOf(diagnosis, 'fal-key', ACCOUNT_5)).toMatchObject({
        status: 'warning',
        seen: expect.stringMatching(/^may read usage, /),
      })
    },
  )

  it('a key that may not read the bill is a warning where another one of its workspace reads it', async () => {
    const shared = healthyWorld().account(7, { workspace: 'workspace-5' }).build()
    const faults = ['/models/usage', '/models/billing-events'].map(
      (path) => ({ kind: 'status', status: 403, path, keyId: keyIdOfAccount(7) }) as const,
    )
    const diagnosis = await examined({ world: shared, faults })
    expect(lineOf(diagnosis, 'fal-key', /account 7/)).toMatchObject({
      status: 'warning',
      seen: expect.stringMatching(
        /not usage, billing events, which the key of account 5 reads for the workspace of both: fal/,
      ),
      todo: expect.stringMatching(/until then an audit of this account alone is reported as unverified$/),
    })
    const alone = healthyWorld().account(7).build()
    expect(lineOf(await examined({ world: alone, faults }), 'fal-key', /account 7/)).toMatchObject({
      status: 'failure',
      todo: expect.stringMatching(/until then this account is reported as unverified$/),
    })
    // Neither can one that may not read it either.
    const both = [5, 7].map(
      (id) => ({ kind: 'status', status: 403, path: '/models/usage', keyId: keyIdOfAccount(id) }) as const,
    )
    expect(lineOf(await examined({ world: shared, faults: both }), 'fal-key', /account 7/).status).toBe('failure')
  })

  it('of a disabled account it is a warning', async () => {
    const world = healthyWorld().account(7, { status: 0 }).build()
    const diagnosis = await examined({ world, faults: [{ kind: 'status', status: 401, keyId: keyIdOfAccount(7) }] })
    expect(lineOf(diagnosis, 'fal-key', /account 7/).status).toBe('warning')
    const sql = ['ALTER TABLE ts_fal_account MODIFY status BIT(1)']
    const faults = [5, 7].map((id) => ({ kind: 'status', status: 401, keyId: keyIdOfAccount(id) }) as const)
    const asBit = await examined({ backend: MARIADB, world, sql, faults })
    expect(['account 5', 'account 7'].map((holder) => lineOf(asBit, 'fal-key', new RegExp(holder)).status)).toEqual([
      'failure',
      'warning',
    ])
  })

  it('what fal fails to answer is unverified', async () => {
    const diagnosis = await examined({ faults: [{ kind: 'status', status: 500, keyId: keyIdOfAccount(5) }] })
    expect(lineOf(diagnosis, 'fal-key', ACCOUNT_5)).toMatchObject({
      status: 'unverified',
      seen: expect.stringMatching(/fal answered 500/),
    })
  })

  it('a key with blanks in it is told without asking', async () => {
    const sql = ["UPDATE ts_fal_account SET api_key = 'half a key' WHERE id = 5"]
    const diagnosis = await examined({ sql })
    expect(lineOf(diagnosis, 'fal-key', /^account 5/)).toMatchObject({ status: 'failure' })
    expect(JSON.stringify(diagnosis)).not.toContain('half a key')
  })

  it('are not words, of which the doctor says that no report blanks them out', async () => {
    const sql = ["UPDATE ts_fal_account SET api_key = 'deleted' WHERE id = 5"]
    const diagnosis = await examined({ sql })
    expect(lineOf(diagnosis, 'accounts', 'account 5')).toMatchObject({
      status: 'warning',
      seen: expect.stringMatching(/in the place of the key is none.*not blanked out/),
      todo: expect.stringMatching(/store a key/),
    })
    expect(JSON.stringify(diagnosis)).not.toContain('deleted')
    for (const none of ['', '0a1b2c3d']) {
      const other = await examined({ sql: [`UPDATE ts_fal_account SET api_key = '${none}' WHERE id = 5`] })
      expect(statuses(other, 'accounts')).toEqual(['ok'])
    }
  })

  it('leave no trace in words of the database, not even where those are cut', async () => {
    const [key = ''] = healthyWorld().build().workspaces[0]?.apiKeys ?? []
    const sql = [`UPDATE ts_fal_tasks SET status = '${key}' WHERE id = 3`]
    const line = lineOf(await examined({ sql, now: instant(LOOKED_AT + 48 * 3_600_000) }), 'status-words')
    expect(line).toMatchObject({ status: 'warning', seen: expect.stringMatching(/"\[redacted\]" \(1\)/) })
  })

  it.each([
    ['completed_at', 'time-zone', /no time, such as "/],
    ['is_refund', 'refund-flags', /"/],
    ['user_id', 'column-types', /user_id holds "/],
  ])('nor does what is written otherwise than it is, and cut: %s', async (column, id, where) => {
    const [key = ''] = healthyWorld().build().workspaces[0]?.apiKeys ?? []
    const coded = Buffer.from(key.slice(key.indexOf(':') + 1)).toString('base64')
    const { lines } = await examined({ sql: [`UPDATE ts_fal_tasks SET ${column} = '${coded}' WHERE id = 3`] })
    const seen = lines.filter((line) => line.id === id).map((line) => line.seen)
    expect(seen.join()).toMatch(new RegExp(`${where.source}\\[redacted\\]`))
    expect(JSON.stringify(lines)).not.toContain(coded.slice(0, 12))
  })

  it('only those of the audited accounts are asked', async () => {
    const diagnosis = await examined({ settings: { accountLimit: 1 } })
    expect(statuses(diagnosis, 'fal-key')).toEqual(['account 6, key 00000006…: ok'])
  })
})

describe('fal itself', () => {
  it('out of reach is a failure, and its keys are unverified', async () => {
    const diagnosis = await examined({ falUrl: 'http://127.0.0.1:9/v1', client: { failureBudget: 600 } })
    expect(lineOf(diagnosis, 'fal-api')).toMatchObject({
      status: 'failure',
      todo: expect.stringMatching(/FAL_API_BASE_URL.*firewall/),
    })
    expect(new Set(statuses(diagnosis, 'fal-key').map((each) => each.split(': ')[1]))).toEqual(new Set(['unverified']))
    // The embedded database has no clock of its own either.
    expect(lineOf(diagnosis, 'clock').status).toBe('unverified')
  })

  it('behind a certificate that is not believed is no matter of firewalls', async () => {
    const authority = makeAuthority()
    onTestFinished(() => authority.remove())
    const { cert, key } = authority.issue('fal', 'DNS:localhost')
    const server = createServer({ cert: readFileSync(cert), key: readFileSync(key) })
    onTestFinished(() => void server.close())
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
    const { port } = server.address() as AddressInfo
    const line = lineOf(await examined({ falUrl: `https://localhost:${port}/v1` }), 'fal-api')
    expect(line).toMatchObject({ status: 'failure', todo: expect.stringMatching(/clock.*NODE_EXTRA_CA_CERTS/) })
    expect(line.todo).not.toMatch(/firewall/)
  })

  it('behind somebody who answers in HTML is a failure', async () => {
    const diagnosis = await examined({ faults: [{ kind: 'html' }] })
    expect(lineOf(diagnosis, 'fal-api')).toMatchObject({ status: 'failure', todo: 'mend FAL_API_BASE_URL' })
  })
})

describe('a key that rests', () => {
  it('is asked all the same: the doctor tells what is the case now', async () => {
    const opened = await openCase({ faults: [{ kind: 'hang', times: 1 }], client: RESTING })
    try {
      const { fal } = opened.dependencies
      const key = apiKeyOf(5)
      const never = new AbortController().signal
      expect((await fal.billing(key, never)).status).toBe('failed')
      expect(await fal.billing(key, never)).toMatchObject({ reason: expect.stringMatching(/^fal was not asked now/) })
      expect(lineOf(await opened.diagnose(), 'fal-key', ACCOUNT_5)).toMatchObject({ status: 'ok' })
    } finally {
      await opened.close()
    }
  })

  it('of which nobody knows what it may read is not said to read nothing', async () => {
    const diagnosis = await examined({ faults: [{ kind: 'hang', keyId: keyIdOfAccount(5) }], client: RESTING })
    expect(lineOf(diagnosis, 'fal-key', ACCOUNT_5)).toMatchObject({
      status: 'unverified',
      seen: expect.stringMatching(/^not known what it may read: fal /),
    })
  })
})
