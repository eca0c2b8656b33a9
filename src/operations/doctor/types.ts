import type { Line } from '../../../schemas/doctor.ts'
import type { ServerFacts } from '../../ledger/inspection.ts'
import type { TableRole } from '../../ledger/mapping.ts'
import { failure, ok, warning } from './lines.ts'

/** What a column holds, as far as its type matters. */
type Meaning = 'usd' | 'points' | 'id' | 'integer' | 'flag' | 'switch' | 'time' | 'request-id'

const MEANINGS: Readonly<Record<string, Meaning>> = {
  'accounts.id': 'id',
  'accounts.balance': 'usd',
  'accounts.status': 'switch',
  'tasks.id': 'id',
  'tasks.userId': 'id',
  'tasks.onlineTaskId': 'request-id',
  'tasks.money': 'points',
  'tasks.costMoney': 'usd',
  'tasks.isRefund': 'flag',
  'tasks.createdAt': 'time',
  'tasks.completedAt': 'time',
  'users.id': 'id',
  'points.id': 'id',
  'points.userId': 'id',
  'points.points': 'points',
  'points.balanceBefore': 'points',
  'points.balanceAfter': 'points',
  'points.createdAt': 'time',
  'cash.id': 'id',
  'cash.userId': 'id',
  'cash.money': 'points',
  'cash.time': 'time',
  'cash.transactionType': 'integer',
}

/** fal's request ids are UUIDs. */
const REQUEST_ID_CHARS = 36
/** Fractions of a USD that fal's prices have (seen: a hundredth of a cent, and less by the token). */
const USD_DECIMALS_MIN = 6

export interface TypedColumn {
  readonly key: string
  readonly name: string
  readonly type: string
}

interface Remark {
  readonly status: 'warning' | 'failure' | 'note'
  readonly text: string
}

export interface TypeContext {
  readonly engine: ServerFacts['engine']
  /** Whether the zone of stored times is the one in which the server gives a TIMESTAMP. */
  readonly zoneIsServers: boolean
}

/** One line on the types of a table's columns: what they keep exactly, and what they would lose. */
export function typesLine(
  role: TableRole,
  table: string,
  columns: readonly TypedColumn[],
  context: TypeContext,
): Line | undefined {
  const remarks = columns.flatMap(({ key, name, type }) => {
    const meaning = MEANINGS[`${role}.${key}`]
    const remark = meaning === undefined ? undefined : remarkOn(meaning, type, context)
    return remark === undefined ? [] : [{ ...remark, text: `${name} is ${type}: ${remark.text}` }]
  })
  const told = (status: Remark['status']): string[] =>
    remarks.filter((each) => each.status === status).map(({ text }) => text)
  const seen = [...told('failure'), ...told('warning'), ...told('note')].join('; ')
  const todo = 'change the type, or name the right column in AUDIT_CONFIG (columns)'
  if (told('failure').length > 0) return failure('column-types', { subject: table, seen, todo })
  if (told('warning').length > 0) return warning('column-types', { subject: table, seen, todo })
  if (columns.length === 0) return undefined
  return ok('column-types', { subject: table, seen: seen === '' ? 'no type that loses anything' : seen })
}

function remarkOn(meaning: Meaning, type: string, context: TypeContext): Remark | undefined {
  // SQLite's types bind nobody: any column holds what was written to it, numbers as doubles or 8-byte integers.
  if (context.engine === 'embedded') return undefined
  switch (meaning) {
    case 'usd':
      return usdRemark(type)
    case 'points':
      return pointsRemark(type)
    case 'id':
      return idRemark(type)
    case 'integer':
      return integerRemark(type, 'what is none is of no known type')
    case 'flag':
      return isText(type)
        ? { status: 'warning', text: 'read as 0 or 1, true or false; any other word ends an audit' }
        : integerRemark(type, 'anything else is no 0 or 1')
    case 'switch':
      return isText(type)
        ? { status: 'warning', text: 'only 0 and false mean disabled; with another word an account counts as normal' }
        : undefined
    case 'time':
      return timeRemark(type, context)
    case 'request-id':
      return requestIdRemark(type)
  }
}

const isWhole = (type: string): boolean => /^(?:tiny|small|medium|big)?int|^integer|^serial/.test(type)
const isText = (type: string): boolean => /char|text|^enum|^set|json|uuid/.test(type)

function usdRemark(type: string): Remark | undefined {
  const isDecimal = /^(?:decimal|numeric)/.test(type)
  // FLOAT(10,2) and DOUBLE(10,2) round what is stored as DECIMAL(10,2) does.
  const decimals = /^[a-z]+\(\d+,(\d+)\)/.exec(type)?.[1]
  if (decimals !== undefined || isDecimal) {
    const places = Number(decimals ?? 0)
    if (places < USD_DECIMALS_MIN) {
      return { status: 'warning', text: `amounts below its ${places} decimals were rounded when they were stored` }
    }
    if (isDecimal) return undefined
  }
  if (/^float/.test(type)) return { status: 'note', text: 'exact to 7 significant digits' }
  if (/^(?:double|real)/.test(type)) return { status: 'note', text: 'exact to 15 significant digits' }
  if (isWhole(type)) return { status: 'failure', text: 'whole dollars only; cents were lost when they were stored' }
  if (isText(type)) return { status: 'warning', text: 'a text that is no number ends an audit' }
  return { status: 'failure', text: 'no type of an amount' }
}

function pointsRemark(type: string): Remark | undefined {
  if (isWhole(type)) return undefined
  if (/^(?:decimal|numeric)\(\d+(?:,0)?\)/.test(type)) return undefined
  if (/^(?:decimal|numeric)/.test(type)) {
    return { status: 'warning', text: 'a row with a fraction of a point ends an audit' }
  }
  if (/^float/.test(type)) {
    return { status: 'warning', text: 'points above 16,777,216 are not exact, and a row with a fraction ends an audit' }
  }
  if (/^(?:double|real)/.test(type))
    return { status: 'warning', text: 'a row with a fraction of a point ends an audit' }
  if (isText(type)) return { status: 'warning', text: 'a text that is no whole number ends an audit' }
  return { status: 'failure', text: 'no type of points' }
}

function integerRemark(type: string, otherwise: string): Remark | undefined {
  if (isWhole(type) || /^(?:bit|bool|decimal|numeric|year)/.test(type)) return undefined
  return { status: 'failure', text: `must be a whole number; ${otherwise}` }
}

function idRemark(type: string): Remark | undefined {
  if (!/char|text/.test(type)) return integerRemark(type, 'an id that is none ends an audit')
  return {
    status: 'warning',
    text: 'read by its number, without an index; an id that is no whole number ends an audit',
  }
}

function timeRemark(type: string, { zoneIsServers }: TypeContext): Remark | undefined {
  if (/^datetime/.test(type)) return undefined
  if (/^timestamp/.test(type)) {
    if (zoneIsServers) return undefined
    return {
      status: 'warning',
      text: 'the server gives it in its own zone, which is not DB_TIMEZONE; set DB_TIMEZONE to the offset of the server',
    }
  }
  if (isText(type)) {
    const text = 'only YYYY-MM-DD HH:MM:SS is read, also with a T between; rows with other texts count as not read'
    return { status: 'warning', text }
  }
  if (/^date$/.test(type)) return { status: 'failure', text: 'must be DATETIME; these rows would lie at midnight' }
  return { status: 'failure', text: 'must be DATETIME; of a table with such times an audit reads nothing' }
}

function requestIdRemark(type: string): Remark | undefined {
  // A UUID that is stored as its 16 bytes, or a number of the system's own, is no text that fal's could be.
  const binary = Number(/^(?:var)?binary\((\d+)\)/.exec(type)?.[1] ?? REQUEST_ID_CHARS)
  if (binary < REQUEST_ID_CHARS || isWhole(type) || /^(?:decimal|numeric|float|double|real|bit)/.test(type)) {
    return {
      status: 'failure',
      text: `must hold fal's request ids as texts, which have ${REQUEST_ID_CHARS} characters`,
    }
  }
  const chars = Number(/^(?:var)?char\((\d+)\)/.exec(type)?.[1] ?? REQUEST_ID_CHARS)
  if (chars >= REQUEST_ID_CHARS) return undefined
  return { status: 'failure', text: `cuts fal's request ids, which have ${REQUEST_ID_CHARS} characters` }
}
