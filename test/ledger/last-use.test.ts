import { describe, expect, test } from 'vitest'
import { at, BACKENDS, reading, task } from './backends.ts'

const KEY = 'key-1-0000:secret'

describe.each(BACKENDS)('the last use of a key on $name', (backend) => {
  test('is its newest task, whatever came of it; a key without tasks is absent', async () => {
    const world = await backend.create({
      tasks: [
        task(1, { createdAt: '2026-02-03 12:00:00' }),
        task(2, { createdAt: '2026-02-04 23:59:59', status: 'failed' }),
        task(3, { createdAt: '2026-02-04 08:00:00' }),
        task(4, { apiKey: 'key-2-0000:secret', createdAt: '2025-12-31 00:00:00' }),
        task(5, { apiKey: ` ${KEY}`, createdAt: '2026-02-05 00:00:00' }),
      ],
    })
    try {
      const last = await reading(world, (snapshot) => snapshot.lastUse())
      expect([...last].sort()).toEqual([
        [KEY, at('2026-02-05T00:00:00+08:00')],
        ['key-2-0000:secret', at('2025-12-31T00:00:00+08:00')],
      ])
    } finally {
      await world.remove()
    }
  })

  test('is not told where the newest time cannot be read, or there is none', async () => {
    const keys = ['key-1-0000:secret', 'key-2-0000:secret', 'key-3-0000:secret']
    const tasks = [1, 2, 3, 4, 5, 6].map((id) =>
      task(id, { apiKey: keys[(id - 1) % 3]!, createdAt: `2026-02-0${id > 3 ? 4 : 3} 12:00:00` }),
    )
    const world = await backend.create({ tasks })
    try {
      if (backend.name !== 'embedded') await world.exec("SET SESSION sql_mode = ''")
      await world.exec("UPDATE ts_fal_tasks SET created_at = '2026-03-00 00:00:00' WHERE id = 4")
      await world.exec('UPDATE ts_fal_tasks SET created_at = NULL WHERE id = 5')
      await world.exec('UPDATE ts_fal_tasks SET created_at = NULL WHERE id = 3')
      await world.exec("UPDATE ts_fal_tasks SET created_at = '0000-00-00 00:00:00' WHERE id = 6")
      expect([...(await reading(world, (snapshot) => snapshot.lastUse()))].sort()).toEqual([
        [keys[0], null],
        [keys[1], at('2026-02-03T12:00:00+08:00')],
        [keys[2], undefined],
      ])
    } finally {
      await world.remove()
    }
  })

  test('is not told where its time is a text as long as a date that is none, and is where a shorter one is no time', async () => {
    const keys = ['key-1-0000:secret', 'key-2-0000:secret']
    const tasks = [1, 2, 3, 4].map((id) => task(id, { apiKey: keys[id % 2]! }))
    const world = await backend.create({ tasks })
    try {
      if (backend.name !== 'embedded') await world.exec('ALTER TABLE ts_fal_tasks MODIFY created_at VARCHAR(40)')
      await world.exec("UPDATE ts_fal_tasks SET created_at = '2026-02-31' WHERE id = 4")
      await world.exec("UPDATE ts_fal_tasks SET created_at = '2026-2-31' WHERE id = 3")
      expect([...(await reading(world, (snapshot) => snapshot.lastUse()))].sort()).toEqual([
        [keys[0], null],
        [keys[1], at('2026-02-03T12:00:00+08:00')],
      ])
    } finally {
      await world.remove()
    }
  })

  test('is found among ids that no one statement goes through', async () => {
    const ids = [1, 9_999, 10_000, 10_001, 20_001, 44_444]
    const newest = 20_001
    const tasks = ids.map((id) => task(id, { createdAt: `2026-02-0${id === newest ? 5 : 4} 12:00:00` }))
    const world = await backend.create({ tasks: [...tasks, task(7, { apiKey: 'key-2-0000:secret' })] })
    try {
      expect([...(await reading(world, (snapshot) => snapshot.lastUse()))].sort()).toEqual([
        [KEY, at('2026-02-05T12:00:00+08:00')],
        ['key-2-0000:secret', at('2026-02-03T12:00:00+08:00')],
      ])
    } finally {
      await world.remove()
    }
  })

  test('of an empty table is none, and a missing table is named', async () => {
    const world = await backend.create({})
    try {
      expect(await reading(world, (snapshot) => snapshot.lastUse())).toEqual(new Map())
      await world.exec('DROP TABLE ts_fal_tasks')
      await expect(reading(world, (snapshot) => snapshot.lastUse())).rejects.toMatchObject({
        kind: 'source',
        message: expect.stringContaining('ts_fal_tasks'),
      })
    } finally {
      await world.remove()
    }
  })

  test('a request id is bare, whatever form it is stored in', async () => {
    const world = await backend.create({})
    try {
      const bare = await reading(world, async ({ bareRequestId }) =>
        ['fal-ai/x#REQ_8', 'https://queue.fal.run/x/requests/r-1/status', 'none'].map(bareRequestId),
      )
      expect(bare).toEqual(['REQ_8', 'r-1', ''])
    } finally {
      await world.remove()
    }
  })
})
