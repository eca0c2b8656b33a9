// The floor under an audit: what it costs merely to have the data. The same columns of the same days, streamed once by bare
// mysql2 in its fastest form and thrown away; and, where there is a bill, the same pages of fal at the same time, fetched by
// undici and parsed once by JSON.parse. Argument: a FloorPlan as JSON. Prints how many rows there were.
import process from 'node:process'
import { createConnection } from 'mysql2'
import { Agent, request } from 'undici'
import type { FloorPlan } from '../floor-plan.ts'

const plan = JSON.parse(process.argv[2] ?? '{}') as FloorPlan
const counts: Record<string, number> = {}

async function streamTables(): Promise<void> {
  const connection = createConnection({ ...plan.database, dateStrings: true, supportBigNumbers: true })
  connection.query('SET SESSION TRANSACTION ISOLATION LEVEL REPEATABLE READ')
  connection.query('START TRANSACTION WITH CONSISTENT SNAPSHOT, READ ONLY')
  for (const { name, sql, binds } of plan.streams) {
    await new Promise<void>((resolve, reject) => {
      let rows = 0
      const command = connection.execute({ sql, values: [...binds], rowsAsArray: true })
      command.on('result', () => {
        rows += 1
      })
      command.on('error', reject)
      command.on('end', () => {
        counts[name] = rows
        resolve()
      })
    })
  }
  connection.destroy()
}

interface FalPage {
  readonly billing_events?: readonly unknown[]
  readonly time_series?: readonly { readonly results: readonly unknown[] }[]
  readonly next_cursor?: string | null
}

async function fetchBill({
  baseUrl,
  apiKeys,
  concurrency,
  usage,
  events,
}: NonNullable<FloorPlan['bill']>): Promise<void> {
  const dispatcher = new Agent({ connections: concurrency })
  const ask = async (apiKey: string, path: string): Promise<FalPage> => {
    const { statusCode, body } = await request(baseUrl + path, {
      dispatcher,
      headers: { authorization: `Key ${apiKey}`, accept: 'application/json' },
    })
    const page = JSON.parse(await body.text()) as FalPage
    if (statusCode !== 200) throw new Error(`the double answered ${statusCode} to ${path}`)
    return page
  }
  const all = async (apiKey: string, path: string, params: readonly (readonly [string, string])[]): Promise<void> => {
    let cursor: string | null | undefined
    do {
      const query = new URLSearchParams(params.map(([name, value]): [string, string] => [name, value]))
      if (cursor) query.set('cursor', cursor)
      const page = await ask(apiKey, `${path}?${query}`)
      counts.events = (counts.events ?? 0) + (page.billing_events?.length ?? 0)
      for (const { results } of page.time_series ?? []) counts.usage = (counts.usage ?? 0) + results.length
      cursor = page.next_cursor
    } while (cursor)
  }
  await Promise.all(
    apiKeys.map(async (apiKey) => {
      await ask(apiKey, '/account/billing?expand=credits')
      await Promise.all([all(apiKey, '/models/usage', usage), all(apiKey, '/models/billing-events', events)])
    }),
  )
  await dispatcher.close()
}

await Promise.all([streamTables(), plan.bill === null ? undefined : fetchBill(plan.bill)])
process.stdout.write(`${JSON.stringify(counts)}\n`)
process.exit(0)
