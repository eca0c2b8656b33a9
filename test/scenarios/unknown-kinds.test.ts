import { describe, expect, it } from 'vitest'
import type { Report } from '../../schemas/report.ts'
import { MiniWorld, requestIdOf } from '../../src/demo/mini-world.ts'
import { redactor } from '../../src/render/clean.ts'
import { inShort } from '../kit/audit-world.ts'
import { audited, clean, foundIn, fourth, openOf } from '../kit/null-world.ts'
import { STORES } from '../kit/real-audit.ts'

describe.each(STORES)('a ledger row of no known type, on %s', (store) => {
  const NO_TYPE = 'has no type'
  const sourceOf = ({ coverage }: Report, name: string) => coverage.sources.find(({ source }) => source === name)
  const ofUser = (userId: number) => ['A4', 'B10', 'B8', 'B9'].map((rule) => `${rule} ${userId}`)

  it.each([null, '', '消费', 'deduct'])('may be the payment or the refund: %s', async (sourceType) => {
    const report = await audited(store, clean(), 'requests', { points: fourth({ sourceType }) })
    expect(inShort(report)).toEqual([])
    expect(openOf(report, NO_TYPE)).toEqual(ofUser(104))
    expect(report.coverage.complete).toBe(false)
    const { status, reason } = sourceOf(report, 'points') ?? {}
    expect([status, reason]).toEqual(['partial', expect.stringContaining('1 row that')])
    expect(reason).toContain(`("${sourceType || 'NULL'}")`)
    expect(reason).toContain('AUDIT_CONFIG')
    const summary = await audited(store, clean(), 'summary', { points: fourth({ sourceType }) })
    expect(inShort(summary)).toEqual([])
    expect(openOf(summary, NO_TYPE)).toEqual(['A4 104'])
  })

  it('is told in part, with a mark, where it is long', async () => {
    const long = 'x'.repeat(41)
    const report = await audited(store, clean(), 'requests', { points: fourth({ sourceType: long }) })
    expect(sourceOf(report, 'points')?.reason).toContain(`("${'x'.repeat(39)}…")`)
    const short = await audited(store, clean(), 'requests', { points: fourth({ sourceType: long.slice(1) }) })
    expect(sourceOf(short, 'points')?.reason).toContain(`("${'x'.repeat(40)}")`)
    // Eleven characters of a password, which without the mark nobody would know for its start.
    const secret = 'Zq9hunter2XyAb'
    const sourceType = `${'x'.repeat(29)}${secret}`
    const cut = await audited(store, clean(), 'requests', { points: fourth({ sourceType }) })
    const reason = redactor([secret])(sourceOf(cut, 'points')?.reason ?? '')
    expect(reason).toContain(`("${'x'.repeat(29)}[redacted]…")`)
  })

  it('in every row leaves every user open, and links them all the same', async () => {
    const report = await audited(store, clean(), 'requests', { points: () => ({ sourceType: '消费' }) })
    expect(inShort(report)).toEqual([])
    expect(openOf(report, NO_TYPE)).toEqual([101, 102, 103, 104].flatMap(ofUser).sort())
    expect(report.settings).toMatchObject({ ledgerLink: 'order', ledgerLinkedRatio: '1.000' })
    expect(sourceOf(report, 'points')?.reason).toContain('40 rows')
  })

  it.each([null, 7])('may be cash: %s', async (transactionType) => {
    const world = () => clean().task({ user: 105, paid: { cash: 100 } })
    const report = await audited(store, world(), 'requests', { cash: () => ({ transactionType }) })
    expect(inShort(report)).toEqual([])
    expect(openOf(report, NO_TYPE)).toEqual(ofUser(105))
    expect(sourceOf(report, 'cash')?.status).toBe('partial')
    const income = await audited(store, world(), 'requests', { cash: () => ({ transactionType: 3 }) })
    expect(foundIn(income)).toEqual(['A4 userId=105', 'B10 taskId=task-41'])
    expect(income.coverage.complete).toBe(true)
  })

  it('of another product leaves nothing open, and the table read whole', async () => {
    for (const over of [
      { userId: 999, points: -100, orderId: 'SHOP-1', sourceType: 'vip', balanceBefore: null, balanceAfter: null },
      { userId: 104, points: 100, orderId: 'SHOP-1', sourceType: 'vip', balanceBefore: null, balanceAfter: null },
    ]) {
      const world = clean().points(104, -1)
      const report = await audited(store, world, 'requests', { points: (row) => (row.id === 41 ? over : {}) })
      expect(openOf(report, NO_TYPE)).toEqual([])
      expect(inShort(report)).toEqual([])
      expect(report.coverage.complete).toBe(true)
    }
  })

  it('may be there twice, whenever the other one came', async () => {
    for (const at of ['2026-02-06 12:00:00', '2026-01-02 12:00:00']) {
      const world = () => clean().points(104, -100, { orderId: 'task-4', at, sourceType: 'consume' })
      const told = await audited(store, world(), 'requests', {})
      expect(foundIn(told)).toContain('B6 taskId=task-4')
      const report = await audited(store, world(), 'requests', { points: fourth({ sourceType: 'deduct' }) })
      expect(openOf(report, NO_TYPE)).toContain('B6 104')
      // Of two such rows nobody can tell either; of one there is nothing that it repeats.
      const both = (row: { readonly id: number }) => ([4, 41].includes(row.id) ? { sourceType: 'deduct' } : {})
      expect(openOf(await audited(store, world(), 'requests', { points: both }), NO_TYPE)).toContain('B6 104')
    }
    const alone = await audited(store, clean(), 'requests', { points: fourth({ sourceType: 'deduct' }) })
    expect(openOf(alone, NO_TYPE)).not.toContain('B6 104')
  })

  it('may be the second of one that tells no user', async () => {
    const world = clean()
      .task({ user: 105, paid: { points: 60 } })
      .points(105, -60, { orderId: 'task-41' })
    const told = await audited(store, world, 'requests', {})
    expect(foundIn(told)).toContain('B6 taskId=task-41')
    const change = (row: { readonly id: number }) =>
      row.id === 41 ? { sourceType: 'deduct' } : row.id === 42 ? { userId: null } : {}
    const report = await audited(store, world, 'requests', { points: change })
    expect(openOf(report, '')).toContain('B6 105')
  })

  it('is none where the type is known and pays for nothing', async () => {
    const report = await audited(store, clean(), 'requests', { points: fourth({ sourceType: 'gift' }) })
    expect(foundIn(report)).toEqual(['A4 userId=104', 'B10 taskId=task-4'])
    expect(report.coverage.complete).toBe(true)
  })
})

describe('a ledger row of no known type', () => {
  const last = (over: object) => ({ points: (row: { id: number }) => (row.id === 41 ? over : {}) })

  it('that names no task may have paid one, or given its charge back', async () => {
    const unpaid = () => clean().task({ user: 109, paid: false }).points(109, -100, { sourceType: 'consume' })
    expect(inShort(await audited('embedded', unpaid(), 'requests', {}))).toEqual([])
    const report = await audited('embedded', unpaid(), 'requests', last({ sourceType: 'deduct' }))
    expect(inShort(report)).toEqual([])
    expect(openOf(report, 'has no type')).toEqual(['A4 109', 'B10 109'])
    const failed = () => clean().task({ user: 109, cost: '0', status: 'failed', billed: false }).points(109, 100)
    const back = (points: number) => ({
      points: (row: { id: number }) => (row.id === 42 ? { sourceType: 'giveback', points } : {}),
    })
    const given = await audited('embedded', failed(), 'requests', back(100))
    expect(inShort(given).filter((text) => !/^B1[12]/.test(text))).toEqual([])
    expect(openOf(given, 'link to no task')).toEqual(['B7 109'])
    // A bonus of another amount is none, and no word is lost about it.
    const bonus = await audited('embedded', failed(), 'requests', back(5))
    expect(foundIn(bonus)).toContain('B7 taskId=task-41')
    expect(bonus.coverage.complete).toBe(true)
  })

  it('leaves open what was paid in all, but not that it was too much', async () => {
    const world = (points: number) => {
      const made = new MiniWorld().account(5)
      for (let each = 0; each < 10; each++) made.task({ user: 101, paid: { orderId: null, points } })
      return made
    }
    const one = { points: (row: { id: number }) => (row.id === 4 ? { sourceType: 'deduct' } : {}) }
    const report = await audited('embedded', world(100), 'summary', one)
    expect(inShort(report)).toEqual([])
    expect(openOf(report, 'has no type')).toEqual(['A4 101'])
    expect(foundIn(await audited('embedded', world(200), 'summary', one))).toEqual(['A4 userId=101'])
    expect(foundIn(await audited('embedded', world(99), 'summary', {}))).toEqual(['A4 userId=101'])
  })

  it('explains no more than it took, however rows are linked', async () => {
    const world = (charge: number) => {
      const made = new MiniWorld().account(5).task({ user: 101, points: charge, paid: false })
      return made.points(101, -40).points(102, -40).cash(101, -20)
    }
    const kinds = (row: { id: number }) => (row.id === 1 ? { sourceType: 'deduct' } : { userId: null })
    const cash = () => ({ transactionType: 7 })
    const found = async (charge: number, change: Parameters<typeof audited>[3]) => {
      const summary = await audited('embedded', world(charge), 'summary', change)
      const built = world(charge).task({ user: 103, points: 1 })
      for (let each = 0; each < 12; each++) built.task({ user: 900 })
      const requests = await audited('embedded', built, 'requests', {
        ...change,
        points: (row) => (row.id < 3 ? (change.points?.(row) ?? {}) : {}),
      })
      expect(summary.settings.ledgerLink).toBe('total')
      expect(requests.settings.ledgerLink).toBe('order')
      const a4 = (report: Report) => report.findings.find(({ rule }) => rule === 'A4')
      expect([a4(requests)?.actual, foundIn(requests).includes('B10 taskId=task-1')]).toEqual([
        a4(summary)?.actual,
        a4(summary) !== undefined,
      ])
      return a4(summary)?.actual
    }
    // What is told pays 20 or 40 of it, the row of no known type 40, and the one without a user 40 as well.
    const typeless = { points: (row: { id: number }) => (row.id === 1 ? { sourceType: 'deduct' } : {}) }
    expect([await found(60, typeless), await found(61, typeless)]).toEqual([undefined, '60'])
    expect([await found(100, { points: kinds }), await found(101, { points: kinds })]).toEqual([undefined, '100'])
    expect([await found(60, { ...typeless, cash }), await found(61, { ...typeless, cash })]).toEqual([undefined, '60'])
    const untold = { points: (row: { id: number }) => (row.id === 1 ? { sourceType: 'deduct', points: null } : {}) }
    expect(await found(1_000_000, untold)).toBe(undefined)
  })

  it('that names a task of its user is too much where the rest is enough', async () => {
    const said = async (amount: number, orderId: string) => {
      const world = new MiniWorld().account(5)
      for (let each = 0; each < 10; each++) world.task({ user: 101, paid: { orderId: null } })
      const report = await audited('embedded', world.points(101, amount, { orderId }), 'summary', {
        points: (row) => (row.id === 11 ? { sourceType: 'deduct' } : {}),
      })
      expect([report.settings.ledgerLink, inShort(report)]).toEqual(['total', []])
      return openOf(report, 'has no type')
    }
    expect(await said(-100, 'task-1')).toEqual(['A4 101'])
    expect(await said(100, 'task-1')).toEqual([])
    expect(await said(-100, 'SHOP-1')).toEqual([])
  })

  it('and no order may have paid too much, in link mode total', async () => {
    const world = (paid: number, at = '2026-02-06 12:00:00') => {
      const made = new MiniWorld().account(5)
      for (let each = 0; each < 10; each++) made.task({ user: 101, paid: { orderId: null, points: paid } })
      for (let each = 0; each < 3; each++) made.task({ user: 102, paid: { orderId: null } })
      return made.points(101, -70, { at })
    }
    const said = async (made: MiniWorld, over: object) => {
      const report = await audited('embedded', made, 'summary', {
        points: (row) => (row.id === 14 ? { sourceType: 'deduct', ...over } : {}),
      })
      expect(report.settings.ledgerLink).toBe('total')
      const found = report.findings.filter(({ rule }) => rule === 'A4')
      const [row] = report.ledger.rows.filter(({ userId }) => userId === 101)
      return {
        found: found.map(({ subject, difference }) => `${subject.userId} ${difference}`),
        open: openOf(report, 'has no type'),
        row: [row?.status, row?.pointsConsumed, row?.differencePoints],
        complete: report.coverage.complete,
      }
    }
    const open = { found: [], open: ['A4 101'], row: ['UNVERIFIED', null, null], complete: false }
    expect(await said(world(100), {})).toEqual(open)
    expect(await said(world(100), { points: null })).toEqual(open)
    for (const orderId of ['', '0', ' - ']) expect(await said(world(100), { orderId })).toEqual(open)
    // Of a known type it is too much, or none of this.
    const over = { found: ['101 70'], open: [], row: ['DIFF', 1070, 70], complete: true }
    const fine = { found: [], open: [], row: ['OK', 1000, 0], complete: true }
    expect(await said(world(100), { sourceType: 'consume' })).toEqual(over)
    expect(await said(world(100), { sourceType: 'gift' })).toEqual(fine)
    // What came in, what names another order, and what came after the window can change nothing.
    expect(await said(world(100), { points: 70 })).toEqual(fine)
    expect(await said(world(100), { orderId: 'SHOP-1' })).toEqual(fine)
    expect(await said(world(100, '2026-02-07 00:01:00'), {})).toEqual(fine)
    expect(await said(world(100, '2026-02-05 23:59:00'), {})).toEqual(fine)
    // Too much without it is too much with it: by so much at least.
    const more = { found: ['101 10'], open: [], row: ['DIFF', null, null], complete: true }
    expect(await said(world(101), {})).toEqual(more)
    expect(await said(world(101), { points: null })).toEqual(open)
  })

  it('and no order leaves open whether what is too much is one of timing, in link mode total', async () => {
    // What was paid right after midnight may have been for a task of right before it.
    const world = (...rows: readonly number[]) => {
      const made = new MiniWorld().account(5)
      made.task({
        user: 101,
        at: '2026-02-05 23:59:30',
        points: 50,
        paid: { orderId: null, at: '2026-02-06 00:00:10' },
      })
      for (let each = 0; each < 10; each++) made.task({ user: 101, paid: { orderId: null } })
      for (const points of rows) made.points(101, points)
      return made
    }
    const said = async (made: MiniWorld) => {
      const report = await audited('embedded', made, 'summary', {
        points: (row) => (row.id === 12 ? { sourceType: 'deduct' } : {}),
      })
      const found = report.findings.filter(({ rule }) => rule === 'A4')
      return [
        found.map(({ classification, difference }) => `${classification} ${difference}`),
        openOf(report, 'has no type'),
      ]
    }
    expect(await said(world())).toEqual([['TIMING 50'], []])
    expect(await said(world(-20))).toEqual([[], ['A4 101']])
    // Without it 30 are too much, and with it 50: then it is timing.
    const paidTwice = world(-20, -10).points(101, -20)
    expect(await said(paidTwice)).toEqual([['BREAK 80'], []])
  })

  it('of an id that several tasks bear leaves all of them open', async () => {
    const shared = { user: 109, requestId: requestIdOf(5000) }
    const world = clean()
      .task({ ...shared, paid: false })
      .task({ ...shared, billed: false, cost: '0', paid: false })
      .points(109, -200, { orderId: shared.requestId })
    const report = await audited('embedded', world, 'requests', last({ sourceType: 'deduct' }))
    expect(inShort(report).filter((text) => !text.startsWith('B4'))).toEqual([])
    expect(openOf(report, 'has no type')).toEqual(['A4 109', 'B10 109', 'B8 109', 'B9 109'])
  })

  it('is told of in words that steer nobody', async () => {
    const sourceType = `x\u202e\u001b[31m" ${'long '.repeat(30)}`
    const report = await audited('embedded', clean(), 'requests', { points: fourth({ sourceType }) })
    const reason = report.coverage.sources.find(({ source }) => source === 'points')?.reason ?? ''
    // biome-ignore lint/suspicious/noControlCharactersInRegex: that is what must not be there.
    expect(reason).not.toMatch(/[\u0000-\u001f\u202e]/)
    expect(reason.length).toBeLessThan(300)
  })
})
