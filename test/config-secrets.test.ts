import { describe, expect, it } from 'vitest'
import { readConfig } from '../src/config.ts'
import { AuditError } from '../src/errors.ts'

/** What is wrong with a setting, and the secrets that were told before. */
async function failureIn(environment: Record<string, string>) {
  const secrets: string[] = []
  const reading = readConfig(environment, '/nowhere', (secret) => secrets.push(secret))
  const error = await reading.then(
    () => new Error('it was accepted'),
    (reason: unknown) => reason,
  )
  expect(error).toBeInstanceOf(AuditError)
  return { error: error as AuditError, secrets }
}

describe('an address with a password, in the wrong setting', () => {
  it.each([
    ['AUDIT_CONFIG', 'mysql://u:p4ssword@h/db'],
    ['AUDIT_CONFIG', 'mysql:/u:p4ssword@h/db'],
    ['DB_TIMEZONE', `mysql://${'u'.repeat(75)}:p4ssword@h/db`],
    ['AUDIT_TIMEZONE', 'mysql+pymysql://u:p4ss/p4ssword@h/db'],
    ['BILLING_STORE', 'mysql://u:p4ssword@h/db'],
    ['BILLING_STORE', 'file:mysql://u:p4ssword@h/db'],
    ['AUDIT_ACCOUNT_LIMIT', 'https://p4ssword@h/'],
    ['AUDIT_POINTS_PER_USD', 'mariadb://u:p4ssword@h/db'],
    ['FAL_API_BASE_URL', 'mysql://u:p4ssword@h/db'],
    ['HTTPS_PROXY', 'socks5://u:p4ssword@h:1'],
    ['https_proxy', 'http://u:p4ss/word@h:1'],
    ['https_proxy', 'u:p4ssword@h'],
    ['DATABASE_URL', 'file:mysql://u:p4ssword@h/db'],
    ['FAL_KEY', 'mysql://u:p4ss word@h/db'],
    ['BILLING_STORE', 'mysql://u:my p4ss word@h/db'],
    ['AUDIT_CONFIG', 'mysql://u:my p4ss\tword@h/db'],
    ['AUDIT_TIMEZONE', 'mysql://u:my p4ss@word@h/db'],
  ])('is not shown by %s: %s', async (name, address) => {
    const { error } = await failureIn({ [name]: address })
    expect(error.field).toBe(name)
    expect(JSON.stringify([error, error.message])).not.toMatch(/p4ss/)
    expect(error.message).toMatch(/give |cannot be used/)
  })

  it('is what an address without a user is not', async () => {
    expect((await failureIn({ DB_TIMEZONE: 'a@b' })).error.message).toMatch(/"a@b"/)
    expect((await failureIn({ AUDIT_CONFIG: 'no/such@file.json' })).error.message).toMatch(/no\/such@file\.json/)
  })

  it('is told to the redactor', async () => {
    const { secrets } = await failureIn({ AUDIT_CONFIG: 'mysql://u:p4ss@word@h/db', BILLING_STORE: 'file:a' })
    expect(secrets).toEqual(['p4ss@word'])
    // Of a proxy that is not used, too.
    const unused = await failureIn({ HTTP_PROXY: 'http://u:p4ss%40word@h:1', BILLING_STORE: 'no' })
    expect(unused.secrets).toEqual(['u:p4ss%40word', 'u:p4ss@word', 'p4ss%40word', 'p4ss@word'])
    expect((await failureIn({ no_proxy: 'http://u:p4ssword@h', BILLING_STORE: 'no' })).secrets).toEqual(['p4ssword'])
  })
})
