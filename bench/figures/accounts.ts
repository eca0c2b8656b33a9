import { type Bench, environmentOf } from '../audit-run.ts'
import { type Figure, times } from '../figure.ts'
import { startMcp } from '../mcp-client.ts'
import { median, range, say, seconds } from '../printing.ts'
import { startDouble } from '../processes.ts'
import { ACCOUNTS, windowDates } from '../world/shape.ts'

const PAGES = 30
const LATENCY_MILLIS = 50
const ROUNDS = 3

/** The bills of all accounts against that of the slowest one alone, when every answer of fal takes 50 ms. */
export async function measureAccounts(bench: Bench): Promise<Figure> {
  const double = await startDouble(bench.dataset.pages, [
    ...['--latency', String(LATENCY_MILLIS)],
    ...['--pages-an-account', String(PAGES)],
  ])
  const server = await startMcp(bench.program, ['mcp'], { ...environmentOf(bench), FAL_API_BASE_URL: double.url })
  const { first, last } = windowDates(bench.dataset.shape)
  const usageOf = async (ids: readonly number[]): Promise<number> => {
    const given = { start: first, end: last, ...(ids.length > 0 && { ids }) }
    const { millis } = await server.ask('tools/call', { name: 'fal-get-usage', arguments: given })
    return millis
  }
  try {
    await usageOf([1])
    const all: number[] = []
    const slowest: number[] = []
    for (let round = 0; round < ROUNDS; round++) {
      all.push(await usageOf([]))
      const alone: number[] = []
      for (let account = 1; account <= ACCOUNTS; account++) alone.push(await usageOf([account]))
      slowest.push(Math.max(...alone))
    }
    const ratios = all.map((span, round) => span / (slowest[round] ?? Number.NaN))
    const ratio = median(ratios)
    say(`  ${ACCOUNTS} accounts ${seconds(median(all))}, the slowest alone ${seconds(median(slowest))}`)
    return {
      name: `${ACCOUNTS} accounts × ${PAGES} pages : the slowest account alone`,
      target: '≤ 2 ×',
      value: times(ratio),
      met: ratio <= 2,
      detail: `${seconds(median(all))} : ${seconds(median(slowest))}; fal-get-usage, each answer after ${LATENCY_MILLIS} ms, default concurrency; ${range(ratios, times)} in ${ROUNDS} rounds`,
      numbers: { ratio, millis: median(all), baseMillis: median(slowest) },
    }
  } finally {
    await server.close()
    await double.stop()
  }
}
