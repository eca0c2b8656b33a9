import { describe, expect, it } from 'vitest'
import { couldBeKey, keyIdOf, shortKeyId } from '../../src/units/api-key.ts'

const ID = '12345678-90ab-4cde-8f01-234567890abc'

describe('API keys', () => {
  it('are known by the id before the colon', () => {
    expect(keyIdOf(`${ID.toUpperCase()}:${'f'.repeat(32)}`)).toBe(ID)
    expect(keyIdOf('no-colon-at-all')).toBeNull()
    expect(keyIdOf(':secret')).toBeNull()
  })

  it.each([
    [`${ID}:${'f'.repeat(32)}`],
    [`${ID}:${'f'.repeat(4)}`],
    ['f'.repeat(20)],
    ['hunter22'],
    ['sEcRetKey'],
    [' key-of-account-5 '],
    ['dGhpcy/aXMrYQ/c2VjcmV0'],
  ])('could be %j', (text) => {
    expect(couldBeKey(text)).toBe(true)
  })

  it.each([
    [''],
    ['deleted'],
    ['DISABLED'],
    ['f'.repeat(19)],
    ['half a key'],
    ['hunter2'],
    ['\u5df2\u7ecf\u5220\u9664'],
    ['12345678901234567890'],
    ['2026-02-01 00:00:00.000'],
    ['fal-ai/sora-2/image-to-video'],
  ])('could not be %j', (text) => {
    expect(couldBeKey(text)).toBe(false)
  })

  it('show eight characters of the id, or a digest, and never the secret', () => {
    expect(shortKeyId(`${ID}:${'f'.repeat(32)}`)).toBe('12345678…')
    const secret = 'a-key-of-some-other-form'
    expect(shortKeyId(secret)).toMatch(/^sha256:[0-9a-f]{8}$/)
    expect(shortKeyId(secret)).toBe(shortKeyId(secret))
    expect(shortKeyId(`${secret}2`)).not.toBe(shortKeyId(secret))
  })
})
