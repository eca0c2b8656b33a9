import { describe, expect, it } from 'vitest'
import { type Books, known, type ModelRecord } from '../../../src/audit/rules/books.ts'
import { matchesOf } from '../../../src/audit/tasks/model-name.ts'
import { evaluate, points, usd } from '../../kit/books.ts'

const NONE = { total: 0, ids: [] }
const NO_DUE = { count: 0, costNanoUsd: usd('0'), chargedPoints: points(0), crossingCount: 0, evidence: NONE }

const record = (model: string, overrides: Partial<ModelRecord> = {}): ModelRecord => ({
  ...{ model, taskCount: 0, costNanoUsd: usd('0'), crossingOutNanoUsd: usd('0'), crossingInNanoUsd: usd('0') },
  ...{ roundingNanoUsd: usd('0'), due: NO_DUE },
  ...overrides,
})

/** Tasks of the day before that may be billed today, at this cost. */
const carried = (model: string, cost: string): ModelRecord => record(model, { crossingInNanoUsd: usd(cost) })

function booksOf(
  bill: Readonly<Record<string, string>>,
  records: readonly ModelRecord[],
  matched: Readonly<Record<string, readonly string[]>>,
): Partial<Books> {
  const byModel = new Map(Object.entries(bill).map(([model, cost]) => [model, { model, costNanoUsd: usd(cost) }]))
  const comparison = {
    ...{ subject: { accountId: 5 }, bill: known({ costNanoUsd: usd('0'), byModel }), period: null },
    recordByModel: new Map(records.map((each) => [each.model, each])),
  }
  return { comparisons: [comparison], modelMatches: matchesOf(new Map(Object.entries(matched)), new Map()) }
}

const found = (rule: 'A2' | 'A3', books: Partial<Books>): string[] =>
  evaluate(rule, books).findings.map(({ subject, timing }) => `${subject.model}${timing === true ? ' TIMING' : ''}`)

describe('A2 by the names that matches connect', () => {
  const due = { ...NO_DUE, count: 1, costNanoUsd: usd('4') }
  const tasks = [record('name', { taskCount: 1, due })]

  it.each([
    ['under its own name', { name: '1' }, []],
    ['as one of the endpoints of its matches', { second: '1' }, []],
    ['as another endpoint alone', { third: '1' }, ['name']],
    ['as its endpoints at nothing', { first: '0', second: '0' }, ['name']],
  ])('looks for a bill %s', (_, bill, models) => {
    expect(found('A2', booksOf(bill, tasks, { name: ['first', 'second'], other: ['second', 'third'] }))).toEqual(models)
  })
})

describe('A3 by the names that matches connect', () => {
  it.each([
    ['its own name', ['end'], []],
    ['one of the stored names of its matches', ['second'], []],
    ['another stored name', ['third'], ['end']],
  ])('looks for tasks of %s', (_, stored, models) => {
    const tasks = stored.map((model) => record(model, { taskCount: 1 }))
    expect(found('A3', booksOf({ end: '1' }, tasks, { first: ['end'], second: ['end'], third: ['other'] }))).toEqual(
      models,
    )
  })

  it('adds up what tasks of all its stored names may have carried in, to the nano-dollar', () => {
    const tasks = [carried('a', '1'), { ...carried('b', '2'), roundingNanoUsd: usd('0.000000003') }]
    const matched = { a: ['end'], b: ['end'] }
    expect(found('A3', booksOf({ end: '3.000000003' }, tasks, matched))).toEqual(['end TIMING'])
    expect(found('A3', booksOf({ end: '3.000000004' }, tasks, matched))).toEqual(['end'])
  })

  it('lets tasks explain a bill once, whichever of their endpoints it was', () => {
    const matched = { a: ['x', 'y'] }
    expect(found('A3', booksOf({ x: '1', y: '2' }, [carried('a', '3')], matched))).toEqual(['x TIMING', 'y TIMING'])
    expect(found('A3', booksOf({ x: '1', y: '2' }, [carried('a', '2.999999999')], matched))).toEqual(['x', 'y'])
    // What one of them leaves to the other by tasks of its own is no help to the first.
    const own = { a: ['x', 'y', 'z'], b: ['z'] }
    const tasks = [carried('a', '2'), carried('b', '9')]
    expect(found('A3', booksOf({ x: '2', y: '1', z: '5' }, tasks, own))).toEqual(['x', 'y', 'z TIMING'])
  })

  it('holds endpoints together that are connected by names in between', () => {
    const tasks = [carried('a', '1'), carried('b', '3'), carried('c', '1')]
    const matched = { a: ['x'], b: ['x', 'y'], c: ['y'] }
    expect(found('A3', booksOf({ x: '3', y: '2' }, tasks, matched))).toEqual(['x TIMING', 'y TIMING'])
    expect(found('A3', booksOf({ x: '3', y: '3' }, tasks, matched))).toEqual(['x', 'y'])
    expect(found('A3', booksOf({ x: '3', y: '3', w: '1' }, [...tasks, carried('w', '1')], matched))).toEqual([
      ...['x', 'y', 'w TIMING'],
    ])
  })
})

describe('a task that names no model', () => {
  const tasks = [record('', { taskCount: 2, due: { ...NO_DUE, count: 1 } })]
  const open = (rule: 'A2' | 'A3', ...given: Parameters<typeof booksOf>) => {
    const { examined, findings, notEvaluated } = evaluate(rule, booksOf(...given))
    return [examined, findings.length, ...notEvaluated.map(({ subject, reason }) => [subject, reason.code])]
  }

  it('is of no model that fal did not bill, though it was billed as one', () => {
    const expected = [0, 0, [{ accountId: 5 }, 'model-untold']]
    expect(open('A2', { end: '1' }, tasks, { '': ['end'] })).toEqual(expected)
    expect(open('A2', {}, tasks, {})).toEqual(expected)
  })

  it('leaves open whether a model is recorded that no other task names', () => {
    const expected = [0, 0, [{ accountId: 5, model: 'end' }, 'model-untold']]
    expect(open('A3', { end: '1' }, tasks, { '': ['end'] })).toEqual(expected)
    const named = [...tasks, record('name', { taskCount: 1 })]
    expect(open('A3', { end: '1', name: '1' }, named, {})).toEqual([1, ...expected.slice(1)])
    expect(open('A3', { end: '1' }, named, { name: ['end'], '': ['end', 'other'] })).toEqual([1, 0])
    expect(open('A3', { end: '1' }, [record('', {})], {})).toEqual([1, 1])
  })

  it('teaches none of the names that it was billed as', () => {
    const { endpointsOf, storedNamesOf } = matchesOf(new Map([['', ['end']]]), new Map())
    expect([endpointsOf(''), storedNamesOf('end')]).toEqual([[''], ['end']])
    // Unless it is said what it stands for.
    const said = matchesOf(new Map([['', ['end']]]), new Map([['', 'alias']]))
    expect(said.storedNamesOf('end')).toEqual(['end', 'alias'])
  })
})
