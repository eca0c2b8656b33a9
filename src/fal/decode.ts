import { plainDecimal, type WireAttribution } from '../../schemas/fal.ts'
import { type NanoUsd, parseUsd } from '../units/nano-usd.ts'
import type { Attribution } from './reader.ts'

/** A decimal of the wire as plain text. The schema has let only decimals through, so a throw is a mistake of the program. */
export function decimalOf(value: string | number): string {
  const text = plainDecimal(value)
  if (text === undefined) throw new RangeError('a decimal that the schema let through is none')
  return text
}

export const decimalOrNull = (value: string | number | null | undefined): string | null =>
  value == null ? null : decimalOf(value)

/** An amount of USD of the wire, exact to the nano-dollar. */
export function usdOf(value: string | number): NanoUsd {
  const amount = parseUsd(value)
  if (amount === undefined) throw new RangeError('an amount that the schema let through is none')
  return amount
}

/** What a row of usage cost: cost_total, or the older cost. The schema makes sure that one is there. */
export const costOf = (row: { cost_total?: string | number | null; cost?: string | number | null }): NanoUsd =>
  usdOf(row.cost_total ?? row.cost ?? '')

/** Key ids are compared without case; an empty one is none. */
export const keyIdOf = (text: string): string | null => text.trim().toLowerCase() || null

export function attributionOf(wire: WireAttribution | null | undefined): Attribution {
  return { keyId: keyIdOf(wire?.api_key_id ?? ''), login: wire?.login_username?.trim() || null }
}
