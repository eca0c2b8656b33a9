import type { z } from 'zod'
import { type falUsage, wireInstant } from '../../schemas/fal.ts'
import { asRecord, decimalReader, isTextOrNone, isUsdOrNone, type Json } from './event-row.ts'

type Usage = z.output<typeof falUsage>

/**
 * Tells pages of GET /models/usage in which nothing is unusual: the schema, which decides of all others and names what is wrong,
 * takes ten times as long to let a row through. What passes here passes the schema, and is the same behind it.
 */
export function usualUsage(): (json: unknown) => json is Usage {
  const decimalIn = decimalReader()
  const times = new Map<string, boolean>()
  const isTime = (value: unknown): boolean => {
    if (typeof value !== 'string') return false
    const known = times.get(value)
    if (known !== undefined) return known
    const isOne = wireInstant(value) !== undefined
    times.set(value, isOne)
    return isOne
  }
  const isDecimalOrNone = (value: unknown): boolean => decimalIn(value) !== undefined
  const isRow = (value: unknown): boolean => {
    const row = asRecord(value)
    if (row === undefined || typeof row.endpoint_id !== 'string' || !isTextOrNone(row.unit)) return false
    if (row.quantity == null || !isDecimalOrNone(row.quantity) || !isUsdOrNone(row.currency)) return false
    if (!isDecimalOrNone(row.unit_price) || !isDecimalOrNone(row.percent_discount)) return false
    if (!isDecimalOrNone(row.cost_total) || !isDecimalOrNone(row.cost)) return false
    return (row.cost_total ?? row.cost) != null && isAttribution(row.auth_method_structured)
  }
  return (json): json is Usage => {
    const page = asRecord(json)
    if (page === undefined || !Array.isArray(page.time_series) || !isPaged(page)) return false
    return page.time_series.every((value) => {
      const series = asRecord(value)
      return isTime(series?.bucket) && Array.isArray(series?.results) && series.results.every(isRow)
    })
  }
}

const isPaged = ({ next_cursor: cursor, has_more: more }: Json): boolean =>
  isTextOrNone(cursor) && (more == null || typeof more === 'boolean')

function isAttribution(value: unknown): boolean {
  if (value == null) return true
  const attribution = asRecord(value)
  return attribution !== undefined && isTextOrNone(attribution.api_key_id) && isTextOrNone(attribution.login_username)
}
