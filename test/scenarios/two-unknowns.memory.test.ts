import { describe, expect, it } from 'vitest'
import type { RuleId } from '../../schemas/report.ts'
import { apiKeyOf, type MiniTask, MiniWorld, requestIdOf } from '../../src/demo/mini-world.ts'
import type { World } from '../../src/demo/stored-world.ts'
import { ratio } from '../../src/units/ratio.ts'
import { breaksOf } from '../kit/audit-with.ts'
import { auditWorld, type WorldAudit } from '../kit/audit-world.ts'
import { openOf } from '../kit/null-world.ts'

// What a task would decide of a rule is open whichever of two things it does not tell, and where it tells neither.
const OTHER = 'fal-ai/kling/v2'

/** A world of whose last task two columns are NULL, or hold what cannot be read. */
function lacking(world: MiniWorld, cells: object): World {
  const { tables, ...rest } = world.build()
  const last = tables.tasks.length
  const tasks = tables.tasks.map((task) => (task.id === last ? { ...task, ...cells } : task))
  return { ...rest, tables: { ...tables, tasks } }
}

/** What an audit finds by a rule, TIMING left out, and of whom it leaves it open. */
async function saidOf(rule: RuleId, world: World, options: WorldAudit): Promise<string[]> {
  const report = await auditWorld(world, options)
  return [...breaksOf(report), ...openOf(report, '')].filter((text) => text.split(' ')[0] === rule)
}

const TWO = (): MiniWorld => new MiniWorld().account(5).account(6).task({ cost: '1' })

describe('A7', () => {
  const said = (task: MiniTask, cells: object, options: WorldAudit = {}) =>
    saidOf('A7', lacking(TWO().task({ user: 102, points: 0, cost: '0.1', ...task }), cells), options)

  it('is open of a task that tells neither its user nor its cost, whoever is asked for', async () => {
    for (const options of [{}, { userIds: [101] }]) {
      expect(await said({}, { userId: null, costMoney: null }, options)).toEqual(['A7'])
      expect(await said({}, { userId: null, costMoney: null, money: null }, options)).toEqual(['A7'])
    }
  })

  it('is not of one that was charged, or given back, or that failed, which records no cost as a rule', async () => {
    for (const task of [{ points: 100 }, { refunded: true }, { status: 'failed' }, { status: 'running' }]) {
      expect(await said(task, { userId: null, costMoney: null }, { userIds: [101] })).toEqual([])
    }
    expect(await said({}, { userId: null, costMoney: '0' }, { userIds: [101] })).toEqual([])
  })
})

describe('B7', () => {
  const said = (cells: object, settings: WorldAudit['settings'] = { ledgerLink: 'total' }) => {
    const world = TWO().task({ user: 0 }).task({ user: 102, cost: '0', status: 'failed', billed: false })
    return saidOf('B7', lacking(world, cells), { depth: 'requests', settings })
  }

  it('is open by the mark alone of one that tells neither its user nor its end, and names no user for it', async () => {
    expect(await said({})).toEqual([expect.stringMatching(/^B7 taskId=task-3/)])
    expect(await said({ userId: null })).toEqual([expect.stringMatching(/^B7 taskId=task-3/)])
    expect(await said({ completedAt: 'soon' })).toEqual(['B7 102'])
    expect(await said({ completedAt: 'soon', userId: null })).toEqual(['B7'])
    // Which is not the user 0.
    expect(await said({ completedAt: 'soon', userId: 0 })).toEqual(['B7 0'])
    expect(await said({ completedAt: 'soon', userId: null }, { ledgerLink: 'order' })).toEqual(['B7'])
  })
})

describe('B16', () => {
  const said = (points: number, cells: object) => {
    const world = lacking(TWO().task({ model: OTHER, cost: '2', points }), cells)
    return saidOf('B16', world, { depth: 'requests', settings: { pointsPerUsd: ratio('100') } })
  }

  it('is open of every model where one that lost tells neither its model nor its time', async () => {
    expect(await said(199, {})).toEqual([`B16 model=${OTHER} date=2026-02-06`])
    expect(await said(199, { createdAt: null })).toEqual([`B16 ${OTHER}`])
    expect(await said(199, { appName: null })).toEqual(['B16 2026-02-06'])
    expect(await said(199, { appName: null, createdAt: null })).toEqual(['B16'])
    expect(await said(200, { appName: null, createdAt: null })).toEqual([])
  })
})

describe('A1', () => {
  const said = (task: MiniTask, cells: object, depth: 'requests' | 'summary' = 'requests') =>
    saidOf('A1', lacking(TWO().task({ cost: '1', ...task }), cells), { depth })

  it('is open of a task that tells neither its time nor its cost, which may be 0, wherever its bill is', async () => {
    for (const billed of [{}, { timestamp: '2026-02-06T16:05:00Z' }]) {
      expect(await said({ billed }, { costMoney: '0', createdAt: null })).toEqual(['A1 5'])
      expect(await said({ billed }, { costMoney: null })).toEqual(['A1 5'])
      expect(await said({ billed }, { costMoney: null, createdAt: null })).toEqual(['A1 5'])
    }
  })

  it('is not where it would not be far from the bill with a cost of 0', async () => {
    const billed = { timestamp: '2026-02-06T16:05:00Z' }
    // 0.111 of 1.111 USD, and 0.112 of 1.112, for a threshold of a tenth.
    expect(await said({ cost: '0.111', billed }, { costMoney: null, createdAt: null })).toEqual([])
    expect(await said({ cost: '0.112', billed }, { costMoney: null, createdAt: null })).toEqual(['A1 5'])
  })

  it('is open of a billed task that tells neither its time nor its key, which may be recorded on it', async () => {
    for (const status of ['completed', 'failed', 'running']) {
      const billed = { cost: '0.05' }
      expect(await said({ status, billed }, { createdAt: null })).toEqual(['A1 5'])
      expect(await said({ status, billed }, { apiKey: null })).toContain('A1 5')
      expect(await said({ status, billed }, { apiKey: null, createdAt: null })).toContain('A1 5')
    }
  })

  it('is not where fal billed as much as it cost, wherever it is recorded', async () => {
    expect(await said({ cost: '0.1' }, { apiKey: null, createdAt: null })).toEqual([])
  })

  describe('with usage alone, of a task that failed and tells neither its model nor its cost', () => {
    const status = 'failed'
    const none = { appName: null, costMoney: null }
    const OF_5 = ['A1 accountId=5']

    it('is open where it may be what was billed beyond the record, as with either', async () => {
      for (const model of [undefined, OTHER]) {
        expect(await said({ status, model }, { appName: null }, 'summary')).toEqual([])
        expect(await said({ status, model }, { costMoney: null }, 'summary')).toEqual(['A1 5'])
        expect(await said({ status, model }, none, 'summary')).toEqual(['A1 5'])
      }
      // No other task tells what one of that model costs.
      expect(await said({ status, model: OTHER, billed: { cost: '9' } }, none, 'summary')).toEqual(['A1 5'])
    })

    it('fires where it is no more than one model’s, and of that no dearer than others', async () => {
      expect(await said({ status, billed: { cost: '9' } }, { costMoney: null }, 'summary')).toEqual(OF_5)
      expect(await said({ status, billed: { cost: '9' } }, none, 'summary')).toEqual(OF_5)
      const two = TWO().task({ status, model: OTHER, cost: '1' })
      const leak = { endpointId: 'fal-ai/veo3', cost: '1', timestamp: two.iso('2026-02-06 13:00:00') }
      const models = (world: MiniWorld) => saidOf('A1', lacking(world, none), { depth: 'summary' })
      expect(await models(two)).toEqual(['A1 5'])
      expect(await models(two.event(leak))).toEqual(OF_5)
    })
  })

  it.each([{ apiKey: null }, { costMoney: null }, { createdAt: null }])(
    'is open with usage alone of one whose end cannot be read either: it may have ended in the middle (%j)',
    async (other) => {
      const unbilled = { billed: false } as const
      // Whoever tells all else is told of as TIMING.
      expect(await said(unbilled, { completedAt: 'soon' }, 'summary')).toEqual([])
      for (const at of ['2026-02-06 12:00:00', '2026-02-06 00:00:00']) {
        expect(await said({ ...unbilled, at }, { completedAt: 'soon', ...other }, 'summary')).toContain('A1 5')
      }
      // At the edge for certain it is TIMING at most.
      const atEdge = { ...unbilled, at: '2026-02-06 23:59:00' }
      if (!('createdAt' in other)) {
        expect(await said(atEdge, { completedAt: 'soon', ...other }, 'summary')).not.toContain('A1 5')
      }
    },
  )

  it.each([{ apiKey: null }, { createdAt: null }])(
    'is open with usage alone of one that fal did not bill beside one that it did, whose end cannot be read (%j)',
    async (cells) => {
      const said = async (completed: string, other: object) => {
        const bill = { requestId: requestIdOf(2), cost: '3', timestamp: '2026-02-06T04:01:00Z' }
        const world = TWO().task({ cost: '3', completed, billed: false }).event(bill)
        return saidOf('A1', lacking(world.task({ cost: '1', billed: false }), other), {})
      }
      // 5 of 4, or 4 of 4.
      expect(await said('2026-02-06 12:00:20', {})).toEqual(['A1 accountId=5'])
      expect(await said('2026-02-06 12:00:20', cells)).toContain('A1 5')
      expect(await said('soon', cells)).toContain('A1 5')
      // What may have been billed outside the period whenever it ended explains as much.
      expect(await said('2026-02-06 23:59:00', cells)).not.toContain('A1 5')
    },
  )

  it.each([{ appName: null }, { apiKey: null }, { createdAt: null }])(
    'is open with usage alone of a success without a cost beside one that may be what its model was billed for (%j)',
    async (cells) => {
      const said = async (cost: string | null, bill: string) => {
        const world = TWO().task({ cost: '0.05', model: OTHER, billed: { cost: bill } })
        const built = lacking(world.task({ cost, model: OTHER, billed: false }), {})
        const tasks = built.tables.tasks.map((task) => (task.id === 2 ? { ...task, ...(cells as object) } : task))
        return saidOf('A1', { ...built, tables: { ...built.tables, tasks } }, {})
      }
      // 0.05 USD may be for the one, and the other cost 3; or for that, where the first is of another.
      expect(await said('3', '0.05')).toEqual(['A1 accountId=5'])
      expect(await said(null, '0.05')).toContain('A1 5')
      // What was billed beyond all of them is held to be for it.
      expect(await said(null, '0.06')).not.toContain('A1 5')
    },
  )

  it.each([{ apiKey: null }, { createdAt: null }])(
    'is open with usage alone of one that fal did not bill beside a success at the edge without a cost (%j)',
    async (cells) => {
      const said = async (cost: string | null, at: string, other: object) => {
        const world = TWO().task({ cost, at: '2026-02-06 23:58:00', billed: false })
        return saidOf('A1', lacking(world.task({ at, cost: '0.05', billed: false }), other), {})
      }
      // Of 2.05 of 1 USD the edge explains 1.
      const noon = '2026-02-06 12:00:00'
      expect(await said('1', noon, {})).toEqual(['A1 accountId=5'])
      expect(await said(null, noon, {})).toContain('A1 5')
      expect(await said(null, noon, cells)).toContain('A1 5')
      if (!('createdAt' in cells)) expect(await said(null, '2026-02-06 23:59:00', cells)).not.toContain('A1 5')
    },
  )
})

it.each([{ apiKey: null }, { createdAt: null }, { costMoney: null }])(
  'A1 is open of one that fal did not bill, whose end cannot be read, beside one of which something else is not told (%j)',
  async (cells) => {
    // What one without a cost was billed for adds to the record, and what the others cost that were not.
    const isBilled = 'costMoney' in cells
    const said = (completed: string, other: object, cost = isBilled ? '2' : '1.5') => {
      const world = new MiniWorld().account(5).task({ cost: isBilled ? '17.5' : '19' })
      world.task({ cost, completed, billed: false }).task({ cost: '1.5', ...(!isBilled && { billed: false }) })
      return saidOf('A1', lacking(world, other), { depth: 'requests' })
    }
    // 22, or 21, of 19 USD.
    expect(await said('2026-02-06 12:00:20', {})).toEqual(['A1 accountId=5'])
    expect(await said('2026-02-06 12:00:20', cells)).toEqual(['A1 5'])
    expect(await said('soon', {})).toEqual(['A1 5'])
    expect(await said('soon', cells)).toEqual(['A1 5'])
    expect(await said('soon', cells, '0.3')).toEqual([])
  },
)

it('A1 is open of one without a key or a cost where all that was billed is for one without created_at', async () => {
  const said = (cost: string | null, createdAt: string | null, keyless: MiniTask = {}) => {
    const world = new MiniWorld().account(5).account(6)
    world.task({ apiKey: '', cost, billed: false, ...keyless }).task({ cost: '1', billed: false })
    // Right after the period: with the task within it, it is all of the bill.
    world.event({ requestId: requestIdOf(2), cost: '1', timestamp: '2026-02-06T16:05:00Z' }, apiKeyOf(5))
    return saidOf('A1', lacking(world, { createdAt }), { depth: 'requests' })
  }
  for (const createdAt of [null, '2026-02-06 10:00:00']) {
    expect(await said('5', createdAt)).toEqual(['A1 5'])
    expect(await said(null, createdAt)).toEqual(['A1 5'])
    // Of one that failed no cost is recorded as a rule.
    expect(await said(null, createdAt, { status: 'failed' })).toEqual([])
  }
})

it('A1 counts a task without a key or a time once that fal billed in two workspaces, beside another that it did not bill', async () => {
  const said = async (other: MiniTask, billedTwice = true) => {
    const world = new MiniWorld().account(5).account(6).account(7)
    world
      .task({ account: 7, cost: '1' })
      .task({ account: 5, cost: '1' })
      .task({ account: 7, cost: '1', ...other })
    const again = { requestId: requestIdOf(2), cost: '1', timestamp: '2026-02-06T04:00:30Z' }
    if (billedTwice) world.event(again, apiKeyOf(6))
    const { tables, ...rest } = world.build()
    const tasks = tables.tasks.map((task) => (task.id > 1 ? { ...task, apiKey: null, createdAt: null } : task))
    const hidden = { ...rest, tables: { ...tables, tasks: tasks as never } }
    return (await saidOf('A1', hidden, { depth: 'requests' })).includes('A1 7')
  }
  for (const billedTwice of [false, true]) {
    expect(await said({ billed: false }, billedTwice)).toBe(true)
    expect(await said({ billed: false, cost: '0.1' }, billedTwice)).toBe(false)
  }
})

it('A3 is open where the only task that may be the account’s tells no key, or no time, and one billed as the model no name', async () => {
  const said = (cells: object, model: string, of5 = true) => {
    const world = new MiniWorld().account(5).account(6)
    if (of5) world.task({ cost: '1', billed: false })
    world.task({ account: 6, model, cost: '1', billed: { endpointId: OTHER } })
    world.event({ endpointId: OTHER, cost: '1', timestamp: '2026-02-06T05:00:00Z' })
    const { tables, ...rest } = world.build()
    const tasks = tables.tasks.map((task) => (of5 && task.id === 1 ? { ...task, ...cells } : task))
    return saidOf('A3', { ...rest, tables: { ...tables, tasks } }, { depth: 'requests' })
  }
  for (const cells of [{}, { apiKey: null }, { createdAt: null }]) {
    expect(await said(cells, '')).toEqual([`A3 5 ${OTHER}`, `A3 6 ${OTHER}`])
    // Of that name it is none of this model.
    expect(await said(cells, OTHER)).toEqual([`A3 accountId=5 model=${OTHER}`])
  }
  expect(await said({}, '', false)).toEqual([`A3 accountId=5 model=${OTHER}`, `A3 6 ${OTHER}`])
})

it('A2 is open where the account was billed for nothing but a task that tells neither its model nor its time as what it was billed', async () => {
  const said = (cells: object, model = 'alias') => {
    const billed = { endpointId: OTHER }
    const world = TWO().task({ account: 6, model: 'alias', cost: '1', billed: false })
    return saidOf('A2', lacking(world.task({ account: 6, model, cost: '1', billed }), cells), { depth: 'requests' })
  }
  // Of that name it teaches what the other is billed as.
  expect(await said({})).toEqual([])
  for (const cells of [{ appName: null }, { createdAt: null }, { appName: null, createdAt: null }]) {
    expect(await said(cells)).toContain('A2 6 alias')
  }
  expect(await said({ createdAt: null }, OTHER)).toEqual(['A2 accountId=6 model=alias'])
})
