import { describe, expect, it } from 'vitest'
import { wordOutcomes } from '../../../src/audit/report/findings.ts'
import { judgeEvidence } from '../../../src/audit/report/judge-evidence.ts'
import { type Books, NO_EVIDENCE, type Rule } from '../../../src/audit/rules/books.ts'
import { RULES } from '../../../src/audit/rules/table.ts'
import { points } from '../../kit/books.ts'
import { eventOf, evidenceOf, type GivenEvidence, taskOf, usageOf, whole } from '../../kit/evidence.ts'
import { inPieces } from '../../kit/pieces.ts'
import { planOf } from '../../kit/rows.ts'

/** A rule that finds nothing, and keeps what it is shown. */
function watching(pieces?: Rule['pieces']): Rule & { readonly seen: Books[] } {
  const seen: Books[] = []
  return {
    ...{ id: 'B1', severity: 'LOW', perWindow: false, ...(pieces !== undefined && { pieces }), seen },
    evaluate(books) {
      seen.push(books)
      return { examined: 1, findings: [], notEvaluated: [] }
    },
  }
}

const ids = [1, 2, 3, 4, 5, 6]
const tasks = ids.map((id) => taskOf(5, id, { userId: 100 + id }))
const NOTHING_PAID = {
  ...{ payment: { known: false, reason: { code: 'ledger-unread' } }, unpaid: { view: () => NO_EVIDENCE } },
  ...{ pointsRefunded: points(0), cashRefunded: points(0), pointsRecharged: points(0), cashRecharged: points(0) },
} as never

/** Six users with a task each, of which fal billed five, and one request more. */
const world = (more: GivenEvidence = {}): GivenEvidence => ({
  spaces: [
    {
      members: [5],
      events: whole([...ids.slice(1).map((id) => eventOf(5, `request-${id}`)), eventOf(5, 'lost')]),
      usage: whole([usageOf(5, '6')]),
    },
  ],
  tasks,
  ledger: {
    users: new Map(ids.map((id) => [100 + id, NOTHING_PAID])),
    taskEntries: tasks.map((task) => ({ task, entries: [] })),
  },
  ...more,
})

const requestsIn = ({ requests }: Books) => (requests.known ? requests.value.tasks.map(({ task }) => task.rowId) : [])
const ledgersIn = ({ taskLedgers }: Books) => (taskLedgers.known ? taskLedgers.value.map(({ task }) => task.rowId) : [])

describe('evidence in pieces', () => {
  it('is shown to each rule as it wants it: single requests, tasks with their rows, or sums', async () => {
    const [requests, ledgers, sums] = [watching('requests'), watching('ledgers'), watching()]
    const { outcomes, books } = await judgeEvidence(inPieces(evidenceOf(world()), 3), {
      rules: [requests, ledgers, sums],
    })
    expect([requests, ledgers, sums].map(({ seen }) => seen.length)).toEqual([3, 3, 1])
    expect([...outcomes].map(([rule, { examined }]) => [rule, examined])).toEqual([
      ...[
        [requests, 3],
        [ledgers, 3],
      ],
      [sums, 1],
    ])
    expect(requests.seen.flatMap(requestsIn).sort()).toEqual(ids)
    expect(requests.seen.flatMap(ledgersIn)).toEqual([])
    expect(ledgers.seen.map((seen) => ledgersIn(seen))).toEqual([
      [2, 5],
      [3, 6],
      [1, 4],
    ])
    // The users of a piece come with its tasks; its requests were judged by then.
    expect(ledgers.seen.map(({ users }) => users.map(({ userId }) => userId))).toEqual([
      [102, 105],
      [103, 106],
      [101, 104],
    ])
    expect(ledgers.seen.flatMap(requestsIn)).toEqual([])
    expect(sums.seen[0]).toBe(books)
    expect(sums.seen.flatMap(requestsIn)).toEqual([])
    const [whole] = sums.seen
    expect(whole?.requests).toMatchObject({ known: true, value: { orphans: [{ requestId: 'lost' }] } })
    expect(whole?.users.map(({ userId }) => userId)).toEqual([101, 102, 103, 104, 105, 106])
  })

  it('adds up to the same as in one, and every rule says the same of it', async () => {
    const evidence = evidenceOf(world())
    const whole = await judgeEvidence(evidence)
    expect([...whole.outcomes.keys()]).toEqual([...RULES])
    for (const count of [2, 5]) {
      const parts = await judgeEvidence(inPieces(evidenceOf(world()), count))
      expect(wordOutcomes(parts.outcomes, parts.books, 'en')).toEqual(wordOutcomes(whole.outcomes, whole.books, 'en'))
      expect([...parts.users.keys()].sort()).toEqual([...whole.users.keys()].sort())
      expect(parts.requests?.counts).toEqual(whole.requests?.counts)
    }
    const b1 = RULES.find(({ id }) => id === 'B1') as Rule
    expect(whole.outcomes.get(b1)?.findings.map(({ subject }) => subject.requestId)).toEqual(['lost'])
    expect([whole.requests?.counts.matched, evidence.layer.totals.taskCount, whole.users.size]).toEqual([5, 6, 6])
  })

  it('is shown piece by piece to whoever wants to see single requests', async () => {
    const taken: [number, number][] = []
    await judgeEvidence(inPieces(evidenceOf(world()), 2), {
      take: ({ book }, piece) => taken.push([book.tasks.length, piece.tasks.length]),
    })
    expect(taken).toEqual([
      [3, 3],
      [3, 3],
    ])
  })
})

describe('how far it is', () => {
  it('is told after each piece', async () => {
    const told: [string, number][] = []
    await judgeEvidence(inPieces(evidenceOf(world()), 2), {
      rules: [],
      progress: (message, done) => told.push([message, done]),
    })
    expect(told).toEqual([
      ['tasks held against the bill', 3],
      ['tasks held against the bill', 6],
      ['users held against the ledgers', 3],
      ['users held against the ledgers', 6],
    ])
  })
})

describe('rules about all of it', () => {
  it('are told one by one, and are the last where the audit is cancelled meanwhile', async () => {
    const told: [string, number][] = []
    const cancelling = new AbortController()
    const [first, second, third] = [watching(), watching(), watching()]
    const judging = judgeEvidence(evidenceOf(world()), {
      rules: [first, second, third],
      signal: cancelling.signal,
      progress: (message, done) => {
        if (message === 'rules applied to all of it') told.push([message, done])
        if (told.length === 2) cancelling.abort()
      },
    })
    await expect(judging).rejects.toMatchObject({ kind: 'cancelled' })
    expect(told.map(([, done]) => done)).toEqual([1, 2])
    expect([first, second, third].map(({ seen }) => seen.length)).toEqual([1, 1, 0])
  })
})

describe('rules about ledger rows', () => {
  it.each([
    ['total', 'links-total'],
    [null, 'ledger-unread'],
  ] as const)('see the requests instead where the link mode is %s, and no ledger rows', async (mode, code) => {
    const [ledgers, sums] = [watching('ledgers'), watching()]
    const given = world({ ledger: { mode, users: new Map(), taskEntries: [] } })
    await judgeEvidence(inPieces(evidenceOf(given), 2), { rules: [ledgers, sums] })
    expect([ledgers.seen.length, ledgers.seen.flatMap(requestsIn).sort()]).toEqual([2, ids])
    for (const { taskLedgers } of [...ledgers.seen, ...sums.seen]) {
      expect(taskLedgers).toMatchObject({ known: false, reason: { code } })
    }
  })

  it('and about single requests are asked once at depth summary, where there are none', async () => {
    const rules = [watching('requests'), watching('ledgers'), watching()]
    const given = evidenceOf(world({ plan: planOf({ depth: 'summary' }) }))
    const { requests, users } = await judgeEvidence(inPieces(given, 3), { rules })
    expect(rules.map(({ seen }) => seen.length)).toEqual([1, 1, 1])
    for (const { seen } of rules) for (const books of seen) expect(books.requests).toMatchObject({ known: false })
    expect([requests, given.layer.totals.taskCount, users.size]).toEqual([null, 6, 6])
  })
})

describe('between two pieces', () => {
  it('others have their turn', async () => {
    let turns = 0
    let running = true
    const next = (): void => {
      turns += 1
      if (running) setImmediate(next)
    }
    setImmediate(next)
    await judgeEvidence(inPieces(evidenceOf(world()), 4), { rules: [] })
    running = false
    // Once after each of four pieces of requests and four of users.
    expect(turns).toBeGreaterThanOrEqual(8)
  })

  it('the work ends where it was cancelled', async () => {
    const ends = new AbortController()
    let pieces = 0
    const judging = judgeEvidence(inPieces(evidenceOf(world()), 4), {
      ...{ rules: [], signal: ends.signal },
      take: () => {
        pieces += 1
        if (pieces === 2) ends.abort()
      },
    })
    await expect(judging).rejects.toThrow('cancelled')
    expect(pieces).toBe(2)
  })

  it('it ends as well among the users', async () => {
    const ends = new AbortController()
    const ledgers: Rule = { ...watching('ledgers') }
    let pieces = 0
    const stopping: Rule = {
      ...ledgers,
      evaluate: (books, settings) => {
        pieces += 1
        ends.abort()
        return ledgers.evaluate(books, settings)
      },
    }
    const judging = judgeEvidence(inPieces(evidenceOf(world()), 4), { rules: [stopping], signal: ends.signal })
    await expect(judging).rejects.toThrow('cancelled')
    expect(pieces).toBe(1)
  })
})
