import { describe, expect, it } from 'vitest'
import { MiniWorld } from '../../src/demo/mini-world.ts'
import { renderText } from '../../src/render/text.ts'
import { auditWorld } from '../kit/audit-world.ts'

// An amount that a task does not tell (NULL) is none of 0, neither in a figure nor in a sentence.

const model = 'fal-ai/kling'
const STRANGE = 'feedfeed-0000-4000-8000-000000000000:00'
const untold = { points: null as never, paid: false } as const

async function theOne(rule: string, world: MiniWorld, lang: 'zh' | 'en' = 'en') {
  const { findings } = await auditWorld(world.build(), { depth: 'requests', lang })
  const found = findings.filter((finding) => finding.rule === rule)
  expect(found).toHaveLength(1)
  return found[0]
}

describe('A2', () => {
  const world = () => new MiniWorld().account(5).task({ cost: '1' })

  it('tells no cost where no task does', async () => {
    const charged = () => world().task({ model, cost: null, points: 400, billed: false })
    const found = await theOne('A2', charged())
    expect(found).toMatchObject({ expected: '0', actual: null, difference: null, count: 1 })
    expect(found?.message).toMatch(
      /: tasks: 1, charged 400 points, 1 without a cost \(NULL\), but fal billed nothing for this model$/,
    )
    expect((await theOne('A2', charged(), 'zh'))?.message).toMatch(
      /有 1 个任务，收费 400 积分，1 个没有记录成本（NULL），但 fal 没有该模型的账单$/,
    )
  })

  it('says how many tell none beside those that do', async () => {
    const some = world().task({ model, cost: null, billed: false }).task({ model, cost: '2', billed: false })
    const found = await theOne('A2', some)
    expect(found).toMatchObject({ actual: '2', difference: '2', count: 2 })
    expect(found?.message).toContain('recorded cost 2.00 USD, charged 200 points, 1 without a cost (NULL), but fal')
  })

  it('tells no charge where no task does', async () => {
    const free = () => world().task({ model, cost: '2', ...untold, billed: false })
    expect((await theOne('A2', free()))?.message).toMatch(
      /: tasks: 1, recorded cost 2.00 USD, 1 without a charge \(NULL\), but/,
    )
    expect((await theOne('A2', free(), 'zh'))?.message).toContain('记录成本 2.00 USD，1 个没有记录收费（NULL），但')
  })
})

describe('B14', () => {
  it('tells no cost where no task does, and how many tell none beside those that do', async () => {
    const none = new MiniWorld().account(5).task({ apiKey: STRANGE, cost: null })
    expect((await theOne('B14', none))?.message).toMatch(/no account row, 1 without a cost \(NULL\)$/)
    const some = () =>
      new MiniWorld().account(5).task({ apiKey: STRANGE, cost: null }).task({ apiKey: STRANGE, cost: '2' })
    expect((await theOne('B14', some()))?.message).toMatch(/, recorded cost 2.00 USD, 1 without a cost \(NULL\)$/)
    expect((await theOne('B14', some(), 'zh'))?.message).toMatch(/，记录成本 2.00 USD，1 个没有记录成本（NULL）$/)
  })
})

describe('tasks of accounts outside the audit', () => {
  const told = async (...others: readonly object[]) => {
    const world = new MiniWorld().account(6).account(5).task({ account: 6 })
    for (const other of others) world.task({ account: 5, ...other })
    const report = await auditWorld(world.build(), { settings: { accountLimit: 1 } })
    return { sums: report.tasks.totals.outsideAccounts, text: renderText(report, { lang: 'en' }) }
  }

  it('that tell no charge and no cost are not told as free', async () => {
    const { sums, text } = await told({ cost: null, ...untold })
    expect(sums).toMatchObject({ taskCount: 1, untoldCharges: 1, untoldCosts: 1 })
    expect(text).toContain('1 task, charged – points, fal cost – USD')
    expect(text).toContain('the charge of 1 task, the cost of 1 task')
  })

  it('say how many tell none beside those that do', async () => {
    const { sums, text } = await told({ cost: null, ...untold }, { cost: '2', points: 70 })
    expect(sums).toMatchObject({ taskCount: 2, chargedPoints: 70, costUsd: '2', untoldCharges: 1, untoldCosts: 1 })
    expect(text).toContain('2 tasks, charged 70 points, fal cost 2.00 USD')
    expect(text).toContain('the charge of 1 task, the cost of 1 task')
    expect((await told({ cost: '2', points: 70 })).text).not.toContain('(NULL)')
  })
})
