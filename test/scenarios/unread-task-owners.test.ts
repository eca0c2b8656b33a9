import { describe, expect, it, onTestFinished } from 'vitest'
import type { Report } from '../../schemas/report.ts'
import { apiKeyOf, type MiniTask, MiniWorld } from '../../src/demo/mini-world.ts'
import { runAudit } from '../../src/operation.ts'
import { ratio } from '../../src/units/ratio.ts'
import { auditInput, inShort, quietContext, type WorldAudit } from '../kit/audit-world.ts'
import { openWorld, type RealParts, STORES } from '../kit/real-audit.ts'

/** A task without a readable time speaks for the account whose key it names, as far as what it holds can explain. */

const DAY = '2026-02-06'
const LEAK = 'fal-ai/veo3'
const OWN_KEYS = [5, 6, 7]

interface Shape {
  /** Of the odd task: everything that account 5 lacks, unless said. */
  readonly odd?: MiniTask & { readonly isText?: string }
  /** Whether both accounts share a workspace whose bill names no key. */
  readonly isShared?: boolean
}

/** Accounts 5 and 6: each is billed far more than it records, and by a model that it records nothing of; a day of refunds. */
function leaking({ odd = {}, isShared = false }: Shape): MiniWorld {
  const world = new MiniWorld()
  for (const account of OWN_KEYS) world.account(account, isShared && account < 7 ? { workspace: 'shared' } : {})
  const billed = isShared ? { keyId: undefined as never } : {}
  world.task({ account: 5, cost: '8', points: 300, model: LEAK, billed: false, at: `${DAY} 12:02:00`, ...odd })
  for (const account of [5, 6]) {
    const rest = { account, user: 200 + account, cost: '1', billed }
    world.task({ ...rest, at: `${DAY} 12:00:00` }).task({ ...rest, at: `${DAY} 12:01:00`, refunded: true })
    const timestamp = world.iso(`${DAY} 13:00:00`)
    world.event({ requestId: `leak-${account}`, endpointId: LEAK, cost: '8', timestamp, ...billed }, apiKeyOf(account))
  }
  return world
}

async function audited(shape: Shape, store: RealParts['store'], options: WorldAudit = {}): Promise<Report> {
  const real = await openWorld(leaking(shape).build(), { store })
  onTestFinished(real.close)
  if (store === 'mariadb') await real.exec('ALTER TABLE ts_fal_tasks MODIFY created_at VARCHAR(40)')
  await real.exec("UPDATE ts_fal_tasks SET created_at = 'soon' WHERE id = 1")
  const report = await runAudit(
    auditInput({ depth: 'summary', ...options }),
    real.dependencies(options),
    quietContext(),
  )
  expect(report.coverage.sources.find(({ source }) => source === 'tasks')?.status).toBe('partial')
  return report
}

const ofRules = (rules: RegExp, said: readonly string[]): string[] => said.filter((each) => rules.test(each)).sort()
const found = (report: Report): string[] => ofRules(/^A[135] /, inShort(report))
const open = ({ notEvaluated }: Report): string[] =>
  ofRules(
    /^A[135] /,
    notEvaluated.map(({ rule, subject }) => inShort({ findings: [{ rule, subject }] } as never)[0] ?? ''),
  )
const A1 = (account: number): string => `A1 accountId=${account}`
const A3 = (account: number): string => `A3 accountId=${account} model=${LEAK}`
const A5 = `A5 date=${DAY}`

describe.each(STORES)('a task without a readable time, on %s', (store) => {
  it('leaves open what it explains of its account, and lets the others be accused', async () => {
    const report = await audited({}, store)
    expect(found(report)).toEqual([A1(6), A3(6)])
    expect(open(report)).toEqual([A1(5), A3(5), A5])
  })

  it('explains nothing where it holds too little, or has another name that is known', async () => {
    const report = await audited({ odd: { cost: '0.5', points: 0, model: 'fal-ai/flux/schnell' } }, store)
    expect(found(report)).toEqual([A1(5), A1(6), A3(5), A3(6), A5])
    expect(open(report)).toEqual([])
  })

  it.each([{ apiKey: '' }, { apiKey: 'of-nobody' }])('may be of any account with the key of none: %o', async (odd) => {
    const report = await audited({ odd }, store)
    expect(found(report)).toEqual([])
    expect(open(report)).toEqual([A1(5), A1(6), A3(5), A3(6), A5])
  })

  it('is of another account, which is in no trouble', async () => {
    const report = await audited({ odd: { account: 7 } }, store)
    expect(found(report)).toEqual([A1(5), A1(6), A3(5), A3(6)])
    expect(open(report)).toEqual([A5])
  })

  it('leaves open the workspace that its account shares', async () => {
    const ofWorkspace = (report: Report) =>
      [found(report), open(report)].map((each) => each.filter((text) => text.includes('workspace')))
    const both = ['A1 workspace=shared', `A3 workspace=shared model=${LEAK}`]
    const enough = await audited({ isShared: true, odd: { cost: '16' } }, store)
    expect(ofWorkspace(enough)).toEqual([[], both])
    const elsewhere = await audited({ isShared: true, odd: { account: 7, cost: '16' } }, store)
    expect(ofWorkspace(elsewhere)).toEqual([both, []])
  })

  it('request by request too', async () => {
    const report = await audited({}, store, { depth: 'requests' })
    expect(found(report)).toEqual([A1(6), A3(6)])
    expect(open(report)).toEqual([A1(5), A3(5), A5])
    // By ids it explains nothing.
    expect(ofRules(/^B1 /, inShort(report))).toEqual(['B1 requestId=leak-5', 'B1 requestId=leak-6'])
  })
})

describe('a billed task without a readable time', () => {
  const odd = { billed: {}, cost: '100', model: 'fal-ai/other' } as const

  it('may have been of the period with its bill, so that a record beyond the bill is not', async () => {
    for (const [cost, isFound] of [
      ['100', false],
      ['1', true],
    ] as const) {
      const world = new MiniWorld().account(5).task({ account: 5, ...odd, cost })
      for (const billed of [{}, {}, {}, {}, false] as const) world.task({ cost: '1', billed })
      const real = await openWorld(world.build(), { store: 'embedded' })
      onTestFinished(real.close)
      await real.exec("UPDATE ts_fal_tasks SET created_at = 'soon' WHERE id = 1")
      const report = await runAudit(auditInput({ depth: 'requests' }), real.dependencies(), quietContext())
      expect(ofRules(/^A1 /, inShort(report))).toEqual(isFound ? [A1(5)] : [])
      expect(open(report)).toEqual(isFound ? [] : [A1(5)])
    }
  })

  it('may be what fal billed of a model, and what a loss lacks', async () => {
    for (const points of [500, 1]) {
      const world = new MiniWorld().account(5).task({ cost: '1', points, model: LEAK })
      world.task({ cost: '1', points: 100, model: LEAK, billed: false })
      world.task({ cost: '2', points: 100, model: LEAK, billed: { endpointId: 'fal-ai/kling' } })
      const real = await openWorld(world.build(), { store: 'embedded' })
      onTestFinished(real.close)
      await real.exec("UPDATE ts_fal_tasks SET created_at = 'soon' WHERE id = 1")
      const options = { settings: { pointsPerUsd: ratio('100') } }
      const report = await runAudit(auditInput({ depth: 'requests' }), real.dependencies(options), quietContext())
      const ofB16 = `B16 model=${LEAK} date=${DAY}`
      expect(ofRules(/^B16 /, inShort(report))).toEqual(points === 1 ? [ofB16] : [])
      expect(report.notEvaluated.some(({ rule }) => rule === 'B16')).toBe(points !== 1)
    }
  })
})
