import { describe, expect, it } from 'vitest'
import { countCell, sumPointsCell, sumUsdCell, usdCell } from '../../src/render/money.ts'
import { renderTable } from '../../src/render/table.ts'
import { displayWidth } from '../../src/render/width.ts'

describe('usdCell', () => {
  it.each([
    ['12.3', '12.30'],
    ['5', '5.00'],
    ['0', '0.00'],
    ['99.920', '99.92'],
    ['0.000001', '0.000001'],
    ['0.123456789', '0.123456789'],
    ['-66.32', '-66.32'],
    ['1234567.5', '1234567.50'],
    ['1e-3', '0.001'],
    ['.\u001b[31m', '.'],
    [null, '–'],
  ])('%j is written %j', (amount, cell) => {
    expect(usdCell(amount)).toBe(cell)
  })

  it('never makes different amounts look equal', () => {
    expect(usdCell('0.1000001')).not.toBe(usdCell('0.1000002'))
  })
})

describe('sums', () => {
  it('are exact', () => {
    expect(sumUsdCell(['0.1', '0.2', '0.000000001'])).toBe('0.300000001')
    expect(sumPointsCell([Number.MAX_SAFE_INTEGER, 2])).toBe('9007199254740993')
  })

  it('are unknown where a part is unknown', () => {
    expect(sumPointsCell([1, null])).toBe('–')
    expect(countCell(null)).toBe('–')
    expect(sumUsdCell(['1', 'x'])).toBe('–')
  })
})

describe('renderTable', () => {
  const lines = renderTable({
    columns: [
      { title: '用户ID', align: 'right' },
      { title: '用户名', align: 'left', widthMax: 10 },
      { title: 'USD', align: 'right' },
    ],
    rows: [
      ['1', '张三', '5.00'],
      ['22', 'a very long name', '1000.25'],
      ['3', '😀李', '–'],
    ],
    footer: ['合计', '', '1005.25'],
  })

  it('aligns numbers right and text left, with Chinese and emoji', () => {
    expect(lines).toEqual([
      '  用户ID  用户名          USD',
      '  ──────  ──────────  ───────',
      '       1  张三           5.00',
      '      22  a very lo…  1000.25',
      '       3  😀李              –',
      '  ──────  ──────────  ───────',
      '    合计              1005.25',
    ])
  })

  it('gives every line the same display width', () => {
    expect(new Set(lines.map(displayWidth)).size).toBe(1)
  })
})
