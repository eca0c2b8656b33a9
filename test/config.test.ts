import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { homedir, tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, describe, expect, it } from 'vitest'
import { type Config, readConfig } from '../src/config.ts'
import { AuditError } from '../src/errors.ts'
import { DEFAULT_MAPPING } from '../src/ledger/mapping.ts'
import { DEFAULT_BILLING, DEFAULT_THRESHOLDS } from '../src/settings.ts'
import { HOUR } from '../src/units/instant.ts'
import { formatUsd } from '../src/units/nano-usd.ts'
import { formatRatio } from '../src/units/ratio.ts'

const directory = mkdtempSync(join(tmpdir(), 'audit-config-'))
afterAll(() => rmSync(directory, { recursive: true }))

const read = (environment: Record<string, string>, onSecret = (_secret: string): void => {}): Promise<Config> =>
  readConfig(environment, directory, onSecret)

const readFile = (content: unknown): Promise<Config> => {
  writeFileSync(join(directory, 'audit.json'), typeof content === 'string' ? content : JSON.stringify(content))
  return read({ AUDIT_CONFIG: 'audit.json' })
}

const failureOf = async (reading: Promise<Config>): Promise<AuditError> => {
  const error = await reading.then(
    () => new Error('it was accepted'),
    (reason: unknown) => reason,
  )
  expect(error).toBeInstanceOf(AuditError)
  return error as AuditError
}

/** What a client passes on that does not expand variables. */
const unexpanded = (name: string): string => `$${'{'}${name}}`

describe('the environment', () => {
  it('may be empty: every setting has its default', async () => {
    expect(await read({})).toMatchObject({
      databaseUrl: undefined,
      dbZone: undefined,
      falBaseUrl: 'https://api.fal.ai/v1',
      mapping: DEFAULT_MAPPING,
      operation: {
        auditZone: undefined,
        accountLimit: 20,
        pointsPerUsd: undefined,
        falKey: undefined,
        ledgerLink: 'auto',
        thresholds: DEFAULT_THRESHOLDS,
      },
    })
  })

  it.each(['', '  ', unexpanded('DATABASE_URL'), unexpanded('FAL_KEY')])('counts %j as unset', async (nothing) => {
    const names = ['DATABASE_URL', 'FAL_KEY', 'FAL_API_BASE_URL', 'AUDIT_TIMEZONE', 'DB_TIMEZONE', 'AUDIT_CONFIG']
    const more = ['AUDIT_ACCOUNT_LIMIT', 'AUDIT_POINTS_PER_USD', 'SERVE_TOKEN', 'ADMIN_TOKEN', 'BILLING_STORE']
    const environment = Object.fromEntries([...names, ...more].map((name) => [name, nothing]))
    expect(JSON.stringify(plain(await read(environment)))).toBe(JSON.stringify(plain(await read({}))))
  })

  it('is read into typed settings', async () => {
    const config = await read({
      DATABASE_URL: 'mysql://u:p@db.example:3306/app',
      FAL_API_BASE_URL: 'http://127.0.0.1:9999/v1/',
      FAL_KEY: 'id:secret',
      AUDIT_TIMEZONE: 'Asia/Shanghai',
      DB_TIMEZONE: '+08:00',
      AUDIT_ACCOUNT_LIMIT: '7',
      AUDIT_POINTS_PER_USD: '400.5',
    })
    expect(config.falBaseUrl).toBe('http://127.0.0.1:9999/v1')
    expect(config.dbZone?.id).toBe('+08:00')
    expect(config.operation.auditZone?.id).toBe('Asia/Shanghai')
    expect(config.operation).toMatchObject({ accountLimit: 7, falKey: 'id:secret' })
    expect(formatRatio(config.operation.pointsPerUsd!)).toBe('400.5')
  })

  it.each([
    ['AUDIT_TIMEZONE', 'Mars/Olympus', 'Asia/Shanghai'],
    ['DB_TIMEZONE', '+25:00', '+08:00'],
    ['AUDIT_ACCOUNT_LIMIT', '0', 'from 1 to'],
    ['AUDIT_ACCOUNT_LIMIT', '2.5', 'from 1 to'],
    ['AUDIT_ACCOUNT_LIMIT', '99999', 'from 1 to'],
    ['AUDIT_POINTS_PER_USD', '0', 'above 0'],
    ['AUDIT_POINTS_PER_USD', '4e2', 'above 0'],
    ['AUDIT_CONFIG', 'nowhere.json', 'can be read'],
    ['BILLING_STORE', 'mysql://db/app', 'the path of a file'],
    ['BILLING_STORE', 'file:', 'the path of a file'],
    ['BILLING_STORE', 'file://elsewhere/b.db', 'the path of a file'],
  ])('refuses %s=%s, and says what is accepted', async (name, value, accepted) => {
    const error = await failureOf(read({ [name]: value }))
    expect(error).toMatchObject({ kind: 'configuration', field: name })
    expect(error.message).toContain(name)
    expect(error.message).toContain(value)
    expect(error.accepted).toContain(accepted)
  })

  it.each([
    ['DATABASE_URL', 'postgres://u:hunter22@h/db'],
    ['DATABASE_URL', 'mysql://u:hunter22@h'],
    ['FAL_API_BASE_URL', 'https://u:hunter22@api.fal.ai/v1'],
    ['FAL_API_BASE_URL', 'ftp://hunter22'],
    ['FAL_KEY', 'hunter22 with a blank'],
    ['SERVE_TOKEN', 'hunter22\u0000'],
    ['ADMIN_TOKEN', 'hunter22密'],
  ])('refuses a bad %s without repeating it', async (name, value) => {
    const error = await failureOf(read({ [name]: value }))
    expect(error).toMatchObject({ kind: 'configuration', field: name, value: undefined })
    expect(JSON.stringify([error.message, error.accepted, error.next])).not.toContain('hunter22')
  })

  it('hands every secret to the redactor, even where reading fails afterwards', async () => {
    const secrets: string[] = []
    const environment = {
      DATABASE_URL: 'mysql://u:p4ssword@h/db',
      FAL_KEY: 'id:falsecret',
      SERVE_TOKEN: 'serve-token',
      ADMIN_TOKEN: 'admin-token',
      AUDIT_TIMEZONE: 'nowhere',
    }
    await failureOf(read(environment, (secret) => secrets.push(secret)))
    expect(secrets).toEqual(['mysql://u:p4ssword@h/db', 'id:falsecret', 'serve-token', 'admin-token'])
  })
})

describe('the place of the billing store', () => {
  it.each([
    [{}, join(homedir(), '.local/share/fal-consumption-audit/billing.db')],
    [{ XDG_DATA_HOME: '/data' }, '/data/fal-consumption-audit/billing.db'],
    [{ XDG_DATA_HOME: 'relative' }, join(homedir(), '.local/share/fal-consumption-audit/billing.db')],
    [{ BILLING_STORE: 'file:/srv/b.db', XDG_DATA_HOME: '/data' }, '/srv/b.db'],
    [{ BILLING_STORE: 'file:b.db' }, join(directory, 'b.db')],
  ])('with %j is %s', async (environment, path) => {
    expect((await read(environment)).billingStore).toBe(path)
  })
})

describe('the billing module', () => {
  it('takes its settings from the file', async () => {
    expect(await read({})).toMatchObject({ billingWritable: false, operation: { billing: DEFAULT_BILLING } })
    const config = await readFile({
      billing: { currency: 'points', defaultMembershipLevel: 'free', allowWrite: true },
      membershipLevelColumn: 'vip_level',
    })
    expect(config.operation.billing).toEqual({ currency: 'points', defaultMembershipLevel: 'free' })
    expect([config.billingWritable, config.mapping.columns.users]).toEqual([
      true,
      { id: 'id', name: 'username', level: 'vip_level' },
    ])
    const { billing } = (await readFile({ billing: { currency: 'USD' } })).operation
    expect(billing).toEqual({ ...DEFAULT_BILLING, currency: 'USD' })
  })

  it.each([
    [{ billing: { currency: 'EUR' } }, 'billing.currency'],
    [{ billing: { defaultMembershipLevel: '' } }, 'billing.defaultMembershipLevel'],
    [{ billing: { allowWrite: 'yes' } }, 'billing.allowWrite'],
    [{ billing: { write: true } }, 'billing.write'],
    [{ membershipLevelColumn: '`' }, 'membershipLevelColumn'],
  ])('refuses %j', async (file, field) => {
    expect(await failureOf(readFile(file))).toMatchObject({ kind: 'configuration', field })
  })
})

/** A config with its bigints and maps as text, so that two can be compared. */
const plain = (config: Config): unknown =>
  JSON.parse(
    JSON.stringify(config, (_key, value) =>
      typeof value === 'bigint' ? `${value}n` : value instanceof Map ? Object.fromEntries(value) : value,
    ),
  )

describe('the file of AUDIT_CONFIG', () => {
  it('sets thresholds in human units', async () => {
    const { operation } = await readFile({
      thresholds: {
        a1DeviationRatio: '0.05',
        a5RefundRatio: 0.5,
        a6Multiple: '3',
        a6ActiveDays: 7,
        a6Method: 'robust',
        a8BalanceUsd: '2.50',
        ledgerLinkRatio: '1',
        settlementLagHours: '1.5',
      },
      ledgerLink: 'order',
    })
    const { thresholds } = operation
    expect(formatRatio(thresholds.a1DeviationRatio)).toBe('0.05')
    expect(formatRatio(thresholds.a5RefundRatio)).toBe('0.5')
    expect(formatUsd(thresholds.a8BalanceNanoUsd)).toBe('2.5')
    expect(thresholds).toMatchObject({ a6ActiveDays: 7, a6Method: 'robust', settlementLagMillis: 1.5 * HOUR })
    expect(operation.ledgerLink).toBe('order')
  })

  it('takes small numbers however JavaScript writes them', async () => {
    const { operation } = await readFile({ thresholds: { a1DeviationRatio: 1e-7, b19UsdPerRow: 2.5e-7 } })
    expect(formatRatio(operation.thresholds.a1DeviationRatio)).toBe('0.0000001')
    expect(formatUsd(operation.thresholds.b19NanoUsdPerRow)).toBe('0.00000025')
    await expect(readFile({ thresholds: { a1DeviationRatio: 1e-13 } })).rejects.toMatchObject({
      field: 'thresholds.a1DeviationRatio',
    })
  })

  it('leaves every threshold that it does not name at its default', async () => {
    const { operation } = await readFile({ thresholds: { a6ActiveDays: 5 } })
    expect(operation.thresholds).toEqual({ ...DEFAULT_THRESHOLDS, a6ActiveDays: 5 })
  })

  it('renames tables, columns and words, and keeps the other names', async () => {
    const { mapping } = await readFile({
      tables: { tasks: 'my_tasks' },
      columns: { tasks: { apiKey: 'key' }, users: { id: 'uid' } },
      userNameColumn: 'nickname',
      statusWords: { success: ['erledigt'] },
      sourceTypes: { consume: ['spend', 'consume'] },
      transactionTypes: { income: [4] },
      placeholderRequestIds: ['pending'],
    })
    expect(mapping.tables).toEqual({ ...DEFAULT_MAPPING.tables, tasks: 'my_tasks' })
    expect(mapping.columns.tasks).toEqual({ ...DEFAULT_MAPPING.columns.tasks, apiKey: 'key' })
    expect(mapping.columns.points).toEqual(DEFAULT_MAPPING.columns.points)
    expect(mapping.columns.users).toEqual({ id: 'uid', name: 'nickname', level: null })
    expect(mapping.taskStatus).toEqual({ ...DEFAULT_MAPPING.taskStatus, success: ['erledigt'] })
    expect(mapping.sourceType.consume).toEqual(['spend', 'consume'])
    expect(mapping.transactionType).toEqual({ ...DEFAULT_MAPPING.transactionType, income: [4] })
    expect(mapping.placeholderRequestIds).toEqual(['pending'])
  })

  it('takes null for an installation without user names', async () => {
    expect((await readFile({ userNameColumn: null })).mapping.columns.users.name).toBeNull()
  })

  it('reads aliases and limits', async () => {
    const config = await readFile({
      modelAliases: { 'sora-2/i2v': 'fal-ai/sora-2/image-to-video' },
      databaseDeadlineSeconds: 60,
      falConcurrency: 2,
      legacyBillingBaseUrl: 'https://rest.fal.ai',
    })
    expect(config.operation.modelAliases).toEqual(new Map([['sora-2/i2v', 'fal-ai/sora-2/image-to-video']]))
    expect(config).toMatchObject({
      databaseDeadline: 60_000,
      falConcurrency: 2,
      legacyBillingBaseUrl: 'https://rest.fal.ai',
    })
  })

  it.each(['https://user:pass@rest.fal.ai', 'https://user@rest.fal.ai', 'https://rest.fal.ai/?x=1'])(
    'refuses %s as an address',
    async (address) => {
      const error = await failureOf(readFile({ legacyBillingBaseUrl: address }))
      expect(error).toMatchObject({ kind: 'configuration', field: 'legacyBillingBaseUrl' })
      expect(error.message).not.toContain(address)
    },
  )

  it('reads credits bought, in nano-USD from a day on', async () => {
    const { operation } = await readFile({ creditsBought: { acme: { usd: '100.5', since: '2026-01-01' } } })
    expect(operation.creditsBought).toEqual(new Map([['acme', { nanoUsd: 100_500_000_000n, since: '2026-01-01' }]]))
    expect((await read({})).operation.creditsBought).toEqual(new Map())
  })

  it('may begin with a byte order mark', async () => {
    expect((await readFile('\uFEFF{"falConcurrency": 3}')).falConcurrency).toBe(3)
  })

  it.each([
    ['{"ledgerLink": "order", "statusWords": {}, "ledgerLink" : "total"}', 'ledgerLink'],
    ['{"columns": {"tasks": {"id": "a"}, "points": {"id": "b", "\\u0069d": "c"}}}', 'id'],
    ['{"modelAliases": {"a\\"b:": "c", "a\\"b:": "d"}}', 'a"b:'],
  ])('is refused where a name stands twice, of which the first would count for nothing: %s', async (text, name) => {
    const error = await failureOf(readFile(text))
    expect(error).toMatchObject({ field: 'AUDIT_CONFIG', accepted: `each name once ("${name}" stands twice)` })
  })

  it('may have one name in several objects, and as a value', async () => {
    const text = '{"columns": {"tasks": {"id": "id"}, "points": {"id": "id"}}, "modelAliases": {"x": "id:", "id": "x"}}'
    expect((await readFile(text)).mapping.columns.points.id).toBe('id')
  })

  it('is refused in another encoding than UTF-8, in which its words would be none of the tables', async () => {
    const gbk = Buffer.concat([Buffer.from('{"statusWords":{"success":["'), Buffer.from([0xcd, 0xea, 0xb3, 0xc9])])
    for (const bytes of [Buffer.concat([gbk, Buffer.from('"]}}')]), Buffer.from('\uFEFF{}', 'utf16le')]) {
      writeFileSync(join(directory, 'audit.json'), bytes)
      const error = await failureOf(read({ AUDIT_CONFIG: 'audit.json' }))
      expect(error).toMatchObject({ kind: 'configuration', field: 'AUDIT_CONFIG', accepted: 'a JSON file in UTF-8' })
    }
    expect((await readFile({ statusWords: { success: ['完成'] } })).mapping.taskStatus.success).toEqual(['完成'])
  })

  it.each([
    [{ threshholds: {} }, 'threshholds', 'thresholds'],
    [{ thresholds: { a1: '0.1' } }, 'thresholds.a1', 'a1DeviationRatio'],
    [{ thresholds: { a1DeviationRatio: '10' } }, 'thresholds.a1DeviationRatio', 'from 0 to 1'],
    [{ thresholds: { a1DeviationRatio: 'a tenth' } }, 'thresholds.a1DeviationRatio', 'such as "0.1"'],
    [{ thresholds: { a6Multiple: 0 } }, 'thresholds.a6Multiple', 'above 0'],
    [{ thresholds: { a6Method: 'median' } }, 'thresholds.a6Method', 'mean, robust'],
    [{ thresholds: { a6ActiveDays: 0 } }, 'thresholds.a6ActiveDays', 'at least 1'],
    [{ thresholds: { a8BalanceUsd: '-1' } }, 'thresholds.a8BalanceUsd', 'USD'],
    [{ thresholds: { settlementLagHours: 10_000 } }, 'thresholds.settlementLagHours', 'hours'],
    [{ ledgerLink: 'maybe' }, 'ledgerLink', 'auto, order, total'],
    [{ tables: { tasks: 'tasks`; drop' } }, 'tables.tasks', 'letters'],
    [{ columns: { tasks: { apikey: 'x' } } }, 'columns.tasks.apikey', 'apiKey'],
    [{ statusWords: { success: 'ok' } }, 'statusWords.success', 'a list'],
    [{ statusWords: { failed: ['failed', ' Finished'] } }, 'statusWords', '"finished" is in success and in failed'],
    [{ sourceTypes: { refund: ['refund', 'consume'] } }, 'sourceTypes', '"consume" is in consume and in refund'],
    [{ transactionTypes: { consume: [1, 0] } }, 'transactionTypes', '"0" is in consume and in rechargeOrRefund'],
    [{ modelAliases: { a: 1 } }, 'modelAliases.a', 'a text'],
    [{ legacyBillingBaseUrl: 'rest.fal.ai' }, 'legacyBillingBaseUrl', 'https://'],
    [{ falConcurrency: 1000 }, 'falConcurrency', 'at most 64'],
    [{ creditsBought: { acme: { usd: '1' } } }, 'creditsBought.acme.since', 'a text'],
    [{ creditsBought: { acme: { usd: '-1', since: '2026-01-01' } } }, 'creditsBought.acme.usd', 'USD'],
    [{ creditsBought: { acme: { usd: '1', since: '2026-02-30' } } }, 'creditsBought.acme.since', 'YYYY-MM-DD'],
    [[], '', 'an object'],
  ])('refuses %j, naming the field and what is accepted', async (content, field, accepted) => {
    const error = await failureOf(readFile(content))
    expect(error).toMatchObject({ kind: 'configuration', field })
    expect(error.message).toContain('AUDIT_CONFIG')
    expect(error.message).toContain(accepted)
    expect(error.next).toContain('audit.json')
  })

  it('may give a word another meaning, where the list that has it is given too, and name it twice in one', async () => {
    const statusWords = { success: ['done', 'Done'], failed: ['failed', 'finished'] }
    const { mapping } = await readFile({ statusWords, transactionTypes: { consume: [0], rechargeOrRefund: [1] } })
    expect(mapping.taskStatus).toEqual(statusWords)
    expect(mapping.transactionType).toEqual({ consume: [0], rechargeOrRefund: [1], income: [3] })
  })

  it('that is no JSON is refused with the place', async () => {
    const error = await failureOf(readFile('{\n  "ledgerLink": auto\n}'))
    expect(error).toMatchObject({ kind: 'configuration', field: 'AUDIT_CONFIG' })
    expect(error.message).toContain('valid JSON')
  })

  it('that is huge is not read', async () => {
    expect((await failureOf(readFile(`{}${' '.repeat(1024 * 1024)}`))).message).toContain('1 MB')
  })
})
