import { describe, expect, it } from 'vitest'
import { percentOf } from '../src/garbage.ts'

const MIB = 1024 * 1024

describe('how far a heap may grow', () => {
  it('is by about 32 MiB, and by less where that would be more than 140 MiB in all', () => {
    expect([32, 64, 107, 108].map((mebibytes) => percentOf(mebibytes * MIB))).toEqual([100, 50, 30, 30])
    expect([109, 116, 126].map((mebibytes) => percentOf(mebibytes * MIB))).toEqual([28, 21, 11])
  })

  it('is a share that V8 can do with', () => {
    expect([0, 1, 21, 22].map((mebibytes) => percentOf(mebibytes * MIB))).toEqual([150, 150, 150, 145])
    expect([127, 128, 140, 141, 4096].map((mebibytes) => percentOf(mebibytes * MIB))).toEqual([10, 10, 10, 10, 10])
  })
})
