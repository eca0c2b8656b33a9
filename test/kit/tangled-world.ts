import { MiniWorld } from '../../src/demo/mini-world.ts'
import type { World } from '../../src/demo/stored-world.ts'
import type { Prng } from './generator/prng.ts'

/** Ids that stand in several tasks, rows and events at once, some of them another task's own. */
const IDS = ['X1', 'X2', 'X3', 'task-1', 'task-2', 'task-3', 'nobody'] as const
const TIMES = [
  ...['2026-01-20 00:00:00', '2026-02-05 20:00:00', '2026-02-05 23:59:59', '2026-02-06 00:00:00'],
  ...['2026-02-06 09:00:00', '2026-02-06 12:00:00', '2026-02-06 23:59:50'],
  ...['2026-02-07 00:00:00', '2026-02-07 00:05:00', '2026-02-08 23:00:00'],
] as const

/** Books in which hardly anything has an id of its own: users, accounts and times mixed at random. */
export function tangledWorld(random: Prng): World {
  const world = new MiniWorld()
  world.account(5, { workspace: 'a' }).account(6, { workspace: random.pick(['a', 'b']) })
  world.account(9)
  const orderId = () => random.pick([null, `task-${random.int(1, 12)}`, ...IDS])
  const billed = () => ({ unitPrice: random.pick(['1', '1.0', '2']), timestamp: world.iso(random.pick(TIMES)) })
  const paid = () => random.pick([false as const, { cash: 50 }, { orderId: orderId() }, { at: random.pick(TIMES) }])
  for (let count = random.int(2, 14); count > 0; count--) {
    world.task({
      ...{ user: random.int(101, 106), account: random.pick([5, 5, 6, 9, 9999]), model: random.pick(['m1', 'm2']) },
      ...{ points: random.pick([0, 100, 100, 200]), cost: random.pick(['0.05', '0.05', '0.1', '0', null]) },
      ...{ at: random.pick(TIMES), status: random.pick(['completed', 'completed', 'failed', 'running']) },
      refunded: random.chance(0.2),
      ...(random.chance(0.3) && { requestId: random.pick([null, '', ...IDS]) }),
      ...(random.chance(0.4) && { billed: random.chance(0.5) ? false : billed() }),
      ...(random.chance(0.3) && { paid: paid() }),
    })
  }
  const row = () => ({ orderId: orderId(), at: random.pick(TIMES) })
  for (let count = random.int(0, 4); count > 0; count--) {
    const timestamp = world.iso(random.pick(TIMES))
    world.event({ requestId: random.pick(IDS), cost: random.pick(['0.05', '2']), timestamp })
    const sourceType = random.pick(['consume', 'refund', 'recharge', 'gift'])
    world.points(random.int(101, 107), random.pick([-100, 50, 100]), { ...row(), sourceType })
    world.cash(random.int(101, 107), random.pick([-100, 50]), { ...row(), transactionType: random.int(0, 3) })
  }
  return world.build()
}

/** Takes the user away from some rows of both ledgers. */
export function withHiddenUsers({ tables, ...world }: World, random: Prng): World {
  // A row of no known type leaves its user open; without one it does so for the task that it names.
  const isKnown = (row: object): boolean => !('transactionType' in row && row.transactionType === 2)
  const hide = <Row extends object>(row: Row): Row =>
    random.chance(0.2) && isKnown(row) ? { ...row, userId: null } : row
  return { ...world, tables: { ...tables, points: tables.points.map(hide), cash: tables.cash.map(hide) } }
}
