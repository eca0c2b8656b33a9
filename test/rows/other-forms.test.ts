import { describe, expect, it } from 'vitest'
import { entryRecordsOf } from '../../src/rows/entry-records.ts'
import { mayBeOtherForm } from '../../src/rows/other-forms.ts'
import { bareId } from '../../src/units/request-id.ts'
import { entryRow } from '../kit/rows.ts'

const ID = 'aaaaaaaa-0000-4000-8000-000000000001'

describe('an order id', () => {
  const others = [
    'fal-ai/veo3#1',
    'a/b',
    'x#y',
    `ORDER_${ID}`,
    `fal:${ID.toUpperCase()}`,
    ID.toUpperCase(),
    `fal-ai/veo3#${ID}`,
    `${ID}/status`,
  ]
  const behindMarks = ['order_', 'fal:', 'fal.ai ', 'id=', '\uff1a', '任'].map((mark) => `${mark}${ID}`)

  it.each([...others, ...behindMarks])('"%s" may be a request id in another form', (orderId) => {
    expect(mayBeOtherForm(orderId)).toBe(true)
    expect(entryRecordsOf([entryRow(1, 1, { orderId })]).mayBeOtherForm(0)).toBe(true)
  })

  const bare = [
    '',
    'order_1',
    'é',
    '1e5',
    '[',
    '@',
    'A',
    'aZ',
    `ORDER-${ID}`,
    `A${ID.toUpperCase()}`,
    ID,
    `a${ID}`,
    `order-${ID}`,
    `order_${ID}0`,
    `order_a${ID}`,
  ]

  it.each([...bare, 'order_202602061200000000000000000000000001'])('"%s" is none in another form', (orderId) => {
    expect(mayBeOtherForm(orderId)).toBe(false)
    expect(entryRecordsOf([entryRow(1, 1, { orderId })]).mayBeOtherForm(0)).toBe(false)
    expect(bareId(orderId)).toBe(orderId)
  })
})
