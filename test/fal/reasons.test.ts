import { describe, expect, it } from 'vitest'
import { failureOfTimeout } from '../../src/fal/reasons.ts'

describe('the reason of a timeout', () => {
  it.each([
    [150, 'within 0.15 s'],
    [40, 'within 0.04 s'],
    [999, 'within 0.999 s'],
    [10_000, 'within 10 s'],
    [1240, 'within 1.2 s'],
  ])('says %d ms as a person would, never as 0 s', (limit, said) => {
    expect(failureOfTimeout(limit).reason).toContain(`${said}.`)
  })
})
