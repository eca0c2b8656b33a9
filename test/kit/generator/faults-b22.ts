import { plus, SECOND } from '../../../src/units/instant.ts'
import { dateOf } from './arithmetic.ts'
import type { Draft, DraftTask } from './draft.ts'
import { type Allowed, also, type Injector, type Plant, place, taskSubject } from './faults.ts'
import { momentIn } from './generate.ts'
import { MODELS, PRICED_MODEL } from './models.ts'
import { addRule, addVersion, dueCents, OTHER_LEVEL, pointsOf } from './prices.ts'
import type { Prng } from './prng.ts'

const PRICED = { prices: true } as const
/** Of one unit of the model that only this file uses, in cents of a point. */
const CENTS = PRICED_MODEL.pointsPerUnit * 100
const CENTS_A_POINT = 100

const longBefore = ({ window }: Draft) => plus(window.start, -100 * 24 * 3600 * SECOND)

/** A use of one of the models that the world's own rules judge, charged `off` points otherwise than they ask. */
function charged(draft: Draft, random: Prng, off: number): { task: DraftTask; due: number } | undefined {
  const model = random.shuffled(MODELS).find(({ endpoint }) => draft.priced.has(endpoint))
  const quantity = model && random.pick(model.quantities)
  const cents = model && quantity && dueCents(draft, model, quantity)
  if (model === undefined || quantity === undefined || cents === undefined) return undefined
  const points = pointsOf(cents) + off
  if (points < 1) return undefined
  const placed = place(draft, random, { model, quantity, points })
  return placed && { task: placed.task, due: pointsOf(cents) }
}

/** A use of a model of its own, at so many cents a unit, charged as usual. */
function chargedAt(draft: Draft, random: Prng, cents: number): DraftTask | undefined {
  const placed = place(draft, random, { model: PRICED_MODEL, quantity: 1 })
  if (placed !== undefined) addRule(draft, { model: PRICED_MODEL, cents }, longBefore(draft))
  return placed?.task
}

const plantOf = (draft: Draft, task: DraftTask, due: number): Plant => {
  const amounts = { expected: String(due), actual: String(task.points), count: 1 }
  return {
    expected: [{ rule: 'B22', subject: taskSubject(task), severity: 'MEDIUM', ...amounts }],
    allowed: [also('B16', { date: dateOf(draft, task.createdAt) }, 'what was charged too little may not pay the cost')],
  }
}

const b22: Injector = {
  rule: 'B22',
  needs: PRICED,
  plant: (draft, random) => {
    // A hundredth of a point above the tolerance, or points and more.
    if (random.chance(0.3)) {
      const off = random.pick([-101, 101])
      const task = chargedAt(draft, random, CENTS + off)
      return task && plantOf(draft, task, pointsOf(CENTS + off))
    }
    const wrong = charged(draft, random, random.pick([2, 3, 50, 400, -2, -9]))
    return wrong && plantOf(draft, wrong.task, wrong.due)
  },
  twins: [
    // A point more or less, to the point.
    (draft, random) => chargedAt(draft, random, CENTS + random.pick([-CENTS_A_POINT, CENTS_A_POINT])) && [],
    // Other users pay more, and so did this one before it was promoted.
    (draft, random) => {
      const placed = place(draft, random, { model: PRICED_MODEL })
      const user = draft.users.find(({ id }) => id === placed?.task.userId)
      if (user === undefined) return undefined
      user.level = OTHER_LEVEL
      addRule(draft, { model: PRICED_MODEL, cents: 2 * CENTS }, longBefore(draft))
      addRule(draft, { model: PRICED_MODEL, cents: CENTS, membershipLevel: OTHER_LEVEL }, longBefore(draft))
      return []
    },
    // The price changes: a task of the second before it, and one of the very instant.
    changedBetween,
    // The rule was wrong when it was recorded, and was corrected.
    (draft, random) => {
      if (place(draft, random, { model: PRICED_MODEL }) === undefined) return undefined
      const ruleId = addRule(draft, { model: PRICED_MODEL, cents: 3 * CENTS }, longBefore(draft))
      addVersion(draft, ruleId, { model: PRICED_MODEL, cents: CENTS }, longBefore(draft))
      return []
    },
    // No rule covers it, for its user or at its time.
    (draft, random) => {
      if (place(draft, random, { model: PRICED_MODEL, points: 900 }) === undefined) return undefined
      addRule(draft, { model: PRICED_MODEL, cents: CENTS, membershipLevel: 'platinum' }, longBefore(draft))
      addRule(draft, { model: PRICED_MODEL, cents: CENTS }, draft.window.end)
      return []
    },
  ],
}

function changedBetween(draft: Draft, random: Prng): readonly Allowed[] | undefined {
  const at = momentIn(draft, random)
  const before = at && place(draft, random, { model: PRICED_MODEL, quantity: 1, at: plus(at, -SECOND) })
  const spec = before && { account: before.account, model: PRICED_MODEL, quantity: 1, at }
  const after = spec && place(draft, random, { ...spec, points: PRICED_MODEL.pointsPerUnit + 90 })
  if (at === undefined || after === undefined) return undefined
  const ruleId = addRule(draft, { model: PRICED_MODEL, cents: CENTS }, longBefore(draft))
  addVersion(draft, ruleId, { model: PRICED_MODEL, cents: CENTS + 90 * CENTS_A_POINT }, at)
  return []
}

export const FAULTS_B22: readonly Injector[] = [b22]
