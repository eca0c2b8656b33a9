import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { plainDecimal, wireInstant } from '../../schemas/fal.ts'
import { at, zone } from './line.ts'

describe('plainDecimal', () => {
  it.each([
    [0, '0'],
    [-0, '0'],
    ['-0.00', '0'],
    [1e-7, '0.0000001'],
    [-1.5e-9, '-0.0000000015'],
    [1e21, '1000000000000000000000'],
    [1.25e22, '12500000000000000000000'],
    [0.1, '0.1'],
    ['+007.500', '7.5'],
    ['12.', '12'],
    ['1.2345E2', '123.45'],
    ['1E+2', '100'],
    ['0e5', '0'],
    [' 3 ', '3'],
  ])('%s is %s', (value, text) => {
    expect(plainDecimal(value)).toBe(text)
  })

  it.each(['', 'NaN', 'Infinity', '1,5', '0x10', '.5', '1e9999', 'abc'])('refuses "%s"', (text) => {
    expect(plainDecimal(text)).toBeUndefined()
  })

  it('writes every finite number without exponent and loses nothing of it', () => {
    fc.assert(
      fc.property(fc.double({ noNaN: true, noDefaultInfinity: true }), (value) => {
        const text = plainDecimal(value)
        expect(text).toMatch(/^-?(?:0|[1-9]\d*)(?:\.\d*[1-9])?$/)
        expect(Number(text)).toBe(value === 0 ? 0 : value)
      }),
      { numRuns: 300 },
    )
  })
})

describe('wireInstant', () => {
  it('reads offsets, fractions and wall-clock time', () => {
    expect(wireInstant('2026-02-01T08:00:00+08:00')).toBe(at('2026-02-01T00:00:00Z'))
    expect(wireInstant('2026-02-01T00:00:00.123456Z')).toBe(at('2026-02-01T00:00:00.123Z'))
    expect(wireInstant('2026-02-01T00:00:00.123456')).toBe(at('2026-02-01T00:00:00.123Z'))
    expect(wireInstant('2026-02-01', zone('Asia/Shanghai'))).toBe(at('2026-01-31T16:00:00Z'))
    expect(wireInstant('soon')).toBeUndefined()
    expect(wireInstant('2026-02-31')).toBeUndefined()
  })
})
