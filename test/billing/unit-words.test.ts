import { describe, expect, it } from 'vitest'
import { billedUnit, type Measure } from '../../src/billing/unit-words.ts'

describe('a unit of the bill', () => {
  const known: readonly [string, Measure, bigint][] = [
    ['image', 'image', 1n],
    [' Images ', 'image', 1n],
    ['second', 'second', 1n],
    ['seconds', 'second', 1n],
    ['secs', 'second', 1n],
    ['minutes', 'second', 60n],
    ['MIN', 'second', 60n],
    ['megapixels', 'megapixel', 1n],
    ['mp', 'megapixel', 1n],
    ['videos', 'video', 1n],
    ['5 seconds', 'second', 5n],
    ['characters', 'character', 1n],
    ['1000 characters', 'character', 1000n],
    ['1K chars', 'character', 1000n],
    ['token', 'token', 1n],
    ['1m tokens', 'token', 1_000_000n],
    ['thousand tokens', 'token', 1000n],
  ]
  it.each(known)('"%s" is %s × %d', (unit, measure, each) => {
    expect(billedUnit(unit)).toEqual({ measure, each })
  })

  it.each([
    'compute seconds',
    'gpu-seconds',
    'milliseconds',
    'msecs',
    'units',
    'requests',
    'constructor',
    'images per second',
    '-1 images',
    '1.5 seconds',
    '',
    null,
  ])('%j counts nothing that a rule could', (unit) => {
    expect(billedUnit(unit)).toBeUndefined()
  })
})
