import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { setImmediate } from 'node:timers/promises'
import { describe, expect, it, onTestFinished, vi } from 'vitest'
import { BodyRooms } from '../../src/fal/body-rooms.ts'
import { createFalClient } from '../../src/fal/client.ts'
import { Slab } from '../../src/rows/slab.ts'
import { instant } from '../../src/units/instant.ts'

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

  it('are let go when no body comes any more', async () => {
    const rooms = new BodyRooms()
    rooms.begin()
    const room = rooms.take(PAGE)
    rooms.end()
    rooms.giveBack(room)
    await setImmediate()
    rooms.begin()
    expect(rooms.take(PAGE).buffer === room.buffer).toBe(false)
  })

  it('are kept for a body that waits for its turn alone', async () => {
    const rooms = new BodyRooms()
    rooms.begin()
    const room = rooms.take(PAGE)
    rooms.end()
    rooms.giveBack(room)
    await Promise.resolve()
    rooms.begin()
    await setImmediate()
    expect(rooms.take(PAGE) === room).toBe(true)
  })

  it.each(['content-length', 'transfer-encoding'])('are few for the pages of one key, by %s', async (by) => {
    const cut = vi.spyOn(Slab.prototype, 'cut')
    onTestFinished(() => cut.mockRestore())
    const pages = 6
    const server = createServer(({ url = '' }, response) => {
      const page = Number(new URL(url, 'http://fal').searchParams.get('cursor') ?? 0)
      const isMore = page + 1 < pages
      const head = { next_cursor: isMore ? String(page + 1) : null, has_more: isMore }
      const body = JSON.stringify({ ...head, billing_events: [eventOf(page)] })
      if (by === 'content-length') response.setHeader(by, Buffer.byteLength(body))
      response.end(body)
    })
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
    onTestFinished(() => void server.close())
    const fal = createFalClient({ baseUrl: `http://127.0.0.1:${(server.address() as AddressInfo).port}` })
    onTestFinished(() => fal.close())
    const range = { start: instant(Date.UTC(2026, 1, 6)), end: instant(Date.UTC(2026, 1, 7)) }
    const answer = await fal.events('key:secret', { range }, new AbortController().signal)
    expect(answer.status === 'complete' && answer.value.map(({ requestId }) => requestId)).toEqual(
      Array.from({ length: pages }, (_, page) => eventOf(page).request_id),
    )
    // One by one they grow into their place: the first of them.
    expect(cut.mock.calls.filter(([bytes]) => bytes >= 256 * KIB).length).toBeLessThan(pages)
  })
})

const eventOf = (page: number) => ({
  ...{ request_id: `00000000-0000-4000-8000-00000000000${page}`, endpoint_id: 'fal-ai/flux/schnell' },
  ...{ timestamp: '2026-02-06T04:00:00Z', cost_estimate_nano_usd: 100_000_000, note: 'x'.repeat(900 * KIB) },
})
