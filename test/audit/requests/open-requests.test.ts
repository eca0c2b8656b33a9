import { describe, expect, it } from 'vitest'
import { OpenIds } from '../../../src/audit/requests/open-requests.ts'
import { LIMITS } from '../../../src/limits.ts'
import { event } from '../../kit/joined.ts'
import { planOf } from '../../kit/rows.ts'

describe('ids of what was billed around the window', () => {
  it('are looked up where tasks without an id may have been billed there, and nowhere else', () => {
    const open = new OpenIds(planOf(), undefined, true)
    open.addAround('billed-after')
    expect([open.areAround, open.list()]).toEqual([true, ['billed-after']])
    const without = new OpenIds(planOf())
    without.addAround('billed-after')
    expect([without.areAround, without.list()]).toEqual([false, []])
  })

  it('are not, all of them, where they are too many, and the others are', () => {
    const open = new OpenIds(planOf(), undefined, true)
    open.addEvent(event('orphan'))
    for (let index = 0; index < LIMITS.lookupIdsTotal; index++) open.addAround(`after-${index}`)
    expect(open.list()).toHaveLength(LIMITS.lookupIdsTotal + 1)
    open.addAround('one-more')
    expect([open.areAround, open.list()]).toEqual([false, ['orphan']])
  })
})
