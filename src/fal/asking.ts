import type { Instant } from '../units/instant.ts'
import type { Answer } from './answer.ts'
import type { Delivered } from './overlap.ts'
import { eachPage, type Page, type PageHead, type PagesRead, readPages } from './pages.ts'
import type { Fetched } from './reader.ts'
import type { Params, Transport } from './transport.ts'

/** An instant as fal is asked for it: ISO 8601 in UTC. */
export const isoUtc = (at: Instant): string => new Date(at).toISOString().replace('.000Z', 'Z')

export interface FalLimits {
  readonly pages: number
  readonly usagePageRows: number
  readonly eventPageRows: number
  readonly pricingQuestions: number
}

/** One call for one key, and what it needs to be answered. */
export interface Call {
  readonly transport: Transport
  readonly limits: FalLimits
  readonly apiKey: string
  readonly signal: AbortSignal
}

export interface PagedQuestion<Row> {
  readonly path: string
  readonly params: Params
  readonly pageRows: number
  /** Reads the text of a page. What it says of the next page may be told before the rows are read: that one is then asked for. */
  readonly read: (text: string, onHead: (head: PageHead) => void) => Answer<Page<Row>>
}

/** All rows of all pages of one question. */
export const askPages = <Row>(call: Call, question: PagedQuestion<Row>): Promise<Fetched<Row[]>> =>
  readPages({ ask: asker(call, question), pagesMax: call.limits.pages, signal: call.signal })

/** The same, page by page. */
export const askEachPage = <Row>(
  call: Call,
  question: PagedQuestion<Row>,
  take: (page: Delivered<Row>) => void,
  onRepeat: (row: Row) => void,
): Promise<PagesRead> =>
  eachPage({ ask: asker(call, question), pagesMax: call.limits.pages, signal: call.signal, take, onRepeat })

/**
 * Asks one page of a question. The largest page is published for billing events alone: where fal does not accept ours, it is
 * asked once more for pages of its own size.
 */
function asker<Row>({ transport, apiKey }: Call, { path, params, pageRows, read }: PagedQuestion<Row>) {
  let limitParam: Params = [['limit', String(pageRows)]]
  const askOne = (
    cursor: string | undefined,
    onHead: (head: PageHead) => void,
    signal: AbortSignal,
  ): Promise<Answer<Page<Row>>> => {
    const cursorParam: Params = cursor === undefined ? [] : [['cursor', cursor]]
    return transport.ask(
      {
        apiKey,
        path,
        params: [...params, ...limitParam, ...cursorParam],
        accept: 'application/json',
        read: (text) => read(text, onHead),
      },
      signal,
    )
  }
  return async (
    cursor: string | undefined,
    onHead: (head: PageHead) => void,
    signal: AbortSignal,
  ): Promise<Answer<Page<Row>>> => {
    const answer = await askOne(cursor, onHead, signal)
    if (cursor !== undefined || answer.status === 'complete' || answer.failure !== 'invalid') return answer
    limitParam = []
    return askOne(cursor, onHead, signal)
  }
}
