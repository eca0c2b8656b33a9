import { mayYetBeBilled } from '../../src/audit/tasks/task-standing.ts'
import type { UsageFact } from '../../src/billing/usage-sums.ts'
import { type TallyOptions, type UsageBook, UsageTally } from '../../src/billing/usage-tally.ts'
import { SHANGHAI } from '../../src/demo/mini-world.ts'
import { event, task, usd } from './books.ts'
import { planOf } from './rows.ts'

/** Read at AS_OF: what is 24 h older is settled. */
const PLAN = planOf()

/** A success of account 5, charged 1000 points, billed 1 USD. */
export function fact(overrides: Partial<UsageFact> = {}, own: Partial<UsageFact['task']> = {}): UsageFact {
  const matched = overrides.standing === undefined || overrides.standing === 'matched'
  return {
    task: task(own),
    accountId: 5,
    standing: 'matched',
    events: matched ? [event()] : [],
    billedNanoUsd: matched ? usd('1') : usd('0'),
    selected: true,
    apiKey: 'key-of-5',
    inputTokens: null,
    outputTokens: null,
    ...overrides,
  }
}

const ALL = ['day', 'model', 'key', 'user'] as const

/** What is added up of some facts, grouped by everything. */
export function bookOf(facts: readonly UsageFact[], options: Partial<TallyOptions> = {}): UsageBook {
  const tally = new UsageTally({
    zone: SHANGHAI,
    by: ALL,
    aliases: new Map(),
    mayYetBeBilled: (each) => mayYetBeBilled(each, PLAN),
    clean: (text) => text.trim(),
    ...options,
  })
  for (const each of facts) tally.add(each)
  return tally.close()
}
