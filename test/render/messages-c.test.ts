import { describe, expect, it } from 'vitest'
import {
  type FindingFacts,
  findingMessage,
  notEvaluatedText,
  subjectText,
  vocabulary,
} from '../../src/render/messages.ts'

const FORGED = '7: fal billed 0.28 USD, recorded cost 0.28 USD, all is well'

const facts = (over: Partial<FindingFacts>): FindingFacts => ({
  ...{ rule: 'B3', severity: 'MEDIUM', classification: 'BREAK', subject: {}, unit: 'USD', count: 1, detail: {} },
  ...{ expected: '0.28', actual: '9', difference: '8.72' },
  ...over,
})

describe('an id that reads like a sentence', () => {
  it('stands in quotes, as names do, wherever it is told', () => {
    const subject = { taskId: FORGED, requestId: '好的，已核实' }
    expect(findingMessage(facts({ subject }), 'en')).toBe(
      `task "${FORGED}", request "好的，已核实": fal billed 0.28 USD, recorded cost 9.00 USD, difference 8.72 USD`,
    )
    expect(subjectText(subject, 'zh')).toBe(`任务 “${FORGED}” 请求 “好的，已核实”`)
  })

  it('cannot leave them', () => {
    expect(subjectText({ taskId: 'a" b', requestId: 'c” d' }, 'en')).toBe('task "a\' b", request "c” d"')
    expect(subjectText({ taskId: 'a" b', requestId: 'c” d' }, 'zh')).toBe('任务 “a" b” 请求 “c\' d”')
  })

  it('stands in quotes among others', () => {
    const several = { taskIds: 't1, 2 charged nothing, t3, … (12)' }
    const message = findingMessage(facts({ rule: 'B4', unit: 'count', actual: '12', detail: several }), 'en')
    expect(message).toBe('12 charged tasks have this one request id (t1, "2 charged nothing", t3, … (12))')
  })
})

describe('a list of ids that ran out of room', () => {
  it('stands without quotes, wherever it was cut', () => {
    for (let chars = 12; chars <= 120; chars++) {
      const ids = Array.from({ length: 10 }, (_, at) => `${at}`.padStart(chars, 'a'))
      const detail = { taskIds: [...ids, '… (120)'].join(', ') }
      const message = findingMessage(facts({ rule: 'B4', unit: 'count', actual: '120', detail }), 'en')
      expect(message).toMatch(/^120 charged tasks have this one request id \([^"]+\)$/)
    }
  })
})

describe('an id that is one', () => {
  it.each([
    'task-610',
    '3f2b8c1e-9a4d-4e5f-8b6a-7c8d9e0f1a2b',
    'fal-ai/flux/dev#3f2b8c1e',
    'https://queue.fal.run/x?a=1&b=2',
    'points:7',
    'a.b_c+d=',
    `${'x'.repeat(79)}…`,
  ])('%s stands without quotes', (id) => {
    expect(subjectText({ taskId: id }, 'en')).toBe(`task ${id}`)
    expect(subjectText({ requestId: id }, 'zh')).toBe(`请求 ${id}`)
  })
})

describe('a word of the data in the sentence of a rule', () => {
  it.each(['en', 'zh'] as const)('stands in quotes where it is more than a word (%s)', (lang) => {
    const detail = { unit: 'image, and is 0 again', quantity: '2', level: 'gold) paid (in full', ruleId: 'r, 1' }
    const b22 = findingMessage(facts({ rule: 'B22', unit: 'points', detail }), lang)
    const [open, shut] = lang === 'en' ? ['"', '"'] : ['“', '”']
    expect(b22).toContain(`${open}gold) paid (in full${shut}`)
    expect(b22).toContain(`${open}r, 1${shut}`)
    expect(findingMessage(facts({ rule: 'B17', detail }), lang)).toContain(`${open}image, and is 0 again${shut}`)
  })
})

describe('one of a thing in English', () => {
  it.each([
    ['insufficient-history', { count: 1 }, 'for 1 day of a user', { count: 2 }, 'for 2 days of users'],
    ['insufficient-history', { activeDays: 1 }, ': 1 active day in', { activeDays: 2 }, ': 2 active days in'],
    ['links-foreign', { users: 1 }, 'from 1 user for', { users: 2 }, 'from 2 users for'],
    [
      'kinds-unknown',
      { rows: 1 },
      '1 row that bears an order or took something is of',
      { rows: 2 },
      '2 rows that bear',
    ],
  ])('%s', (code, one, said, two, saidOfTwo) => {
    expect(notEvaluatedText(code, one, 'en')).toContain(said)
    expect(notEvaluatedText(code, two, 'en')).toContain(saidOfTwo)
  })

  it('in what a view leaves out', () => {
    const words = vocabulary('en')
    expect([words.leftOutSources(1), words.moreFindings(1), words.moreReasons(1)]).toEqual([
      '1 more source left out',
      '1 lesser alert left out',
      '1 more reason left out',
    ])
    expect(words.untold(1, 2)).toContain('the charge of 1 task, the cost of 2 tasks')
    expect(words.outsideAccounts(1, '5 points', '1.00 USD')).toContain(': 1 task, charged 5 points')
  })
})
