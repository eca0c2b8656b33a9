import { type Instant, instant, MINUTE, plus } from '../units/instant.ts'
import { apiKeyOf, MiniWorld } from './mini-world.ts'
import type { World } from './stored-world.ts'

/** The day that the sample is about, and the moment at which the demo reads it. */
export const SAMPLE_DATE = '2026-02-06'
export const SAMPLE_NOW: Instant = instant(Date.parse('2026-02-08T09:30:00+08:00'))
export const SAMPLE_TIMEZONE = 'Asia/Shanghai'

interface Habit {
  readonly user: number
  readonly account: number
  readonly model: string
  readonly points: number
  readonly cost: string
  readonly tasks: number
  /** First task of the day. */
  readonly from: string
}

/** What the users of the sample do on an ordinary day: every task billed, charged and paid. */
const HABITS: readonly Habit[] = [
  {
    user: 101,
    account: 5,
    model: 'fal-ai/sora-2/image-to-video',
    points: 100,
    cost: '0.1',
    tasks: 30,
    from: '09:00:00',
  },
  {
    user: 102,
    account: 5,
    model: 'fal-ai/kling/v2.1/image-to-video',
    points: 280,
    cost: '0.5',
    tasks: 12,
    from: '10:00:00',
  },
  {
    user: 103,
    account: 5,
    model: 'fal-ai/seedream/v4/text-to-image',
    points: 30,
    cost: '0.03',
    tasks: 20,
    from: '11:00:00',
  },
  { user: 101, account: 12, model: 'fal-ai/flux/schnell', points: 10, cost: '0.003', tasks: 80, from: '13:00:00' },
  { user: 104, account: 31, model: 'fal-ai/flux/dev', points: 20, cost: '0.025', tasks: 5, from: '14:00:00' },
  { user: 105, account: 32, model: 'fal-ai/flux/dev', points: 20, cost: '0.025', tasks: 16, from: '15:00:00' },
  {
    user: 106,
    account: 12,
    model: 'fal-ai/wan/v2.2/text-to-video',
    points: 120,
    cost: '0.2',
    tasks: 9,
    from: '16:00:00',
  },
]

const HISTORY = ['2026-02-01', '2026-02-02', '2026-02-03', '2026-02-04', '2026-02-05']

/**
 * The sample of the demo: a small reseller's week with benign life in it, and on its last day each of the things that
 * the rules are about, at least once.
 */
export function sampleWorld(): World {
  const world = new MiniWorld()
    .account(5, { name: '主账号', balance: '12.3' })
    .account(12, { name: '备用账号', balance: '45.6' })
    .account(23, { name: '停用账号', balance: '0.15', status: 0 })
    .account(31, { name: '团队-A', balance: '88', workspace: 'team', live: '87.25' })
    .account(32, { name: '团队-B', balance: '88', workspace: 'team' })
  const names = ['张三', '李四', '王五', '赵六', '孙七', '周八']
  for (const [index, name] of names.entries()) world.user(101 + index, name)
  for (const date of HISTORY) live(world, date, 2)
  live(world, SAMPLE_DATE, 1)
  benign(world)
  troubles(world)
  return world.build()
}

function live(world: MiniWorld, date: string, share: number): void {
  for (const habit of HABITS) {
    const { tasks, from, ...task } = habit
    for (let count = 0; count < Math.ceil(tasks / share); count++) {
      const at = plus(world.instant(`${date} ${from}`), count * 2 * MINUTE)
      world.task({ ...task, at: world.zone.toNaive(at) })
    }
  }
}

/** What looks odd and is not: a split payment, a recharge, another product, a refund that arrived, a crossing of midnight. */
function benign(world: MiniWorld): void {
  world.task({
    user: 105,
    account: 12,
    model: 'fal-ai/flux/schnell',
    points: 10,
    cost: '0.003',
    at: `${SAMPLE_DATE} 17:00:00`,
    paid: { points: 4, cash: 6 },
  })
  world.points(101, 1000, { at: `${SAMPLE_DATE} 08:00:00`, title: '充值' })
  world.cash(106, 5000, { at: `${SAMPLE_DATE} 08:30:00`, title: '充值' })
  world.points(105, -300, { at: `${SAMPLE_DATE} 18:00:00`, orderId: 'shop-1', title: '素材包' })
  world.task({
    user: 106,
    account: 12,
    model: 'fal-ai/flux/schnell',
    points: 10,
    cost: '0.003',
    at: `${SAMPLE_DATE} 23:59:55`,
  })
}

function troubles(world: MiniWorld): void {
  const on = (time: string): string => `${SAMPLE_DATE} ${time}`
  // A1: somebody else spends on the main account's key, on a model that the reseller uses as well.
  for (let count = 0; count < 40; count++) {
    const at = plus(world.instant(on('02:00:00')), count * MINUTE)
    const timestamp = new Date(at).toISOString()
    world.event({ requestId: leakedId(count), endpointId: 'fal-ai/sora-2/image-to-video', cost: '0.25', timestamp })
  }
  // A2: tasks that succeeded and were charged, but that fal never billed.
  for (const minute of ['10', '20', '30']) {
    world.task({
      user: 106,
      account: 12,
      model: 'fal-ai/minimax/video-01',
      points: 200,
      cost: '0.5',
      at: on(`12:${minute}:00`),
      billed: false,
    })
  }
  // A3: a model that no task records.
  world.event(
    { requestId: leakedId(100), endpointId: 'fal-ai/recraft/v3', cost: '0.16', timestamp: world.iso(on('12:45:00')) },
    apiKeyOf(12),
  )
  // A4: a charge that was paid only in part.
  world.task({
    user: 102,
    account: 5,
    model: 'fal-ai/kling/v2.1/image-to-video',
    points: 280,
    cost: '0.5',
    at: on('19:00:00'),
    paid: { points: 80 },
  })
  // A5: a bad evening, failed and refunded.
  for (let count = 0; count < 30; count++) {
    const at = world.zone.toNaive(plus(world.instant(on('20:00:00')), count * MINUTE))
    const task = { user: 101 + (count % 2), points: 280, cost: '0', status: 'failed', refunded: true, at }
    const taskId = world.task({
      ...task,
      account: 5,
      model: 'fal-ai/kling/v2.1/image-to-video',
      billed: false,
    }).lastTaskId
    world.points(task.user, 280, { orderId: taskId, at, sourceType: 'refund', title: '失败退款' })
  }
  // A6: a day far above what this user usually spends.
  for (let count = 0; count < 30; count++) {
    const at = world.zone.toNaive(plus(world.instant(on('21:00:00')), count * MINUTE))
    world.task({ user: 104, account: 31, model: 'fal-ai/flux/dev', points: 20, cost: '0.025', at })
  }
  // A7: tasks that cost something and were given away. A8 is account 23's balance.
  for (const minute of ['05', '15', '25']) {
    world.task({
      user: 103,
      account: 5,
      model: 'fal-ai/seedream/v4/text-to-image',
      points: 0,
      cost: '0.03',
      at: on(`22:${minute}:00`),
      paid: false,
    })
  }
}

const leakedId = (count: number): string => `${String(count).padStart(8, '0')}-bbbb-4bbb-8bbb-bbbbbbbbbbbb`
