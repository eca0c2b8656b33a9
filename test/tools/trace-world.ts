import { MiniWorld, requestIdOf } from '../../src/demo/mini-world.ts'
import type { World } from '../../src/demo/stored-world.ts'

/** A request that account 7 was billed and no task records. */
export const LEAKED = '0000aaaa-bbbb-4bbb-8bbb-bbbbbbbbbbbb'
/** A request billed in the workspace of account 5 to a key that no account row holds. */
export const STRANGERS = '0000cccc-bbbb-4bbb-8bbb-bbbbbbbbbbbb'
const UNKNOWN_KEY = 'deadbeef-0000-4000-8000-00000000abcd:0123456789abcdef0123456789abcdef'

/** Each kind of verdict: the task, what is said of it, and the rules that mention it. */
export const TRACED: [verdict: string, id: string, sentence: RegExp, rules: string[]][] = [
  ['matched', 'task-1', /^fal billed 0\.05 USD in 1 event and the task recorded 0\.05 USD: they agree$/, []],
  ['amount', 'task-2', /fal billed 0\.080000001 USD in 2 events/, ['B3']],
  ['unbilled', 'task-3', /recorded 0\.05 USD, but fal bills nothing/, ['B2']],
  ['pending', 'task-4', /less than 24 hours ago/, []],
  ['duplicate', 'task-6', /belongs to another task too \(task-5\)/, ['B4']],
  ['failed-but-billed', 'task-7', /failed, and still fal billed 0\.05 USD in 1 event; it is not marked/, ['B7']],
  ['refunded-but-billed', 'task-8', /marked as refunded to the user, and fal billed 0\.05 USD/, ['B20']],
  ['without-id', 'task-9', /has no request id/, []],
  ['unfinished', 'task-10', /not finished/, ['B18']],
  ['not-evaluated', 'task-11', /in no account row/, ['B14']],
  ['nothing-due', 'task-12', /failed and fal bills nothing/, []],
  ['matched', 'task-13', /they agree/, []],
  ['matched', 'task-14', /they agree/, ['B10']],
  ['duplicate', 'task-18', /very same event of this request more than once: 0\.10 USD in 2 events/, ['B3', 'B5']],
]

/** One task of each verdict, user 101 unless said, all of 2026-02-06 but for the one that is pending. */
export function traceWorld(): World {
  const world = new MiniWorld().account(5).account(7).account(9, { status: 0 })
  // Text from outside that tries to look like something else.
  world.user(101, 'Eve \u001b[31m\u202ered')
  world.task()
  world.task({ paid: { points: 60, cash: 40 } })
  world.event({ requestId: requestIdOf(2), cost: '0.030000001', timestamp: world.iso('2026-02-06 12:05:00') })
  world.task({ billed: false })
  world.task({ at: '2026-02-09 10:00:00', billed: false })
  world.task({ user: 102 })
  world.task({ user: 102, requestId: requestIdOf(5), billed: false, at: '2026-02-06 13:00:00' })
  world.task({ status: 'failed' })
  world.task({ refunded: true })
  world.points(101, 100, { orderId: world.lastTaskId, sourceType: 'refund', at: '2026-02-08 09:00:00' })
  world.task({ requestId: null, billed: false })
  world.task({ status: 'in_queue', completed: null, billed: false })
  world.task({ apiKey: UNKNOWN_KEY })
  world.task({ status: 'failed', cost: '0', points: 0 })
  const url = `https://queue.fal.run/fal-ai/flux/requests/${requestIdOf(13)}/status`
  world.task({ requestId: url, billed: { requestId: requestIdOf(13) } })
  world.task({ paid: { points: 80 } })
  world.task({ account: 7, user: 103 })
  // The request id of one task is the task id of another.
  world.task({ user: 104, requestId: 'both-1' })
  world.task({ user: 104 })
  world.task({ user: 105 })
  world.event({ requestId: requestIdOf(18), cost: '0.05', timestamp: world.iso('2026-02-06 12:00:30') })
  world.points(105, -300, { orderId: 'shop-1' })
  world.event(
    { requestId: LEAKED, cost: '0.25', timestamp: world.iso('2026-02-06 10:00:00') },
    '00000007-0000-4000-8000-000000000000:fffffffffffffffffffffffffffffff7',
  )
  world.event({
    requestId: STRANGERS,
    cost: '0.4',
    timestamp: world.iso('2026-02-06 10:00:00'),
    keyId: 'cafebabe-0000-4000-8000-00000000abcd',
  })
  return renamed(world.build(), 'task-17', 'both-1')
}

/** The same world with another task id, in the task table and in both ledgers. */
function renamed({ tables, workspaces }: World, from: string, to: string): World {
  const orderOf = <Row extends { readonly orderId: string | null }>(row: Row): Row =>
    row.orderId === from ? { ...row, orderId: to } : row
  return {
    workspaces,
    tables: {
      ...tables,
      tasks: tables.tasks.map((task) => (task.taskId === from ? { ...task, taskId: to } : task)),
      points: tables.points.map(orderOf),
      cash: tables.cash.map(orderOf),
    },
  }
}
