import { readFile, stat } from 'node:fs/promises'
import { homedir, userInfo } from 'node:os'
import { isAbsolute, join, resolve } from 'node:path'
import { type ConfigFile, configFile } from '../schemas/config.ts'
import { AuditError, shortened } from './errors.ts'
import { type Proxies, type ProxyServer, type ProxyVariables, proxyFor, proxySecrets } from './fal/proxy.ts'
import { parseDatabaseUrl } from './ledger/database-url.ts'
import { doubleMeaningIn, type MappingOverrides, mappingWith, type TableMapping } from './ledger/mapping.ts'
import { LIMITS } from './limits.ts'
import { type BillingSettings, DEFAULT_BILLING, DEFAULT_THRESHOLDS, type Thresholds } from './settings.ts'
import type { CreditsBought, OperationSettings } from './tool.ts'
import { type Millis, SECOND } from './units/instant.ts'
import { parseRatio, type Ratio } from './units/ratio.ts'
import { repeatedName } from './units/repeated-name.ts'
import { textOfUtf8 } from './units/utf-8.ts'
import { openZone, type Zone } from './units/zone.ts'
import { parseOutside } from './validation.ts'

/** The environment as the process got it. */
export type Environment = Readonly<Record<string, string | undefined>>

export interface Config {
  /** Absolute path of the file that AUDIT_CONFIG names, readable or not. */
  readonly configFile: string | undefined
  /** Its form was checked; undefined: no database is configured. */
  readonly databaseUrl: string | undefined
  /** DB_TIMEZONE; undefined: the database's own offset. */
  readonly dbZone: Zone | undefined
  readonly mapping: TableMapping
  readonly databaseDeadline: Millis
  readonly falBaseUrl: string
  readonly falConcurrency: number
  readonly falProxies: Proxies
  /** Where fal's unconfirmed /billing/invoices may answer; undefined: it is not asked. */
  readonly legacyBillingBaseUrl: string | undefined
  readonly serveToken: string | undefined
  readonly adminToken: string | undefined
  /** Absolute path of the file of billing rules and settlements; it need not exist. */
  readonly billingStore: string
  /** Whether the tool that writes billing rules is there. */
  readonly billingWritable: boolean
  readonly operation: OperationSettings
}

const FAL_BASE_URL = 'https://api.fal.ai/v1'
const ACCOUNT_LIMIT = 20
const ACCOUNT_LIMIT_MAX = 10_000
const CONFIG_BYTES_MAX = 1024 * 1024

/**
 * Reads the environment and the file that AUDIT_CONFIG names. Throws AuditError of kind 'configuration' for the first bad
 * value; where `onProblem` is given, that hears of each, and the default stands in. Each secret is handed to `onSecret` before
 * anything can fail, so that no message can hold it.
 */
export async function readConfig(
  environment: Environment,
  directory: string,
  onSecret: (secret: string) => void,
  onProblem?: (problem: AuditError) => void,
): Promise<Config> {
  const value = (name: string): string | undefined => given(environment[name])
  for (const name of ['DATABASE_URL', 'FAL_KEY', 'SERVE_TOKEN', 'ADMIN_TOKEN']) {
    const secret = value(name)
    if (secret !== undefined && !secret.startsWith('file:')) onSecret(secret)
  }
  for (const name of NOT_SECRET) {
    const password = passwordIn(value(name))
    if (password !== '') onSecret(password)
  }
  const proxies: ProxyVariables = {
    'https:': { https_proxy: value('https_proxy'), HTTPS_PROXY: value('HTTPS_PROXY') },
    'http:': { http_proxy: value('http_proxy'), HTTP_PROXY: value('HTTP_PROXY') },
    except: value('no_proxy') ?? value('NO_PROXY'),
  }
  for (const text of [proxies['https:'], proxies['http:']].flatMap(Object.values<string | undefined>)) {
    for (const secret of proxySecrets(text ?? '')) onSecret(secret)
  }
  const named = value('AUDIT_CONFIG')
  const configPath = named === undefined ? undefined : resolve(directory, named)
  const tell = (error: unknown): void => {
    if (onProblem === undefined || !(error instanceof AuditError)) throw error
    onProblem(error)
  }
  /** Without a text each reader gives its default. */
  const tried = <T>(read: (text: string | undefined) => T, text: string | undefined): T => {
    try {
      return read(text)
    } catch (error) {
      tell(error)
      return read(undefined)
    }
  }
  const file: ConfigFile =
    configPath === undefined
      ? {}
      : await readConfigFile(configPath).catch((error: unknown) => {
          tell(error)
          return {}
        })
  const falBaseUrl = tried(readFalBaseUrl, value('FAL_API_BASE_URL'))
  const legacyBillingBaseUrl = tried(readLegacyBaseUrl, file.legacyBillingBaseUrl)
  const falProxies = new Map<string, ProxyServer>()
  for (const url of [falBaseUrl, legacyBillingBaseUrl]) {
    const proxy = tried((text) => (text === undefined ? undefined : proxyFor(text, proxies)), url)
    if (url !== undefined && proxy !== undefined) falProxies.set(new URL(url).origin, proxy)
  }
  const dataHome = given(environment.XDG_DATA_HOME)
  return {
    configFile: configPath,
    databaseUrl: tried(readDatabaseUrl, value('DATABASE_URL')),
    dbZone: tried((text) => readZone('DB_TIMEZONE', text), value('DB_TIMEZONE')),
    mapping: mappingWith(mappingOverrides(file)),
    databaseDeadline:
      file.databaseDeadlineSeconds === undefined ? LIMITS.databaseDeadline : file.databaseDeadlineSeconds * SECOND,
    falBaseUrl,
    falConcurrency: file.falConcurrency ?? LIMITS.falConcurrency,
    falProxies,
    legacyBillingBaseUrl,
    serveToken: tried((text) => readToken('SERVE_TOKEN', text), value('SERVE_TOKEN')),
    adminToken: tried((text) => readToken('ADMIN_TOKEN', text), value('ADMIN_TOKEN')),
    billingStore: tried((text) => readBillingStore(text, directory, dataHome), value('BILLING_STORE')),
    billingWritable: file.billing?.allowWrite ?? false,
    operation: {
      auditZone: tried((text) => readZone('AUDIT_TIMEZONE', text), value('AUDIT_TIMEZONE')),
      accountLimit: tried(readAccountLimit, value('AUDIT_ACCOUNT_LIMIT')),
      pointsPerUsd: tried(readPointsPerUsd, value('AUDIT_POINTS_PER_USD')),
      thresholds: thresholdsOf(file),
      ledgerLink: file.ledgerLink ?? 'auto',
      modelAliases: new Map(Object.entries(file.modelAliases ?? {})),
      creditsBought: creditsOf(file),
      falKey: tried((text) => readToken('FAL_KEY', text), value('FAL_KEY')),
      billing: billingOf(file),
    },
  }
}

/** SERVE_TOKEN alone, with the same care. */
export function readServeToken(environment: Environment, onSecret: (secret: string) => void): string | undefined {
  const token = given(environment.SERVE_TOKEN)
  if (token !== undefined) onSecret(token)
  return readToken('SERVE_TOKEN', token)
}

/** Settings that are no secrets; but by mistake each may hold the address of a database, with its password. */
const NOT_SECRET = [
  ...['FAL_API_BASE_URL', 'AUDIT_TIMEZONE', 'DB_TIMEZONE', 'AUDIT_ACCOUNT_LIMIT', 'AUDIT_POINTS_PER_USD'],
  ...['AUDIT_CONFIG', 'BILLING_STORE', 'XDG_DATA_HOME', 'no_proxy', 'NO_PROXY'],
]
/** An address with a user, as it is written, or as a path in which its // became one. */
const WITH_USER = /[a-z][a-z0-9+.-]*:\/+([^:/@]*)(?::(.*))?@/is

const passwordIn = (text: string | undefined): string => WITH_USER.exec(text ?? '')?.[2] ?? ''

/** A value of the environment. Empty ones, and ${VAR} that a client passed on unexpanded, count as unset. */
export function given(raw: string | undefined): string | undefined {
  const text = raw?.trim() ?? ''
  return text === '' || /^\$\{[^}]*\}$/.test(text) ? undefined : text
}

/** The error for one bad setting. Leave the value out where it could be a secret; an address with a user is not shown. */
function badSetting(name: string, accepted: string, value?: string): AuditError {
  const shown = value === undefined || WITH_USER.test(value) ? undefined : shortened(value, 80)
  const found = shown === undefined ? 'its value' : `"${shown}"`
  return new AuditError('configuration', `${name}: ${found} is not accepted; give ${accepted}`, {
    field: name,
    value: shown,
    accepted,
  })
}

function readDatabaseUrl(text: string | undefined): string | undefined {
  // Read for its errors alone: the store reads it again when it is opened, which may be never.
  if (text !== undefined) parseDatabaseUrl(text)
  return text
}

const readFalBaseUrl = (text: string | undefined): string =>
  text === undefined ? FAL_BASE_URL : readBaseUrl('FAL_API_BASE_URL', text, FAL_BASE_URL)

const readLegacyBaseUrl = (text: string | undefined): string | undefined =>
  text === undefined ? undefined : readBaseUrl('legacyBillingBaseUrl', text, 'https://rest.alpha.fal.ai')

function readBaseUrl(name: string, text: string, example: string): string {
  const url = URL.canParse(text) ? new URL(text) : undefined
  const plain =
    url !== undefined &&
    ['http:', 'https:'].includes(url.protocol) &&
    url.username === '' &&
    url.password === '' &&
    url.search === '' &&
    url.hash === ''
  // The value is not echoed: what makes an URL unacceptable here may be a password in it.
  if (!plain) throw badSetting(name, `an URL without user name or query, such as ${example}`)
  return text.replace(/\/+$/, '')
}

const BILLING_STORE_PLACE = ['fal-consumption-audit', 'billing.db']

/**
 * Where the user's data lie; undefined for a user without a home, such as a number that a container was given. An empty HOME
 * names no folder either: what was settled would depend on where the program was started.
 */
function userDataHome(): string | undefined {
  for (const homeOf of [homedir, () => userInfo().homedir]) {
    try {
      const home = homeOf()
      if (isAbsolute(home)) return join(home, '.local', 'share')
    } catch {
      // The system knows of no such user.
    }
  }
  return undefined
}

/** A file of our own, by default where programs keep their data for a user. */
function readBillingStore(text: string | undefined, directory: string, dataHome: string | undefined): string {
  if (text === undefined) {
    // The specification of that variable has relative values passed over.
    const home = dataHome !== undefined && isAbsolute(dataHome) ? dataHome : (userDataHome() ?? directory)
    return join(home, ...BILLING_STORE_PLACE)
  }
  // A second scheme is no folder: with it an address, and its password, would become one.
  const path = /^file:(?!\/\/|[a-z][a-z0-9+.-]+:\/\/)(.+)$/i.exec(text)?.[1]
  if (path === undefined) throw badSetting('BILLING_STORE', 'file: and the path of a file, which need not exist', text)
  return resolve(directory, path)
}

function billingOf({ billing = {} }: ConfigFile): BillingSettings {
  const { currency, defaultMembershipLevel } = billing
  return { ...DEFAULT_BILLING, ...definedOf({ currency, defaultMembershipLevel }) }
}

function readZone(name: string, text: string | undefined): Zone | undefined {
  if (text === undefined) return undefined
  const zone = openZone(text)
  if (zone === undefined) {
    throw badSetting(name, 'an IANA time zone such as Asia/Shanghai, or an offset such as +08:00', text)
  }
  return zone
}

function readAccountLimit(text: string | undefined): number {
  if (text === undefined) return ACCOUNT_LIMIT
  const count = /^\d{1,6}$/.test(text) ? Number(text) : 0
  if (count < 1 || count > ACCOUNT_LIMIT_MAX) {
    throw badSetting('AUDIT_ACCOUNT_LIMIT', `a whole number from 1 to ${ACCOUNT_LIMIT_MAX}`, text)
  }
  return count
}

function readPointsPerUsd(text: string | undefined): Ratio | undefined {
  if (text === undefined) return undefined
  const rate = parseRatio(text)
  if (rate === undefined || rate.numerator === 0n) {
    throw badSetting('AUDIT_POINTS_PER_USD', 'a number above 0, such as 400', text)
  }
  return rate
}

/** A key or token goes into an HTTP header: anything else than printable ASCII is refused. Never echoed. */
function readToken(name: string, text: string | undefined): string | undefined {
  if (text !== undefined && !/^[\x21-\x7e]{1,1000}$/.test(text)) {
    throw badSetting(name, 'printable ASCII characters without blanks')
  }
  return text
}

async function readConfigFile(path: string): Promise<ConfigFile> {
  const bytes = await stat(path)
    .then(({ size }) => {
      if (size > CONFIG_BYTES_MAX) throw badSetting('AUDIT_CONFIG', 'a JSON file of at most 1 MB', path)
      return readFile(path)
    })
    .catch((cause: unknown) => {
      if (cause instanceof AuditError) throw cause
      throw badSetting('AUDIT_CONFIG', 'the path of a JSON file that can be read', path)
    })
  const text = textOfUtf8(bytes)
  // Words in it would be none that the tables hold: what they name would be judged as if they were not there.
  if (text === undefined) throw badSetting('AUDIT_CONFIG', 'a JSON file in UTF-8', path)
  const next = `Mend it in ${path}.`
  const parsed = parseJson(text, path)
  const twice = repeatedName(text)
  if (twice !== undefined)
    throw badSetting('AUDIT_CONFIG', `each name once ("${shortened(twice, 80)}" stands twice)`, path)
  const file = parseOutside(configFile, parsed, { kind: 'configuration', where: 'AUDIT_CONFIG', next })
  const double = doubleMeaningIn(mappingWith(mappingOverrides(file)))
  if (double === undefined) return file
  const { setting, word, lists } = double
  const accepted = 'each word in one list; a list that is left out has its default words'
  const message = `AUDIT_CONFIG: ${setting}: "${shortened(word, 80)}" is in ${lists.join(' and in ')}; give ${accepted}`
  throw new AuditError('configuration', message, { field: setting, accepted, next })
}

function parseJson(text: string, path: string): unknown {
  try {
    return JSON.parse(text)
  } catch (cause) {
    const place = /position \d+(?: \(line \d+ column \d+\))?/.exec(String(cause))?.[0]
    throw badSetting('AUDIT_CONFIG', `a file of valid JSON${place === undefined ? '' : ` (broken at ${place})`}`, path)
  }
}

/** The configuration names thresholds in human units; inside the program their names say the exact one. */
function thresholdsOf({ thresholds = {} }: ConfigFile): Thresholds {
  const { a8BalanceUsd, b15UsdMin, b19UsdPerRow, b21UsdMin, ...others } = thresholds
  const { settlementLagHours, refundLagHours, stuckHours, ...same } = others
  const renamed = {
    a8BalanceNanoUsd: a8BalanceUsd,
    b15NanoUsdMin: b15UsdMin,
    b19NanoUsdPerRow: b19UsdPerRow,
    b21NanoUsdMin: b21UsdMin,
    settlementLagMillis: settlementLagHours,
    refundLagMillis: refundLagHours,
    stuckMillis: stuckHours,
  }
  return { ...DEFAULT_THRESHOLDS, ...definedOf(same), ...definedOf(renamed) }
}

function creditsOf({ creditsBought = {} }: ConfigFile): Map<string, CreditsBought> {
  return new Map(Object.entries(creditsBought).map(([name, { usd, since }]) => [name, { nanoUsd: usd, since }]))
}

function mappingOverrides(file: ConfigFile): MappingOverrides {
  const { users, ...columns } = file.columns ?? {}
  const renamed = Object.fromEntries(Object.entries(columns).map(([role, names]) => [role, definedOf(names ?? {})]))
  const { userNameColumn: name, membershipLevelColumn: level } = file
  return {
    tables: definedOf(file.tables ?? {}),
    columns: { ...renamed, users: { ...definedOf(users ?? {}), ...definedOf({ name, level }) } },
    taskStatus: definedOf(file.statusWords ?? {}),
    sourceType: definedOf(file.sourceTypes ?? {}),
    transactionType: definedOf(file.transactionTypes ?? {}),
    ...(file.placeholderRequestIds !== undefined && { placeholderRequestIds: file.placeholderRequestIds }),
  }
}

type Defined<T> = { [K in keyof T]?: Exclude<T[K], undefined> }

/** Without the keys whose value is undefined, which would overwrite a default when spread. */
const definedOf = <T extends object>(values: T): Defined<T> =>
  Object.fromEntries(Object.entries(values).filter(([, value]) => value !== undefined)) as Defined<T>
