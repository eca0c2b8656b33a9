import { type Connection, createConnection, type RowDataPacket } from 'mysql2/promise'
import { Agent, request } from 'undici'
import type { Bench } from '../audit-run.ts'
import { environmentOf } from '../audit-run.ts'
import { DATABASE } from '../dataset.ts'
import { type Check, type Figure, times } from '../figure.ts'
import { floorPlan } from '../floor-plan.ts'
import { startMcp } from '../mcp-client.ts'
import { median, millis, say, seconds, spread } from '../printing.ts'
import { storedTime, windowDates } from '../world/shape.ts'

/**
 * Users whose queries are run; the time of all is worked out from theirs, and said to be. Without an index each query goes through
 * its whole ledger, so that few of them tell enough.
 */
const SAMPLE_USERS = { plain: 10, indexed: 500 }
/** Users of the sample whose sums are held against the program's. */
const CHECKED_USERS = 50

const INDEXES = [
  { name: 'bench_points_user', on: 'ts_points_detail (user_id)', table: 'ts_points_detail' },
  { name: 'bench_cash_user', on: 'ts_financial_transactions (user_id)', table: 'ts_financial_transactions' },
] as const

const POINTS_SQL = `SELECT source_type, SUM(points) FROM ts_points_detail
  WHERE user_id = ? AND created_at >= ? AND created_at < ? GROUP BY source_type`
const CASH_SQL = `SELECT transaction_type, SUM(money) FROM ts_financial_transactions
  WHERE user_id = ? AND time >= ? AND time < ? GROUP BY transaction_type`

interface Paid {
  readonly points: number
  readonly cash: number
}

/**
 * The skill as written: fal is asked for one account after another (step 1), step 2 is its SQL, and steps 3 and 4 are
 * queries for one user after another, on the tables as they are; and, for comparison, with an index on user_id of both ledgers.
 * Kind to it: one open connection, each user once and not once an account, and no time at all for whoever reads the answers and
 * compares them.
 */
export async function measureSkill(
  bench: Bench,
  auditMillis: readonly number[],
  stepTwoMillis: readonly number[],
): Promise<{ figures: Figure[]; checks: Check[] }> {
  const stepOne = await billOneByOne(bench)
  const stepTwo = median(stepTwoMillis)
  // NaN, and so a target that is missed, where the audit failed.
  const terms = { users: bench.dataset.shape.users, stepOne, stepTwo, audit: median(auditMillis) }
  const plain = await queryUsers(bench, SAMPLE_USERS.plain)
  const asItIs = figureOf('the skill as written : all five steps (summary)', plain, terms)
  const indexed = await withIndexes(bench, () => queryUsers(bench, SAMPLE_USERS.indexed))
  const kinder = figureOf('the same with an index on user_id of both ledgers', indexed, terms)
  return {
    figures: [{ ...asItIs, target: '≥ 30 ×', met: asItIs.numbers.ratio >= 30 }, kinder],
    checks: [await checkUsers(bench, new Map([...plain.paid, ...indexed.paid]))],
  }
}

interface Queried {
  readonly sampled: number
  readonly millis: number
  readonly paid: ReadonlyMap<number, Paid>
}

interface SkillTerms {
  readonly users: number
  readonly stepOne: number
  readonly stepTwo: number
  readonly audit: number
}

function figureOf(name: string, { sampled, millis: span }: Queried, { users, stepOne, stepTwo, audit }: SkillTerms) {
  const steps34 = (span * users) / sampled
  const whole = stepOne + stepTwo + steps34
  const ratio = whole / audit
  const share = `steps 3 and 4: ${spread(sampled)} of ${spread(users)} users in ${seconds(span)}, times ${times(users / sampled)}`
  say(`  ${name}: step 1 ${seconds(stepOne)}, step 2 ${seconds(stepTwo)}, ${share}`)
  return {
    name,
    target: '',
    value: times(ratio),
    met: undefined,
    detail: `${seconds(whole)} (EXTRAPOLATED; step 1 ${seconds(stepOne)}, step 2 ${seconds(stepTwo)}, ${share} = ${seconds(steps34)}) : ${seconds(audit)}`,
    numbers: { ratio, millis: whole, stepOne, stepTwo, steps34, sampledUsers: sampled, baseMillis: audit },
  }
}

/** Drops them: a run that was ended in between may have left them. */
export async function withoutIndexes(bench: Bench): Promise<void> {
  await administer(bench, async (connection, { name, table }) => {
    // MySQL knows no DROP INDEX IF EXISTS.
    const [there] = await connection.query<RowDataPacket[]>('SHOW INDEX FROM ?? WHERE Key_name = ?', [table, name])
    if (there.length > 0) await connection.query('DROP INDEX ?? ON ??', [name, table])
  })
}

async function withIndexes<Result>(bench: Bench, measure: () => Promise<Result>): Promise<Result> {
  try {
    await administer(bench, (connection, { name, on }) => connection.query(`CREATE INDEX ${name} ON ${on}`))
    return await measure()
  } finally {
    await withoutIndexes(bench)
  }
}

async function administer(
  bench: Bench,
  change: (connection: Connection, index: (typeof INDEXES)[number]) => Promise<unknown>,
): Promise<void> {
  const connection = await connect(bench)
  try {
    for (const index of INDEXES) await change(connection, index)
  } finally {
    await connection.end()
  }
}

function connect({ dataset: { server } }: Bench) {
  const { host, port, user, password } = server
  return createConnection({ host, port, user, password, database: DATABASE, supportBigNumbers: true })
}

/** Step 1: usage of each account in turn, all pages. */
async function billOneByOne(bench: Bench): Promise<number> {
  const { bill } = floorPlan(bench.dataset, bench.doubleUrl)
  if (bill === null) return Number.NaN
  const dispatcher = new Agent({ connections: 1 })
  const started = performance.now()
  for (const apiKey of bill.apiKeys) {
    let cursor: string | null | undefined
    do {
      const query = new URLSearchParams(bill.usage.map(([name, value]): [string, string] => [name, value]))
      if (cursor) query.set('cursor', cursor)
      const { body } = await request(`${bill.baseUrl}/models/usage?${query}`, {
        dispatcher,
        headers: { authorization: `Key ${apiKey}` },
      })
      cursor = ((await body.json()) as { next_cursor?: string | null }).next_cursor
    } while (cursor)
  }
  const span = performance.now() - started
  await dispatcher.close()
  return span
}

/** Steps 3 and 4 for some users, evenly over all of them. */
async function queryUsers(bench: Bench, most: number): Promise<Queried> {
  const { shape } = bench.dataset
  const sampled = Math.min(shape.users, most)
  const connection = await connect(bench)
  const bounds = [storedTime(shape.start), storedTime(shape.end)]
  const paid = new Map<number, Paid>()
  const sumOf = (rows: RowDataPacket[], kind: string | number): number =>
    -Number(rows.find((row) => row[0] === kind)?.[1] ?? 0)
  try {
    const started = performance.now()
    for (let at = 0; at < sampled; at++) {
      const userId = 1 + Math.floor((at * shape.users) / sampled)
      const values = [userId, ...bounds]
      const [points] = await connection.query<RowDataPacket[]>({ sql: POINTS_SQL, values, rowsAsArray: true })
      const [cash] = await connection.query<RowDataPacket[]>({ sql: CASH_SQL, values, rowsAsArray: true })
      paid.set(userId, { points: sumOf(points, 'consume'), cash: sumOf(cash, 1) })
    }
    return { sampled, millis: performance.now() - started, paid }
  } finally {
    await connection.end()
  }
}

/** The sums of these users, as the program has them. */
async function checkUsers(bench: Bench, paid: ReadonlyMap<number, Paid>): Promise<Check> {
  const userIds = [...paid.keys()].slice(0, CHECKED_USERS)
  const { first, last } = windowDates(bench.dataset.shape)
  const server = await startMcp(bench.program, ['mcp'], environmentOf(bench))
  try {
    const seen = new Map<number, Paid>()
    let cursor: string | undefined
    for (let page = 0; page < 20; page++) {
      const { result, millis: span } = await server.ask('tools/call', {
        name: 'user-ledger',
        arguments: { start: first, end: last, user_ids: userIds, ...(cursor !== undefined && { cursor }) },
      })
      if (page === 0) say(`  checking: user-ledger of ${userIds.length} users in ${millis(span)}`)
      const answer = result.structuredContent as unknown as LedgerAnswer
      for (const row of answer.rows) seen.set(row.userId, { points: row.pointsConsumed, cash: row.cashConsumed })
      if (!answer.nextCursor) break
      cursor = answer.nextCursor
    }
    const wrong = userIds.filter((userId) => {
      const [own, theirs] = [seen.get(userId), paid.get(userId)]
      return own === undefined || own.points !== theirs?.points || own.cash !== theirs.cash
    })
    return {
      name: "what users paid = the skill's queries",
      equal: wrong.length === 0,
      detail: `${userIds.length} users, ${wrong.length} differ${wrong.length > 0 ? `: ${wrong.slice(0, 5).join(', ')}` : ''}`,
    }
  } finally {
    await server.close()
  }
}

interface LedgerAnswer {
  readonly rows: readonly { readonly userId: number; readonly pointsConsumed: number; readonly cashConsumed: number }[]
  readonly nextCursor?: string | null
}
