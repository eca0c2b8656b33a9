import { describe, expect, test } from 'vitest'
import { mappingWith } from '../../src/ledger/mapping.ts'
import type { LedgerSnapshot } from '../../src/ledger/reader.ts'
import { BACKENDS, cashRow, pointsRow, reading, task } from './backends.ts'

const mappingOf = (names: { readonly name: string | null; readonly level?: string }) =>
  mappingWith({ columns: { users: names } })

describe.each(BACKENDS)('whom a table has rows of, on $name', (backend) => {
  test('is told for each table, once a user, whatever the time of the row', async () => {
    const world = await backend.create({
      users: [{ id: 101, username: 'lin' }],
      tasks: [task(1, { userId: 102, createdAt: '2020-01-01 00:00:00' }), task(2, { userId: 102 })],
      points: [pointsRow(1, { userId: 103 })],
      cash: [cashRow(1, { userId: 104 })],
    })
    const asked = [101, 102, 103, 104, 105, 102, ...Array.from({ length: 6000 }, (_, index) => 1000 + index)]
    const whose = (table: Parameters<LedgerSnapshot['usersIn']>[0], names = mappingOf({ name: 'username' })) =>
      reading(world, async (snapshot) => [...(await snapshot.usersIn(table, asked))], { mapping: names })
    try {
      expect(await whose('users')).toEqual([101])
      expect(await whose('tasks')).toEqual([102])
      expect(await whose('points')).toEqual([103])
      expect(await whose('cash')).toEqual([104])
      // Without names there may be no table of users, so nobody asks for it.
      expect(await whose('users', mappingOf({ name: null }))).toEqual([])
      expect(await whose('users', mappingOf({ name: null, level: 'username' }))).toEqual([101])
    } finally {
      await world.remove()
    }
  })
})
