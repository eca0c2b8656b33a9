import { describe, expect, test } from 'vitest'
import { mappingWith } from '../../src/ledger/mapping.ts'
import { BACKENDS, reading } from './backends.ts'

const users = [101, 102, 103, 104].map((id) => ({ id, username: `user ${id}` }))
const mapping = mappingWith({ columns: { users: { level: 'vip_level' } } })

describe.each(BACKENDS)('membership levels on $name', (backend) => {
  test('are read from the column that is mapped; users without one are absent', async () => {
    const world = await backend.create({ users })
    try {
      await world.exec('ALTER TABLE ts_users ADD COLUMN vip_level VARCHAR(20)')
      await world.exec("UPDATE ts_users SET vip_level = ' 黄金 ' WHERE id = 101")
      await world.exec("UPDATE ts_users SET vip_level = '' WHERE id = 103")
      await world.exec("UPDATE ts_users SET vip_level = 'basic' WHERE id = 104")
      const levels = await reading(world, (snapshot) => snapshot.userLevels([101, 102, 103, 101, 9]), { mapping })
      expect([...levels]).toEqual([[101, '黄金']])
      expect((await reading(world, (snapshot) => snapshot.userLevels([]), { mapping })).size).toBe(0)
      expect((await reading(world, (snapshot) => snapshot.userNames([101]), { mapping })).get(101)).toBe('user 101')
    } finally {
      await world.remove()
    }
  })

  test('are the number of a BIT, as of any other number', async () => {
    const type = backend.name === 'embedded' ? 'INT' : 'BIT(4)'
    const world = await backend.create({ users })
    try {
      await world.exec(`ALTER TABLE ts_users ADD COLUMN vip_level ${type}`)
      await world.exec('UPDATE ts_users SET vip_level = id - 101 WHERE id < 104')
      const levels = await reading(world, (snapshot) => snapshot.userLevels([101, 102, 103, 104]), { mapping })
      expect([...levels]).toEqual([
        [101, '0'],
        [102, '1'],
        [103, '2'],
      ])
    } finally {
      await world.remove()
    }
  })

  test('are none where no column is mapped, and an error names a column that is not there', async () => {
    const world = await backend.create({ users })
    try {
      expect((await reading(world, (snapshot) => snapshot.userLevels([101]))).size).toBe(0)
      await expect(reading(world, (snapshot) => snapshot.userLevels([101]), { mapping })).rejects.toMatchObject({
        kind: 'source',
        message: expect.stringContaining('vip_level'),
      })
    } finally {
      await world.remove()
    }
  })
})
