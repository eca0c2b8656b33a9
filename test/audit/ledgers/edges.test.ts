import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import {
  crossingSums,
  type EdgeAmount,
  isRowNearEdge,
  isTaskNearEdge,
  spareSum,
} from '../../../src/audit/ledgers/edges.ts'
import { MINUTE } from '../../../src/units/instant.ts'
import { at, later } from '../../kit/books.ts'

const EDGE = at('2026-02-06 00:00:00')

/** Minutes from the edge on, and an amount, 100 unless said. */
type Timed = number | readonly [minutes: number, amount: number]
const amountsOf = (timed: readonly Timed[]): EdgeAmount[] =>
  timed.map((each) => {
    const [minutes, amount] = typeof each === 'number' ? [each, 100] : each
    return { at: later(EDGE, minutes * MINUTE), amount, linked: false }
  })
const sums = (tasks: readonly Timed[], rows: readonly Timed[]): number[] => [
  ...new Set(crossingSums(EDGE, { tasks: amountsOf(tasks), rows: amountsOf(rows) })),
]
const spare = (tasks: readonly Timed[], rows: readonly Timed[]): number =>
  spareSum(EDGE, { tasks: amountsOf(tasks), rows: amountsOf(rows) })

describe('rows right after an edge that may pay tasks from right before it', () => {
  it.each<[string, Timed[], Timed[], number[]]>([
    ['the only one', [-1], [1], [0, 100]],
    ['of two tasks', [-2, -1], [1, 2], [0, 100, 200]],
    [
      'in order of time',
      [[-1, 300]],
      [
        [2, 200],
        [1, 100],
      ],
      [0, 100, 300],
    ],
    ['no more than the tasks were charged', [-1], [1, 2], [0, 100]],
    ['not without a task before it', [], [1], [0]],
    ['nor with one of long before', [-10.01], [1], [0]],
    ['but of ten minutes before', [-10], [1], [0, 100]],
    ['up to ten minutes later', [-1], [9.99], [0, 100]],
    ['and no later', [-1], [10], [0]],
    ['and from the edge on', [-1], [0], [0, 100]],
    ['and not from before', [-1], [-0.01], [0]],
  ])('%s', (_, tasks, rows, expected) => {
    expect(sums(tasks, rows)).toEqual(expected)
  })

  it.each<[string, Timed[], Timed[], number[]]>([
    ['one row pays its own task', [-2, 0.66], [0.66], [0]],
    ['or one a moment before it', [-2, 0.66], [1], [0]],
    ['but no later one', [-2, 0.66], [0.65], [0, 100]],
    ['two rows pay their own tasks', [-2, 1, 3], [1, 3], [0]],
    ['one of two rows pays its own', [-2, 0.5], [0.02, 0.51], [0, 100]],
    ['whichever of them', [-2, 0.5], [0.6, 0.8], [0, 100]],
    ['its own is paid only later', [-2, 0.5], [0.02, 9], [0, 100]],
    ['also past ten minutes', [-2, 5], [6, 15], [0, 100]],
    ['and past its own ten', [-2, 5], [0.02, 30], [0, 100]],
    ['and not by what is later than that', [-2, 5], [6, 15.01], [0]],
    [
      'its own took exactly its charge',
      [
        [-2, 100],
        [0.5, 70],
      ],
      [
        [0.5, 70],
        [1, 100],
      ],
      [0, 70, 100],
    ],
    [
      'its own took a point less',
      [
        [-2, 100],
        [0.5, 71],
      ],
      [
        [0.5, 70],
        [1, 100],
      ],
      [0, 70],
    ],
    [
      'its own came first of the same amount',
      [
        [-2, 300],
        [0.5, 70],
      ],
      [
        [0.6, 70],
        [0.7, 70],
      ],
      [0, 70],
    ],
    [
      'what its own need is told to the point',
      [
        [-2, 300],
        [0.5, 70],
      ],
      [
        [0.6, 30],
        [0.7, 70],
      ],
      [0, 30],
    ],
  ])('as long as tasks after the edge do not need them: %s', (_, tasks, rows, expected) => {
    expect(sums(tasks, rows)).toEqual(expected)
  })

  it.each<[string, Timed[], Timed[], number[]]>([
    ['the last task was paid before the edge', [-2], [-2, 1], [0]],
    ['a minute later', [-2], [-1, 1], [0]],
    ['one of two was', [-2, -1], [-1.5, 1, 2], [0, 100]],
    ['by a row of before it none was', [-2], [-2.01, 1], [0, 100]],
    ['by a row that may be an older one’s', [-11, -2], [-1.5, 1], [0, 100]],
    ['by a row that is too late for an older one', [-11.6, -2], [-1.5, 1], [0]],
    [
      'but for a point',
      [[-2, 100]],
      [
        [-2, 99],
        [1, 1],
      ],
      [0, 1],
    ],
    [
      'to the point',
      [[-2, 100]],
      [
        [-2, 100],
        [1, 1],
      ],
      [0],
    ],
  ])('as far as rows before it leave these unpaid: %s', (_, tasks, rows, expected) => {
    expect(sums(tasks, rows)).toEqual(expected)
  })

  it('may give back what they took, whatever else there is', () => {
    expect(sums([-2], [[1, -40]])).toEqual([0, -40])
    expect(sums([-2], [-2, [1, -40]])).toEqual([0, -40])
  })
})

describe('what rows after an edge can spare', () => {
  it.each<[Timed[], Timed[], number]>([
    [[], [], 0],
    [[], [1, 9.99, 10], 200],
    [[1], [1], 0],
    [[1], [0.99], 100],
    [[1], [1, 2], 100],
    [[[1, 130]], [1, 2], 70],
    [[1], [1.1, 11], 100],
    [[1], [1.1, 11.01], 0],
    [[], [[1, -5]], -5],
  ])('%j, %j: %d', (tasks, rows, expected) => {
    expect(spare(tasks, rows)).toBe(expected)
  })
})

describe('a row that follows its task at once', () => {
  const second = 1 / 60
  // A row past the first ten minutes, whose own task is not known, may be that of the task before; one of before it is paid.
  it.each<[string, Timed[], Timed[], number[]]>([
    ['at the same moment', [-4, -2, 5], [-4, 5, 11], [0]],
    ['up to five seconds later', [-4, -2, 5], [-4, 5 + 5 * second, 11], [0]],
    ['and no later', [-4, -2, 5], [-4, 5 + 5.1 * second, 11], [0, 100]],
    ['and not before it', [-4, -2, 5], [-4, 5 - second, 11], [0, 100]],
    ['and not where it took a point more', [-4, -2, [5, 99]], [-4, 5, 11], [0, 100]],
    ['each one task', [-4, -2, 1, 2, 3, 4, 4], [-4, 1, 2, 3, 4, 4.5, 11], [0, 100]],
    ['two of a moment', [-2, 5, 5], [5, 5, 11, 12], [0]],
    ['however many were not paid', [-4, -3, -2, -1, 5], [-4, 5, 11], [0]],
    ['not where it is the only one', [-2, 5], [5, 11], [0, 100]],
    ['not across the edge', [-second], [0], [0, 100]],
    ['also before the edge, as four of five rows do', [-11, -7, -6, -5, -2], [-7, -6, -5, -2, 1], [0]],
    ['and not as three of four do', [-11, -6, -5, -2], [-6, -5, -2, 1], [0, 100]],
    ['of which one was paid late', [-11, -7, -6, -5, -4, -2], [-7, -6, -5, -4, -1.9, 1], [0, 100]],
  ])('pays it: %s', (_, tasks, rows, expected) => {
    expect(sums(tasks, rows)).toEqual(expected)
  })

  it('but where tasks come so fast that one does by chance', () => {
    const every = (seconds: number, count: number) =>
      Array.from({ length: count }, (_, index) => (index - count / 2) * seconds * second)
    // One task before the edge is not paid: of payments that all come late nobody could tell that.
    const most = (count: number) => {
      const tasks = every(5, count)
      return sums([...tasks, -second], [...tasks, 10.5]).at(-1)
    }
    expect([most(179), most(180)]).toEqual([0, 100])
  })
})

describe('what lies near an edge', () => {
  const window = { start: EDGE, end: at('2026-02-07 00:00:00') }

  it('is all that is looked at', () => {
    for (const edge of [window.start, window.end]) {
      const near = (is: typeof isRowNearEdge) =>
        [-20, -10, 0, 10, 20].map((minutes) => [-1, 0].map((off) => is(later(edge, minutes * MINUTE + off), window)))
      const [no, begins, yes, ends] = [
        [false, false],
        [false, true],
        [true, true],
        [true, false],
      ]
      expect(near(isRowNearEdge)).toEqual([no, begins, yes, yes, ends])
      expect(near(isTaskNearEdge)).toEqual([begins, yes, yes, ends, no])
    }
  })
})

describe('any rows and tasks of one point each', () => {
  const times = (from: number, until: number) =>
    fc.array(fc.integer({ min: from, max: until }), { maxLength: 8, size: 'max' })

  /** The most of these pairs that go without anything in two of them. */
  function matched(rows: readonly number[], tasks: readonly number[], goes: (row: number, task: number) => boolean) {
    const payer: (number | undefined)[] = []
    const pays = (row: number, seen: Set<number>): boolean =>
      tasks.some((task, place) => {
        if (seen.has(place) || !goes(rows[row] ?? 0, task)) return false
        seen.add(place)
        const other = payer[place]
        if (other !== undefined && !pays(other, seen)) return false
        payer[place] = row
        return true
      })
    return rows.filter((_, row) => pays(row, new Set())).length
  }

  it('cross the edge as far as both sides can be paid as well without', () => {
    fc.assert(
      fc.property(times(-20, 9), times(-10, 19), (tasks, rows) => {
        // Rows come six seconds later than here: none at once.
        const goes = (row: number, task: number) => row >= task && row < task + 10
        const [before, after] = [rows.filter((row) => row < 0), rows.filter((row) => row >= 0)]
        const [last, own] = [tasks.filter((task) => task < 0 && task >= -10), tasks.filter((task) => task >= 0)]
        // A place before the edge takes any row right after it, and a task right before it any place after.
        const places = after.map(() => -99)
        const spared =
          matched(after, [...own, ...places], (row, task) => (task === -99 ? row < 10 : goes(row, task))) -
          matched(after, own, goes)
        const older = tasks.filter((task) => task < -10)
        const unpaid =
          matched([...before, ...last.map(() => 99)], [...older, ...last], (row, task) =>
            row === 99 ? task >= -10 : goes(row, task),
          ) - matched(before, [...older, ...last], goes)
        const one = (each: number) => [each, 1] as const
        expect(
          sums(
            tasks.map(one),
            rows.map((row) => one(row + 0.1)),
          )
            .sort((a, b) => a - b)
            .at(-1),
        ).toBe(Math.min(spared, unpaid))
      }),
      { numRuns: 3000 },
    )
  })
})
