import { describe, expect, it } from 'vitest'
import { type TraceFacts, traceSentence } from '../../src/render/trace-words.ts'

const facts = (overrides: Partial<TraceFacts> = {}): TraceFacts => ({
  billedUsd: '0.5',
  recordedUsd: '0.5',
  differenceUsd: '0',
  events: 1,
  status: 'success',
  refunded: false,
  repeated: false,
  claimedBy: '',
  lagHours: 24,
  unattributed: false,
  asked: true,
  allRead: true,
  reason: '',
  eventsRead: false,
  end: 'told',
  costUntold: false,
  ...overrides,
})

describe('the sentence about a task', () => {
  it('tells amounts as the findings beside it do', () => {
    const leaked = facts({ billedUsd: '2' })
    expect(traceSentence('unrecorded', leaked, 'en')).toMatch(/^fal billed 2\.00 USD in 1 event/)
    expect(traceSentence('unrecorded', leaked, 'zh')).toMatch(/^fal 计费 2\.00 USD（1 条明细）/)
    const off = facts({ billedUsd: '0.7', differenceUsd: '-0.2' })
    expect(traceSentence('amount', off, 'zh')).toContain('差异（记录 − 计费）-0.20 USD')
  })

  it('says that amounts agree where they are the same', () => {
    expect(traceSentence('matched', facts(), 'en')).toMatch(/recorded 0\.50 USD: they agree$/)
    expect(traceSentence('matched', facts(), 'zh')).toMatch(/任务记录成本 0\.50 USD，一致$/)
  })

  it('and where they are not, by how much they are within tolerance', () => {
    const near = facts({ billedUsd: '0.5001', differenceUsd: '-0.0001', status: 'unfinished' })
    expect(traceSentence('matched', near, 'en')).toBe(
      'fal billed 0.5001 USD in 1 event and the task recorded 0.50 USD: they agree within tolerance, -0.0001 USD recorded − billed, but the task is not marked as finished',
    )
    expect(traceSentence('matched', near, 'zh')).toBe(
      'fal 计费 0.5001 USD（1 条明细），任务记录成本 0.50 USD，在容差以内，差异（记录 − 计费）-0.0001 USD，但任务未标记完成',
    )
  })
})
