import { describe, expect, it } from 'vitest'
import { MiniWorld } from '../../src/demo/mini-world.ts'
import { AuditError, type TableFailure } from '../../src/errors.ts'
import { failed } from '../../src/fal/answer.ts'
import type { FetchFailure } from '../../src/fal/reader.ts'
import { runAudit } from '../../src/operation.ts'
import { FAILURES_ZH, failureText, TABLE_FAILURES_ZH, tableFailureText } from '../../src/render/failure-words.ts'
import { auditWith } from '../kit/audit-with.ts'
import { auditInput, memoryDependencies, quietContext } from '../kit/audit-world.ts'

const ALL: Readonly<Record<FetchFailure, true>> = {
  ...{ unauthorized: true, forbidden: true, 'not-found': true, invalid: true, 'rate-limited': true },
  ...{
    'server-error': true,
    unreachable: true,
    untrusted: true,
    'proxy-refused': true,
    'bad-answer': true,
    'repeating-cursor': true,
  },
  ...{ 'page-limit': true, 'too-large': true, 'not-configured': true },
}

const ALL_OF_TABLES: Readonly<Record<TableFailure, true>> = {
  ...{ 'no-answer': true, 'not-allowed': true, 'not-there': true, 'wrong-type': true },
  ...{ 'broken-view': true, 'broken-off': true },
  ...{ ended: true, occupied: true, 'bad-value': true, 'too-much': true, damaged: true },
}

describe('why a table was not read', () => {
  it('has words in Chinese for each failure there is, and no others', () => {
    expect(Object.keys(TABLE_FAILURES_ZH).sort()).toEqual(Object.keys(ALL_OF_TABLES).sort())
    for (const words of Object.values(TABLE_FAILURES_ZH)) expect(words).toMatch(/\p{Script=Han}{2}/u)
    expect(tableFailureText('', 'as told', 'zh')).toBe('as told')
  })

  const auditLacking = (failure: TableFailure | undefined, lang: 'zh' | 'en') => {
    const memory = memoryDependencies(new MiniWorld().account(5).task().build(), {})
    const unread = () => {
      throw new AuditError('source', 'seen', { next: 'mend it', ...(failure !== undefined && { failure }) })
    }
    const ledger = {
      snapshot: async (signal: AbortSignal) => {
        const snapshot = await memory.ledger!.snapshot(signal)
        return { ...snapshot, points: unread, userNames: unread }
      },
    }
    return runAudit(auditInput({ lang }), { ...memory, ledger }, quietContext())
  }

  it.each([
    ['zh', 'not-allowed', `${TABLE_FAILURES_ZH['not-allowed']}（seen; mend it）`],
    ['zh', undefined, 'seen; mend it'],
    ['en', 'not-allowed', 'seen; mend it'],
  ] as const)('stands so in a report in %s: %s', async (lang, failure, reason) => {
    const { coverage } = await auditLacking(failure, lang)
    expect(coverage.sources.filter(({ status }) => status !== 'complete')).toEqual([
      { source: 'points', status: 'failed', reason },
      { source: 'users', status: 'failed', reason },
    ])
  })
})

describe('why fal was not read', () => {
  it('has words in Chinese for each failure there is, and no others', () => {
    expect(Object.keys(FAILURES_ZH).sort()).toEqual(Object.keys(ALL).sort())
    for (const words of Object.values(FAILURES_ZH)) expect(words).toMatch(/\p{Script=Han}{2}/u)
  })

  it('says in Chinese what it means, then what was seen; in English it stays as it is', () => {
    expect(failureText('too-large', 'larger than 5 bytes', 'zh')).toBe(
      '答复超过大小上限；请缩短时间范围（larger than 5 bytes）',
    )
    expect(failureText('too-large', 'larger than 5 bytes', 'en')).toBe('larger than 5 bytes')
    expect(failureText('constructor', 'as told', 'zh')).toBe('as told')
  })

  it.each(['summary', 'requests'] as const)(
    'stands so in a Chinese report of depth %s, in sources and checks',
    async (depth) => {
      const why = failed('forbidden', 'fal answered 403: the key may not read billing')
      const lacking = async () => why
      const world = new MiniWorld().account(5).task()
      const unread = () => ({ usage: lacking, events: lacking, billing: lacking })
      const said = `${FAILURES_ZH.forbidden}（${why.reason}）`
      const zh = await auditWith(world.build(), unread, { depth, lang: 'zh' })
      expect(zh.coverage.sources.filter(({ reason }) => reason === said).map(({ source }) => source)).toContain(
        'fal-usage',
      )
      expect(zh.notEvaluated).toContainEqual({
        rule: 'A1',
        subject: { accountId: 5 },
        reason: expect.stringContaining(said),
      })
      const en = await auditWith(world.build(), unread, { depth, lang: 'en' })
      expect(JSON.stringify(en.coverage) + JSON.stringify(en.notEvaluated)).not.toMatch(/\p{Script=Han}/u)
    },
  )
})
