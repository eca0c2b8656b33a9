import { describe, expect, it } from 'vitest'
import { complete, failed, partial } from '../../src/fal/answer.ts'
import { eachPart } from '../../src/fal/parts.ts'
import type { Fetched } from '../../src/fal/reader.ts'

const WHOLE = complete(null)
const ALONE = failed('not-found', 'nothing there')
const REFUSED = failed('forbidden', 'refused')
const BROKEN = partial(null, failed('bad-answer', 'broken'))

const read = (...answers: readonly Fetched<null>[]) =>
  eachPart(
    answers,
    async (answer) => answer,
    (answer) => answer.status === 'failed' && answer.failure === 'not-found',
  )

describe('a question in parts', () => {
  it.each([
    ['all are whole', [WHOLE, WHOLE], 'complete', undefined],
    ['none is', [REFUSED], 'failed', 'forbidden'],
    ['one was read in part, and none is whole', [BROKEN], 'partial', 'bad-answer'],
    ['one fails of itself alone', [ALONE, WHOLE], 'partial', 'not-found'],
    ['all do', [ALONE, ALONE], 'failed', 'not-found'],
    ['another fails behind one that does', [ALONE, WHOLE, REFUSED], 'partial', 'forbidden'],
    ['another fails behind one that does, and none is whole', [ALONE, REFUSED], 'failed', 'forbidden'],
  ] as const)('where %s', async (_, answers, status, failure) => {
    const fetched = await read(...answers)
    expect([fetched.status, fetched.status === 'complete' ? undefined : fetched.failure]).toEqual([status, failure])
  })
})
