import { describe, expect, it } from 'vitest'
import { keyIdOf, shortKeyId } from '../../src/units/api-key.ts'

const ID = '12345678-90ab-4cde-8f01-234567890abc'

describe('API keys', () => {
  it('are known by the id before the colon', () => {
    expect(keyIdOf(`${ID.toUpperCase()}:${'f'.repeat(32)}`)).toBe(ID)
    expect(keyIdOf('no-colon-at-all')).toBeNull()
    expect(keyIdOf(':secret')).toBeNull()
  })

  it('show eight characters of the id, or a digest, and never the secret', () => {
    expect(shortKeyId(`${ID}:${'f'.repeat(32)}`)).toBe('12345678…')
    const secret = 'a-key-of-some-other-form'
    expect(shortKeyId(secret)).toMatch(/^sha256:[0-9a-f]{8}$/)
    expect(shortKeyId(secret)).toBe(shortKeyId(secret))
    expect(shortKeyId(`${secret}2`)).not.toBe(shortKeyId(secret))
  })
})
