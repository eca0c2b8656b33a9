import { describe, expect, it } from 'vitest'
import { type FocusAnswer, placeLines } from '../../src/fal/focus-months.ts'
import { nanoUsd } from '../../src/units/nano-usd.ts'

const M = ['2025-12', '2026-01', '2026-02'] as const
const [DEC, JAN, FEB] = M

/** An answer; lines as `invoice period`, either of them `-` where there is none. */
const answer = (month: string, ...lines: string[]): FocusAnswer => ({
  month,
  lines: lines.map((wire) => {
    const [invoiceId = '', period = ''] = wire.split(' ').map((part) => (part === '-' ? '' : part))
    const row = { invoiceId, period, chargeMonth: '', service: '', currency: 'USD', billedCostNanoUsd: nanoUsd(1n) }
    return { row, wire }
  }),
})

const placed = (asked: readonly string[], ...answers: FocusAnswer[]) => {
  const { rows, open, untold } = placeLines(asked, answers)
  return { rows: rows.map(({ invoiceId, billingMonth }) => `${billingMonth} ${invoiceId}`), open: [...open], untold }
}

const sure = (...rows: string[]) => ({ rows, open: [], untold: 0 })
const A = `A ${DEC}`
const B = `B ${JAN}`
const C = `C ${FEB}`
const OLD = `- ${DEC}`

describe('where fal heeds the month', () => {
  it('a line is of the month it came for, whatever period it names', () => {
    expect(placed(M, answer(DEC, A), answer(JAN, B), answer(FEB, C))).toEqual(sure(`${DEC} A`, `${JAN} B`, `${FEB} C`))
    expect(placed([JAN, FEB], answer(JAN, A), answer(FEB, B))).toEqual(sure(`${JAN} A`, `${FEB} B`))
    expect(placed(M, answer(DEC), answer(JAN, A), answer(FEB, B, 'D -'))).toEqual(
      sure(`${JAN} A`, `${FEB} B`, `${FEB} D`),
    )
  })

  it('identical lines of one answer all count', () => {
    expect(placed(M, answer(JAN, B, B), answer(FEB))).toEqual(sure(`${JAN} B`, `${JAN} B`))
  })

  it('an only answer tells the month of lines that are all of the month before: they are issued after it', () => {
    expect(placed([FEB], answer(FEB, B, `D ${JAN}`))).toEqual(sure(`${FEB} B`, `${FEB} D`))
    expect(placed([JAN], answer(JAN, A))).toEqual(sure(`${JAN} A`))
  })

  it('an only answer tells the month of lines that name none', () => {
    expect(placed([JAN], answer(JAN, 'X -', B))).toEqual(sure(`${JAN} X`, `${JAN} B`))
  })
})

describe('where fal sends every line for every month', () => {
  const every = (month: string) => answer(month, A, B, B, C)

  it('each is of the month it names, once', () => {
    expect(placed(M, every(DEC), every(JAN), every(FEB))).toEqual(sure(`${DEC} A`, `${JAN} B`, `${JAN} B`, `${FEB} C`))
  })

  it('those of other months are left out', () => {
    expect(placed([JAN, FEB], every(JAN), every(FEB))).toEqual(sure(`${JAN} B`, `${JAN} B`, `${FEB} C`))
    expect(placed([JAN], every(JAN))).toEqual(sure(`${JAN} B`, `${JAN} B`))
    expect(placed([JAN], answer(JAN, B, A))).toEqual(sure(`${JAN} B`))
    expect(placed([JAN, '2026-03'], every(JAN), every('2026-03'))).toEqual(sure(`${JAN} B`, `${JAN} B`))
  })

  it('so it is with lines of no invoice', () => {
    expect(placed([JAN, FEB], answer(JAN, B, OLD, C), answer(FEB, B, OLD, C))).toEqual(sure(`${JAN} B`, `${FEB} C`))
    const own = `- ${JAN}`
    expect(placed([JAN, FEB], answer(JAN, own, C), answer(FEB, own, C))).toEqual(sure(`${JAN} `, `${FEB} C`))
    const all = [OLD, own, C]
    expect(placed([JAN, FEB], answer(JAN, ...all), answer(FEB, ...all))).toEqual(sure(`${JAN} `, `${FEB} C`))
  })

  it('one of no invoice that came for its own month alone is of that, though others came for several', () => {
    const own = `- ${JAN}`
    expect(placed(M, answer(DEC), answer(JAN, own, C), answer(FEB, C))).toEqual(sure(`${JAN} `, `${FEB} C`))
  })

  it('nor is a line of an invoice of another time one of each, though others came once', () => {
    expect(placed([JAN, FEB], answer(JAN, B, A), answer(FEB, C, A))).toEqual(sure(`${JAN} B`, `${FEB} C`))
  })

  it('those of a month that was not read are left to it', () => {
    expect(placed(M, every(DEC), every(FEB))).toEqual(sure(`${DEC} A`, `${FEB} C`))
  })

  it('an invoice of which a line is of another time is not shown short', () => {
    const split = (month: string) => answer(month, `B ${DEC}`, B, C)
    expect(placed([JAN, FEB], split(JAN), split(FEB))).toEqual({ rows: [`${FEB} C`], open: [JAN], untold: 0 })
    expect(placed([JAN], split(JAN))).toEqual({ rows: [], open: [JAN], untold: 0 })
    expect(placed(M, split(JAN), split(FEB))).toEqual({ rows: [`${FEB} C`], open: [JAN], untold: 0 })
  })

  it('those that name no period and came more often for one month count as often as there', () => {
    for (const [jan, feb] of [
      [['X -', 'X -'], ['X -']],
      [['X -'], ['X -', 'X -']],
    ] as const) {
      expect(placed([JAN, FEB], answer(JAN, ...jan), answer(FEB, ...feb))).toMatchObject({ open: [], untold: 2 })
    }
  })

  it('those that name no period have no month, and count once', () => {
    const bare = (month: string) => answer(month, 'X -', 'X -', B)
    expect(placed([JAN, FEB], bare(JAN), bare(FEB))).toEqual({
      rows: [' X', ' X', `${JAN} B`],
      open: [],
      untold: 2,
    })
  })
})

describe('where periods and answers do not agree, the months are open', () => {
  it.each([
    ['an only answer of an older month', [FEB], [answer(FEB, A)], [FEB]],
    ['an only answer of several months, none of them its own', [FEB], [answer(FEB, B, A)], [FEB]],
    ['an only answer with a line of another month and no invoice', [FEB], [answer(FEB, C, `- ${JAN}`)], [FEB]],
    ['a line that is missing in its own month', M, [answer(DEC, A, C), answer(JAN, A, C), answer(FEB, A)], [...M]],
    ['a line of another time that came for some months', [JAN, FEB], [answer(JAN, B, A), answer(FEB, B)], [JAN]],
    [
      'a line of no invoice that came each time, and others once',
      [JAN, FEB],
      [answer(JAN, B, OLD), answer(FEB, C, OLD)],
      [JAN, FEB],
    ],
    [
      'such a line of a month asked for',
      [JAN, FEB],
      [answer(JAN, B, `- ${JAN}`), answer(FEB, C, `- ${JAN}`)],
      [JAN, FEB],
    ],
  ])('%s', (_, asked, answers, open) => {
    expect(placed(asked, ...answers)).toEqual({ rows: [], open: expect.toSatisfy(sameAs(open)), untold: 0 })
  })
})

const sameAs = (open: readonly string[]) => (given: string[]) => given.sort().join() === open.join()
