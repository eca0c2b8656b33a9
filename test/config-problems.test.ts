import { describe, expect, it } from 'vitest'
import { readConfig } from '../src/config.ts'
import { AuditError } from '../src/errors.ts'

const BAD = {
  DATABASE_URL: 'mysql://root:hunter22-secret@host',
  DB_TIMEZONE: 'Mars/Olympus',
  FAL_API_BASE_URL: 'nowhere',
  AUDIT_TIMEZONE: 'Moon',
  AUDIT_ACCOUNT_LIMIT: '0',
  AUDIT_POINTS_PER_USD: 'many',
  AUDIT_CONFIG: 'no/such/file.json',
  FAL_KEY: 'two words',
  SERVE_TOKEN: 'two words',
  ADMIN_TOKEN: 'two words',
  BILLING_STORE: 'no-file',
}

const problemsOf = async (environment: Record<string, string>) => {
  const problems: AuditError[] = []
  const secrets: string[] = []
  const onSecret = (secret: string) => void secrets.push(secret)
  const config = await readConfig(environment, '/', onSecret, (problem) => void problems.push(problem))
  return { config, problems, secrets }
}

const plain = (value: unknown): string =>
  JSON.stringify(value, (_key, each) => (typeof each === 'bigint' ? String(each) : each))

describe('settings that cannot be used', () => {
  it('are all told to who asks for them, and the defaults stand in', async () => {
    const { config, problems, secrets } = await problemsOf(BAD)
    expect(problems.map(({ field }) => field).sort()).toEqual(Object.keys(BAD).sort())
    const { configFile, ...used } = config
    expect(configFile).toBe(`/${BAD.AUDIT_CONFIG}`)
    expect(plain(used)).toBe(plain((await problemsOf({})).config))
    expect(secrets).toContain(BAD.DATABASE_URL)
    expect(problems.map(({ message }) => message).join()).not.toContain('hunter22')
  })

  it.each(Object.entries(BAD))('%s alone is refused where nobody asks', async (name, value) => {
    await expect(readConfig({ [name]: value }, '/', () => {})).rejects.toBeInstanceOf(AuditError)
  })

  it('are none where all can be used', async () => {
    expect((await problemsOf({ AUDIT_TIMEZONE: 'Asia/Shanghai' })).problems).toEqual([])
  })
})
