import { describe, expect, it } from 'vitest'
import type { RuleId } from '../../../schemas/report.ts'
import { type Books, known } from '../../../src/audit/rules/books.ts'
import type { RequestBook, TaskFact, TaskLedger, TaskVerdict } from '../../../src/audit/rules/facts.ts'
import { nanoUsd } from '../../../src/units/nano-usd.ts'
import {
  AS_OF,
  at,
  consume,
  date,
  evaluate,
  event,
  linked,
  MODEL,
  matched,
  points,
  refund,
  requests,
  task,
  unmatched,
  usd,
  user,
} from '../../kit/books.ts'

/** What a rule judges, one item each: `quiet` ones give no reason for a finding, the loud one does. */
interface Items {
  readonly quiet: readonly unknown[]
  readonly loud: unknown
  /** Books that hold these items in this order. */
  lay(items: readonly never[]): Partial<Books>
}

const inRequests = (key: keyof RequestBook, loud: unknown, quiet: readonly unknown[]): Items => ({
  loud,
  quiet,
  lay: (items) => ({ requests: requests({ [key]: items }) }),
})
const ofTasks = (loud: TaskVerdict, ...quiet: readonly TaskVerdict[]): Items => inRequests('tasks', loud, quiet)
const ofLedgers = (loud: TaskLedger, ...quiet: readonly TaskLedger[]): Items => ({
  loud,
  quiet,
  lay: (items) => ({ taskLedgers: known(items), users: [user(101, { charged: 9000, paid: 9000 })] }),
})

const failed: Partial<TaskFact> = { status: 'failed' }
const unfinished: Partial<TaskFact> = { status: 'unfinished', completedAt: null }
const marked: Partial<TaskFact> = { refunded: true }
const free: Partial<TaskFact> = { chargedPoints: points(0) }
const fresh: Partial<TaskFact> = { createdAt: AS_OF, completedAt: AS_OF }
const paid = consume(1, 1000)
const shared = (...tasks: readonly TaskFact[]) => ({ requestId: 'request-1', accountId: 5, tasks })
const orphan = (accountId: number) => ({ requestId: 'r', accountId, events: [event()], costNanoUsd: usd('5') })
const day = (text: string, difference: bigint) => ({
  ...{ accountId: 5, model: MODEL, date: date(text), usageNanoUsd: usd('1'), usageRows: 1 },
  eventsNanoUsd: nanoUsd(usd('1') + difference),
})
const account = (accountId: number, billNanoUsd = usd('5')) => ({
  ...{ accountId, disabled: false, billNanoUsd, balance: null },
})
const spend = (cost: string) => ({ workspace: 'team', costNanoUsd: usd(cost), keyIds: { total: 1, ids: ['k'] } })

const CASES: readonly [RuleId, Items][] = [
  ['B1', inRequests('orphans', orphan(5), [{ ...orphan(5), costNanoUsd: usd('0') }])],
  [
    'B2',
    ofTasks(unmatched('unbilled'), unmatched('pending'), unmatched('unbilled', { requestId: '' }), matched(failed)),
  ],
  ['B3', ofTasks(matched({ costNanoUsd: usd('2') }), matched(), unmatched('unbilled'))],
  ['B4', inRequests('shared', shared(task(), task()), [shared(task(), task(free))])],
  [
    'B5',
    inRequests('repeated', { requestId: 'r', accountId: 5, taskId: null, event: event(), times: 2 }, [
      { requestId: 's', accountId: 5, taskId: null, event: event(), times: 1 },
    ]),
  ],
  ['B6', ofLedgers(linked({}, [paid, paid]), linked({}, []), linked({}, [paid]))],
  ['B7', ofLedgers(linked(failed, [paid]), linked({}, [paid]), linked({ ...failed, ...marked }, [paid]))],
  ['B8', ofLedgers(linked(marked, [paid]), linked({}, [paid]), linked({ ...marked, ...fresh }, [paid]))],
  [
    'B9',
    ofLedgers(linked(marked, [consume(1, 1), refund(2, 2)]), linked({}, [paid]), linked(marked, [paid, refund(2, 1)])),
  ],
  ['B10', ofLedgers(linked({}, [consume(1, 1)]), linked(free, []), linked({}, []), linked({}, [paid]))],
  [
    'B18',
    ofTasks(unmatched('unfinished', unfinished), matched(), unmatched('unfinished', { ...unfinished, ...fresh })),
  ],
  ['B19', inRequests('dailyBills', day('2026-02-06', 2000n), [day('2026-02-01', 0n), day('2026-02-03', 1000n)])],
  ['B20', ofTasks(matched(marked), matched(), matched({ ...marked, userId: 102 }, { billedNanoUsd: nanoUsd(0n) }))],
  [
    'B15',
    {
      loud: account(5),
      quiet: [account(6), account(7), { ...account(8), billNanoUsd: null }],
      lay: (accounts) => ({
        accounts,
        requests: requests({ orphans: [orphan(5)], unread: [{ accountId: 7, reason: { code: 'events-unread' } }] }),
      }),
    },
  ],
  ['B21', { loud: spend('1'), quiet: [spend('0.5')], lay: (bills) => ({ unattributed: known(bills) }) }],
]

describe.each(CASES)('%s judges each of many', (id, { loud, quiet, lay }) => {
  const count = (...items: readonly unknown[]): number => evaluate(id, lay(items as never[])).findings.length

  it('whatever came before it', () => {
    expect(count(...quiet)).toBe(0)
    expect(count(...quiet, loud)).toBe(1)
    expect(count(loud, ...quiet)).toBe(1)
  })
})

describe('evidence', () => {
  it('is ordered whatever the order of the rows: shorter ids first, then by code unit', () => {
    const ids = ['task-b', 'task-10', 'task-a', 'task-9', 'task-c']
    const tasks = ids.map((taskId) => matched({ ...marked, taskId, createdAt: at('2026-02-06 12:00:00') }))
    const evidenceOf = (verdicts: readonly TaskVerdict[]) =>
      evaluate('B20', { requests: requests({ tasks: verdicts }) }).findings[0]?.evidence.ids
    const ordered = ['task-9', 'task-a', 'task-b', 'task-c', 'task-10']
    expect(evidenceOf(tasks)).toEqual(ordered)
    expect(evidenceOf([...tasks].reverse())).toEqual(ordered)
  })
})

describe('why a rule cannot tell something of a user', () => {
  const untold = { amountUntold: true as const, amountPoints: points(0) }
  /** The first does not tell its charge, the second what its row took or gave back. */
  const ledgers: readonly TaskLedger[] = [
    linked({ rowId: 1, taskId: 'task-1', chargeUntold: true }, [consume(1, 500), consume(2, 500)]),
    linked({ rowId: 2, taskId: 'task-2' }, [consume(3, 600), consume(4, 600, untold), refund(5, 600, untold)]),
    linked({ rowId: 3, taskId: 'task-3', chargeUntold: true }, [consume(6, 700), consume(7, 700), refund(8, 1)]),
  ]

  it.each(['B6', 'B7', 'B8', 'B9', 'B10'] as const)('does not depend on the order of its tasks: %s', (rule) => {
    const users = [user(101, { charged: 0, paid: 0 })]
    const told = (order: readonly TaskLedger[]) => evaluate(rule, { taskLedgers: known(order), users })
    const [first, second, third] = ledgers as readonly [TaskLedger, TaskLedger, TaskLedger]
    for (const order of [
      [first, third, second],
      [second, first, third],
      [third, second, first],
    ]) {
      expect(told(order).notEvaluated).toEqual(told(ledgers).notEvaluated)
    }
  })
})
