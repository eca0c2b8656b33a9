import { describe, expect, it } from 'vitest'
import { percentOf } from '../src/garbage.ts'

const MIB = 1024 * 1024

describe('how far a heap may grow', () => {
  it('is by about 32 MiB, however much lives', () => {
    expect([32, 64, 128, 256].map((mebibytes) => percentOf(mebibytes * MIB))).toEqual([100, 50, 25, 13])
  })

  it('is a share that V8 can do with', () => {
    expect([0, 1, 21, 22].map((mebibytes) => percentOf(mebibytes * MIB))).toEqual([150, 150, 150, 145])
    expect([319, 337, 338, 4096].map((mebibytes) => percentOf(mebibytes * MIB))).toEqual([10, 10, 10, 10])
  })
})
