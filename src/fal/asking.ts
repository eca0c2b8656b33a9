import type { Answer } from './answer.ts'
import { eachPage, type Page, type PageHead, type PagesRead, type Paging, type RowPage, readPages } from './pages.ts'
import type { Fetched } from './reader.ts'
import type { Params, Transport } from './transport.ts'

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

export interface PagedQuestion<Told extends Page> {
  readonly path: string
  readonly params: Params
  readonly pageRows: number
  /** Reads the body of a page. What it says of the next page may be told before the rows are read: that one is then asked for. */
  readonly readPage: (body: Buffer, onHead: (head: PageHead) => void) => Answer<Told>
}

/** All rows of all pages of one question. */
export const askPages = <Row>(call: Call, question: PagedQuestion<RowPage<Row>>): Promise<Fetched<Row[]>> =>
  readPages({ ask: asker(call, question), pagesMax: call.limits.pages, signal: call.signal })

/** The same, page by page. */
export const askEachPage = <Told extends Page>(
  call: Call,
  question: PagedQuestion<Told>,
  take: Paging<Told>['take'],
): Promise<PagesRead> =>
  eachPage({ ask: asker(call, question), pagesMax: call.limits.pages, signal: call.signal, take })

/**
 * Asks one page of a question. The largest page is published for billing events alone: where fal does not accept ours, it is
 * asked once more for pages of its own size.
 */
function asker<Told extends Page>({ transport, apiKey }: Call, question: PagedQuestion<Told>): Paging<Told>['ask'] {
  const { path, params, pageRows, readPage } = question
  let limitParam: Params = [['limit', String(pageRows)]]
  const askOne: Paging<Told>['ask'] = (cursor, onHead, signal) => {
    const cursorParam: Params = cursor === undefined ? [] : [['cursor', cursor]]
    return transport.ask(
      {
        apiKey,
        path,
        params: [...params, ...limitParam, ...cursorParam],
        accept: 'application/json',
        readBytes: (body) => readPage(body, onHead),
      },
      signal,
    )
  }
  return async (cursor, onHead, signal) => {
    const answer = await askOne(cursor, onHead, signal)
    if (cursor !== undefined || answer.status === 'complete' || answer.failure !== 'invalid') return answer
    limitParam = []
    return askOne(cursor, onHead, signal)
  }
}
