import { describe, expect, it } from 'vitest'
import { betterRead } from '../../../src/audit/bills/better-read.ts'
import { failed, part, whole } from '../../kit/evidence.ts'

describe('of two readings of one source', () => {
  const [none, one, two] = [failed(), part([1]), part([1, 2])]
  const all = whole([1])

  it.each([
    ['a whole one', 'a longer part', all, two],
    ['a whole one', 'none', all, none],
    ['a part', 'none', one, none],
    ['the longer part', 'the shorter', two, one],
  ])('%s is better than %s, whichever came first', (_, __, better, worse) => {
    expect(betterRead(better, worse)).toBe(better)
    expect(betterRead(worse, better)).toBe(better)
  })

  it.each([
    ['two whole ones', all, whole([2])],
    ['two parts of one length', one, part([2])],
    ['none twice', none, failed('other')],
  ])('of %s the first stays', (_, first, second) => {
    expect(betterRead(first, second)).toBe(first)
  })
})
