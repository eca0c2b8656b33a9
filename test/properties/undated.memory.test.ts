import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { Report, RuleId } from '../../schemas/report.ts'
import { type MiniTask, MiniWorld } from '../../src/demo/mini-world.ts'
import type { World } from '../../src/demo/stored-world.ts'
import { ratio } from '../../src/units/ratio.ts'
import { auditWorld, type WorldAudit } from '../kit/audit-world.ts'
import { runs, seeds } from '../kit/generator/any-world.ts'
import { createPrng, type Prng, seedOf } from '../kit/generator/prng.ts'

const RULES: readonly RuleId[] = ['A1', 'A2', 'A4', 'A5', 'A7', 'B16', 'B20']
/** Before the period, at its very start, in its middle, and right before its end; where it has two days, on the first of them too. */
const PLACES = ['2026-01-02 12:00:00', '2026-02-06 00:00:00', '2026-02-06 12:00:00', '2026-02-06 23:58:00'] as const
const FIRST_DAY = '2026-02-05 12:00:00'
const MODELS = ['fal-ai/flux/schnell', 'fal-ai/kling/v2'] as const

function anyTask(random: Prng): MiniTask {
  const cost = random.pick(['0', '0.1', '0.1', '0.5', '1', '2', '3', null])
  const billed = random.pick([
    {},
    {},
    {},
    false,
    { cost: '0.3' },
    { cost: '2' },
    { timestamp: '2026-02-06T16:05:00Z' },
  ] as const)
  const told = random.pick(['completed', 'completed', 'completed', 'failed', 'running'])
  return {
    ...{ user: random.pick([101, 102]), account: random.pick([5, 5, 6]), model: random.pick(MODELS), cost },
    ...{ points: random.pick([0, 10, 100, 100, 400]), refunded: random.pick([false, false, true]), status: told },
    completed: random.pick([undefined, undefined, '2026-02-09 11:00:00', null]),
    billed: cost === null && billed !== false ? false : billed,
    at: random.pick(['2026-02-06 11:00:00', '2026-02-06 00:10:00', '2026-02-06 23:55:00']),
    paid: random.pick([false, {}, {}, { points: 50 }, { orderId: null }, { orderId: null, at: '2026-02-07 00:05:00' }]),
  }
}

/** A small world, and its rows that are to lose their time. */
function smallWorld(random: Prng): { world: World; from: number } {
  const world = new MiniWorld().account(5).account(6).user(101)
  const dated = random.int(0, 7)
  for (let each = 0; each < dated; each++) {
    world.task(random.int(0, 3) > 0 ? { at: '2026-02-06 11:00:00', cost: '1' } : anyTask(random))
  }
  const lost = random.int(1, 2)
  for (let each = 0; each < lost; each++) world.task({ ...anyTask(random), at: '2026-02-06 12:00:00' })
  return { world: withHoles(world.build(), random), from: dated + 1 }
}

const STRANGE = '99999999-0000-4000-8000-000000000000:secret'

/** Some rows do not tell something else of themselves either. */
function withHoles({ tables, ...world }: World, random: Prng): World {
  const hole = (): object =>
    random.pick([{ money: null }, { userId: null }, { apiKey: STRANGE }, { onlineTaskId: null }, { appName: null }])
  const tasks = tables.tasks.map((row) => (random.int(0, 7) === 0 ? { ...row, ...hole() } : row))
  return { ...world, tables: { ...tables, tasks } }
}

function withTimes({ tables, ...world }: World, from: number, times: readonly (string | null)[]): World {
  const tasks = tables.tasks.map((row) =>
    row.id < from ? row : { ...row, createdAt: (times[row.id - from] ?? null) as string },
  )
  return { ...world, tables: { ...tables, tasks } }
}

/** A rule and its subject, part by part. */
type Topic = readonly string[]

const topicOf = ({ rule, subject }: { readonly rule: string; readonly subject: object }): Topic => [
  rule,
  ...Object.entries(subject).map(([key, value]) => `${key}=${value}`),
]
const ofRules = ({ rule }: { readonly rule: string }): boolean => RULES.some((each) => each === rule)
const foundIn = ({ findings }: Report): Topic[] => findings.filter(ofRules).map(topicOf)
const breaksIn = ({ findings }: Report): Topic[] =>
  findings.filter((each) => ofRules(each) && each.classification === 'BREAK').map(topicOf)
const openIn = ({ notEvaluated }: Report, words = ''): Topic[] =>
  notEvaluated.filter((each) => ofRules(each) && each.reason.includes(words)).map(topicOf)
/** What is open for all users is for each. */
const covers = (open: Topic, topic: Topic): boolean => open.every((part) => topic.includes(part))
const isIn = (topics: readonly Topic[], topic: Topic): boolean => topics.some((each) => each.join() === topic.join())

const placesOf = (count: number, places: readonly string[]): readonly (readonly string[])[] =>
  count === 0 ? [[]] : placesOf(count - 1, places).flatMap((rest) => places.map((place) => [...rest, place]))

/** What is asked for, and whether the period has two days. */
function anyAudit(depth: 'requests' | 'summary', random: Prng): { options: WorldAudit; places: readonly string[] } {
  const isLong = random.int(0, 3) === 0
  const options = {
    settings: { pointsPerUsd: ratio('100'), ledgerLink: random.pick(['auto', 'order', 'order', 'total'] as const) },
    ...{ depth, start: isLong ? '2026-02-05' : '2026-02-06' },
    ...random.pick([{}, {}, {}, { userIds: [101] }, { ids: [5] }]),
  }
  return { options, places: isLong ? [...PLACES, FIRST_DAY] : PLACES }
}

describe('tasks that lose their time', () => {
  it.each(['requests', 'summary'] as const)('leave open what hangs on it, and that alone: %s', async (depth) => {
    await fc.assert(
      fc.asyncProperty(seeds, async (seed) => {
        const random = createPrng(seedOf(seed, 'undated'))
        const { world, from } = smallWorld(random)
        const { options, places } = anyAudit(depth, random)
        const without = await auditWorld(withTimes(world, from, []), options)
        const placed: Report[] = []
        for (const times of placesOf(world.tables.tasks.length - from + 1, places)) {
          placed.push(await auditWorld(withTimes(world, from, times), options))
        }
        const [found, open] = [foundIn(without), openIn(without)]
        const silent = placed.flatMap(breaksIn).filter((topic) => {
          const isAlways = isIn(found, topic) && placed.every((report) => isIn(foundIn(report), topic))
          return !isAlways && !open.some((each) => covers(each, topic))
        })
        expect([seed, silent]).toEqual([seed, []])
        const accused = breaksIn(without).filter((topic) =>
          placed.some((report) => !isIn(foundIn(report), topic) && !openIn(report).some((each) => covers(each, topic))),
        )
        expect([seed, accused]).toEqual([seed, []])
        // Of what is NULL nothing is found, with a time or without.
        const spoken = placed.flatMap((report) => [...foundIn(report), ...openIn(report)])
        const idle = openIn(without, 'created_at').filter(
          (each) => each.length > 1 && !spoken.some((topic) => covers(each, topic) || covers(topic, each)),
        )
        // How rows link is decided by the tasks of all users: it is not told for each whose tasks would decide it.
        const isTold = ([rule]: Topic): boolean => rule !== 'A4' || options.settings?.ledgerLink !== 'auto'
        expect([seed, idle.filter(isTold)]).toEqual([seed, []])
      }),
      { ...runs(60), endOnFailure: true },
    )
  })
})
