import { describe, expect, it } from 'vitest'
import { NumberRooms } from '../../src/spool/number-rooms.ts'

describe('rooms for numbers', () => {
  it('are used again where they are large enough, each list by itself', () => {
    const rooms = new NumberRooms()
    const first = rooms.take(0, 100)
    const other = rooms.take(2, 10)
    first.fill(7)
    other.fill(8)
    const again = rooms.take(0, 125)
    expect([again.buffer === first.buffer, again.length, again[0], again[124]]).toEqual([true, 125, 7, 0])
    expect(rooms.take(0, 126).buffer).not.toBe(first.buffer)
    expect([...rooms.take(2, 3)]).toEqual([8, 8, 8])
    expect(rooms.take(1, 0).length).toBe(0)
  })

  it('are all 0 where that is asked for', () => {
    const rooms = new NumberRooms()
    rooms.take(0, 9).fill(-1)
    expect([...rooms.zeros(0, 5)]).toEqual([0, 0, 0, 0, 0])
    expect([...rooms.take(0, 7)]).toEqual([0, 0, 0, 0, 0, -1, -1])
  })
})
