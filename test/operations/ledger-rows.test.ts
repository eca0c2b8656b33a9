import { expect, it } from 'vitest'
import { MiniWorld } from '../../src/demo/mini-world.ts'
import { userLedgers } from '../../src/operations/user-ledgers.ts'
import { memoryDependencies, quietContext } from '../kit/audit-world.ts'

const LISTED_MAX = 20_000

/** How many rows of points are listed of so many, and how completely. */
async function listed(rows: number) {
  const world = new MiniWorld().account(5).task()
  for (let row = 1; row < rows; row++) world.points(101, 1, { sourceType: 'gift' })
  const given = { start: '2026-02-06', end: '2026-02-06', user_ids: [101], entries: true }
  const { entries, sources } = await userLedgers(given, memoryDependencies(world.build(), {}), quietContext())
  const { status, reason } = sources.find(({ source }) => source === 'points')!
  return [entries?.length, status, reason]
}

it('rows that are listed are so many, and more are said to be left out', async () => {
  expect(await listed(LISTED_MAX)).toEqual([LISTED_MAX, 'complete', undefined])
  expect(await listed(LISTED_MAX + 1)).toEqual([
    ...[LISTED_MAX, 'partial', 'only the first 20000 rows are listed: ask for fewer users or days'],
  ])
})
