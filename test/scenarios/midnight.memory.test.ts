import { describe, expect, it } from 'vitest'
import { MiniWorld } from '../../src/demo/mini-world.ts'
import { auditWorld, type WorldAudit } from '../kit/audit-world.ts'

/**
 * A user at work over midnight, whose tasks are all of one price. The window is 2026-02-06; that a payment is missing, or one
 * too many, shows whatever else is paid around it, and that one is late shows as timing.
 */

const user = 101
const MIDNIGHT = { end: Date.parse('2026-02-06T16:00:00Z'), start: Date.parse('2026-02-05T16:00:00Z') }

/** A time in seconds from midnight on. */
const at = (edge: 'start' | 'end', seconds: number): string =>
  new Date(MIDNIGHT[edge] + seconds * 1000 + 8 * 3_600_000).toISOString().slice(0, 19).replace('T', ' ')

/** When a task was made, and when its payment came: at once where that is not said, or never. */
type Paid = number | readonly [made: number, paid: number | 'never']

interface Given {
  readonly edge: 'start' | 'end'
  /** In seconds from that edge on. */
  readonly tasks: readonly Paid[]
  /** Rows of 100 points that are of no task. */
  readonly extra?: readonly number[]
}

function fill(world: MiniWorld, { edge, tasks, extra = [] }: Given): MiniWorld {
  for (const task of tasks) {
    const [made, paid] = typeof task === 'number' ? [task, task] : task
    const row = paid === 'never' ? false : { orderId: null, at: at(edge, paid) }
    world.task({ user, cost: '0.5', at: at(edge, made), paid: row })
  }
  for (const seconds of extra) world.points(user, -100, { at: at(edge, seconds) })
  return world
}

const BUSY = [9, 10, 11, 12, 13, 14, 15, 16, 17]
/** No row names its task. */
const unlinked = (): MiniWorld => fill(new MiniWorld().account(5), { edge: 'start', tasks: BUSY.map((h) => h * 3600) })
/** Rows name their tasks, but those at midnight. */
const linked = (): MiniWorld => {
  const world = new MiniWorld().account(5)
  for (let task = 0; task < 40; task++) world.task({ user, cost: '0.5', at: '2026-02-06 12:00:00' })
  return world
}

async function said(world: MiniWorld, options: WorldAudit = {}) {
  const report = await auditWorld(world.build(), { depth: 'requests', ...options })
  expect(await auditWorld(world.build(), { depth: 'requests', pieceRows: 1, ...options })).toEqual(report)
  const found = report.findings.filter(({ rule }) => rule === 'A4' || rule === 'B10')
  return [
    ...found.map(({ rule, classification, difference }) => `${rule} ${classification} ${difference}`),
    ...report.notEvaluated.filter(({ rule }) => rule === 'A4' || rule === 'B10').map(({ rule }) => `${rule} open`),
  ].filter((text) => text !== 'B10 open' || report.settings.ledgerLink === 'order')
}

const short = ['A4 BREAK -100']
const late = ['A4 TIMING -100']

/** Tasks some seconds apart, each paid at once. */
const every = (from: number, until: number, seconds: number): number[] =>
  Array.from({ length: Math.ceil((until - from) / seconds) }, (_, index) => from + index * seconds)

const AT_THE_END: readonly [string, readonly Paid[], 'short' | 'late', extra?: readonly number[]][] = [
  ['the last task was never paid', [[-90, 'never']], 'short'],
  ['it was not, and the next one was at once', [[-90, 'never'], 40], 'short'],
  ['it was not, and the next ones were', [[-90, 'never'], 40, 200, 500], 'short'],
  [
    'it was not, and the next one was a moment later',
    [
      [-90, 'never'],
      [40, 45],
    ],
    'short',
  ],
  ['it was not, and the one after ten minutes was', [[-90, 'never'], 40, 660], 'short'],
  [
    'another was not, and the last was paid in time',
    [
      [-90, -90],
      [-3600, 'never'],
      [40, 40],
    ],
    'short',
  ],
  [
    'another was not, and a row after midnight is of no task',
    [
      [-90, -80],
      [-3600, 'never'],
    ],
    'short',
  ],
  ['it was not, and the user went on', [...every(-1690, 1190, 120), [-90, 'never']], 'short'],
  ['it was paid right after midnight, and the user went on', [...every(-1690, 1190, 120), [-2, 1]], 'late'],
  ['it was paid right after midnight', [[-2, 1]], 'late'],
  ['it was, and the next one at once', [[-2, 1], 30], 'late'],
  ['it was, and the next ones', [[-2, 1], 30, 200, 500], 'late'],
  ['it was paid after the next one was made, and that at once', [[-2, 35], 30], 'late'],
  [
    'it was paid after the next one was made, and that later',
    [
      [-2, 35],
      [30, 90],
    ],
    'late',
  ],
  [
    'it was, and the next one more than ten minutes later',
    [
      [-2, 1],
      [30, 1200],
    ],
    'late',
  ],
  [
    'it was, and the next one past the first ten minutes',
    [
      [-2, 300],
      [290, 660],
    ],
    'late',
  ],
  [
    'all are paid three minutes late',
    [
      [-700, -520],
      [-170, 10],
      [20, 200],
      [220, 400],
      [420, 600],
      [590, 770],
    ],
    'late',
  ],
]

describe('in mode total, at the end', () => {
  it.each(AT_THE_END)('%s: %j %s', async (_, tasks, expected, extra = []) => {
    expect(await said(fill(unlinked(), { edge: 'end', tasks, extra }))).toEqual(expected === 'short' ? short : late)
  })
})

describe('in mode order, of tasks and rows that name none, at the end', () => {
  it.each(AT_THE_END)('%s: %j %s', async (_, tasks, expected, extra = []) => {
    const [payment, ...others] = await said(fill(linked(), { edge: 'end', tasks, extra }))
    expect([payment]).toEqual(expected === 'short' ? short : late)
    expect(others.every((text) => text.startsWith('B10'))).toBe(true)
  })

  it('and where nothing around it is open, B10 names the task', async () => {
    const alone = fill(linked(), { edge: 'end', tasks: [[-90, 'never'], 40] })
    expect(await said(alone)).toEqual(['A4 BREAK -100', 'B10 BREAK -100'])
    const after = fill(linked(), { edge: 'end', tasks: [[-2, 1], 30] })
    expect(await said(after)).toEqual(['A4 TIMING -100', 'B10 open'])
  })

  it('tasks after it whose rows name them need no others', async () => {
    const world = (paid: { orderId?: null; at: string } | false) =>
      linked()
        .task({ user, cost: '0.5', at: at('end', -2), paid })
        .task({ user, cost: '0.5', at: at('end', 0), paid: { at: at('end', 1) } })
    expect(await said(world({ orderId: null, at: at('end', 1) }))).toEqual(['A4 TIMING -100', 'B10 open'])
    expect(await said(world(false))).toEqual(['A4 BREAK -100', 'B10 BREAK -100'])
  })
})

describe('in mode total, at the start', () => {
  const over = ['A4 BREAK 100']
  it.each<[string, Omit<Given, 'edge'>, readonly string[]]>([
    ['a task of before it was paid in time, and one row is too many', { tasks: [-90, 30], extra: [72_000] }, over],
    ['it was paid a moment later', { tasks: [[-90, -80], 30], extra: [72_000] }, over],
    ['and those before it', { tasks: [-500, -300, -90, 30], extra: [72_000] }, over],
    ['no task is of before it', { tasks: [30], extra: [72_000] }, over],
    ['a row is too many right after it, and its task was paid', { tasks: [-90, 30], extra: [31] }, over],
    [
      'it was never paid, and all rows after it are those of tasks',
      { tasks: [[-90, 'never'], 30], extra: [72_000] },
      over,
    ],
    ['the user went on', { tasks: every(-1690, 1190, 120), extra: [72_000] }, over],
    [
      'the user went on, and one task was paid late',
      { tasks: [...every(-1690, 1190, 120), [-2, 1]] },
      ['A4 TIMING 100'],
    ],
    ['it was paid right after midnight', { tasks: [[-2, 1]] }, ['A4 TIMING 100']],
    ['it was, and the next one at once', { tasks: [[-2, 1], 30] }, ['A4 TIMING 100']],
    ['it was, and those before it in time', { tasks: [-500, -300, [-2, 1], 30] }, ['A4 TIMING 100']],
    [
      'all are paid three minutes late',
      {
        tasks: [
          [-750, -570],
          [-550, -370],
          [-170, 10],
          [20, 200],
          [220, 400],
        ],
      },
      ['A4 TIMING 100'],
    ],
  ])('%s', async (_, given, expected) => {
    expect(await said(fill(unlinked(), { edge: 'start', ...given }))).toEqual(expected)
  })
})

it('a window that ends now has nothing after it: what is missing may come yet, and is not there after ten minutes', async () => {
  const window = { start: '2026-02-06T00:00:00+08:00', end: '2026-02-07T00:00:00+08:00' }
  const now = { ...window, now: MIDNIGHT.end as never }
  const later = { ...window, now: (MIDNIGHT.end + 600_000) as never }
  expect(await said(fill(unlinked(), { edge: 'end', tasks: [-90] }), now)).toEqual([])
  expect(await said(fill(unlinked(), { edge: 'end', tasks: [[-90, 'never']] }), now)).toEqual(late)
  expect(await said(fill(unlinked(), { edge: 'end', tasks: [[-90, 'never']] }), later)).toEqual(short)
})
