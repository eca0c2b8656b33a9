import { describe, expect, it } from 'vitest'
import { BodyRooms } from '../../src/fal/body-rooms.ts'

const KIB = 1024
const PAGE = 4096 * KIB

describe('rooms for bodies', () => {
  it('are read into again, by bodies an eighth longer too, and never by two at once', () => {
    const rooms = new BodyRooms()
    rooms.begin()
    const first = rooms.take(PAGE)
    const second = rooms.take(PAGE)
    expect(first.length).toBeGreaterThanOrEqual(PAGE)
    first.fill(1)
    second.fill(2)
    expect([first[0], first.at(-1), second[0]]).toEqual([1, 1, 2])
    rooms.giveBack(first)
    const again = rooms.take((PAGE * 9) / 8)
    expect(again.byteOffset).toBe(first.byteOffset)
    expect(again.buffer === first.buffer).toBe(true)
    expect(rooms.take(PAGE).byteOffset).not.toBe(first.byteOffset)
  })

  it('that are too short for a body are not given out for it', () => {
    const rooms = new BodyRooms()
    rooms.begin()
    const short = rooms.take(300 * KIB)
    rooms.giveBack(short)
    const long = rooms.take(PAGE)
    expect(long.length).toBeGreaterThanOrEqual(PAGE)
    rooms.giveBack(short)
    expect(rooms.take(300 * KIB).length).toBe(long.length)
  })

  it.each([
    ['short', 256 * KIB - 1, 256 * KIB],
    ['longer than any page', 16 * KIB * KIB + 1, 16 * KIB * KIB],
  ])('of a body that is %s are its own', (_, own, kept) => {
    const rooms = new BodyRooms()
    rooms.begin()
    const room = rooms.take(own)
    expect([room.length, room.buffer.byteLength]).toEqual([own, own])
    rooms.giveBack(room)
    expect(rooms.take(own) === room).toBe(false)
    const other = rooms.take(kept)
    rooms.giveBack(other)
    expect(rooms.take(kept) === other).toBe(true)
  })

  it('are let go when no body comes any more', () => {
    const rooms = new BodyRooms()
    rooms.begin()
    const room = rooms.take(PAGE)
    rooms.end()
    rooms.giveBack(room)
    rooms.begin()
    expect(rooms.take(PAGE).buffer === room.buffer).toBe(false)
  })
})
