import { expect } from 'vitest'
import { type GivenLedgers, settledLedgers, toldOf as told } from './ledger-spools.ts'

/** The same rows joined all at once and in as many pieces as there can be: both must say the same. */
export async function inAnyPieces(given: GivenLedgers) {
  const whole = await settledLedgers(given)
  const pieces = await settledLedgers({ ...given, pieceRows: 1 })
  expect([...whole.source.pieces()]).toHaveLength(1)
  expect([...pieces.source.pieces()].length).toBeGreaterThan(1)
  expect(told(pieces.source)).toEqual(told(whole.source))
  expect(pieces.asked).toEqual(whole.asked)
  expect(pieces.failures).toEqual(whole.failures)
  return { ...whole, ...told(whole.source) }
}
