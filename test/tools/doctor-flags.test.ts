import { describe, expect, it } from 'vitest'
import { examined, healthyWorld, lineOf } from '../kit/doctor-case.ts'
import { BACKENDS } from '../ledger/backends.ts'

describe.each(BACKENDS)('the mark of refunds, on $name', (backend) => {
  /** What is said of tasks that all have one value in such a column. */
  const said = async (value: string, type = 'VARCHAR(8)') => {
    const sql = [
      'ALTER TABLE ts_fal_tasks DROP COLUMN is_refund',
      `ALTER TABLE ts_fal_tasks ADD COLUMN is_refund ${type} DEFAULT ${value}`,
    ]
    const { status, seen } = lineOf(await examined({ backend, sql }), 'refund-flags')
    return `${status} ${seen}`
  }

  it.each([
    ['0', 'INT'],
    ['1', 'INT'],
    ['1', 'BIT(1)'],
    ['0', 'BIT(1)'],
    ['1', 'BIT(16)'],
    ['NULL', 'INT'],
    ["'true'", undefined],
    ["'FALSE'", undefined],
    ["'1.0'", undefined],
    ["''", undefined],
  ])('of %s is well', async (value, type) => {
    expect(await said(value, type)).toMatch(/^ok 0 and 1 alone, in the newest 31 tasks/)
  })

  it('is told of where it is another number, which counts as no refund, or a word, which ends an audit', async () => {
    expect(await said('2', 'INT')).toMatch(/^warning .*"2" \(31\), in the newest 31 tasks; they count as no refund/)
    // Of a BIT its number: its byte is no letter.
    expect(await said('2', 'BIT(2)')).toMatch(/^warning .*"2" \(31\).*they count as no refund/)
    expect(await said("'yes'")).toMatch(/^failure .*"yes" \(31\).*they end an audit/)
  })

  it('and the type of cash rows likewise', async () => {
    const kinds = async (type: string, change: string) => {
      const sql = [
        'ALTER TABLE ts_financial_transactions DROP COLUMN transaction_type',
        `ALTER TABLE ts_financial_transactions ADD COLUMN transaction_type ${type} DEFAULT ${change}`,
      ]
      const world = healthyWorld()
        .task({ user: 101, paid: { cash: 100 } })
        .build()
      const { lines } = await examined({ backend, sql, world })
      const { status, seen } = lines.find(
        ({ id, subject }) => id === 'ledger-words' && subject === 'ts_financial_transactions',
      ) ?? { status: 'none', seen: '' }
      return `${status} ${seen}`
    }
    expect(await kinds('BIT(1)', '1')).toMatch(/^ok all kinds are known/)
    expect(await kinds('BIT(8)', '0')).toMatch(/^ok all kinds are known/)
    expect(await kinds('BIT(8)', '7')).toMatch(/^(?:warning|ok) .*"7"/)
  })
})
