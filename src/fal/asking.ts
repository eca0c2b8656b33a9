import type { Instant } from '../units/instant.ts'
import { type Answer, complete } from './answer.ts'
import { type Page, readPages } from './pages.ts'
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

export interface PagedQuestion<Wire, Row> {
  readonly path: string
  readonly params: Params
  readonly pageRows: number
  readonly read: (text: string) => Answer<Wire>
  readonly page: (wire: Wire) => Page<Row>
  /** Told of each row that a later page delivered again, and that was dropped. */
  readonly onRepeat?: (row: Row) => void
}

/**
 * Asks for all pages of one question. The largest page is published for billing events alone: where fal does not accept ours,
 * it is asked once more for pages of its own size.
 */
export function askPages<Wire, Row>(call: Call, question: PagedQuestion<Wire, Row>): Promise<Fetched<Row[]>> {
  let limitParam: Params = [['limit', String(question.pageRows)]]
  const askOne = async (cursor: string | undefined): Promise<Answer<Page<Row>>> => {
    const cursorParam: Params = cursor === undefined ? [] : [['cursor', cursor]]
    const answer = await call.transport.ask(
      {
        apiKey: call.apiKey,
        path: question.path,
        params: [...question.params, ...limitParam, ...cursorParam],
        accept: 'application/json',
        read: question.read,
      },
      call.signal,
    )
    return answer.status === 'failed' ? answer : complete(question.page(answer.value))
  }
  return readPages(
    async (cursor) => {
      const answer = await askOne(cursor)
      if (cursor !== undefined || answer.status === 'complete' || answer.failure !== 'invalid') return answer
      limitParam = []
      return askOne(cursor)
    },
    call.limits.pages,
    question.onRepeat,
  )
}
