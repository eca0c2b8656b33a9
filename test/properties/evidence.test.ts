import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { Report, RuleId } from '../../schemas/report.ts'
import { runAudit } from '../../src/operation.ts'
import { HOUR } from '../../src/units/instant.ts'
import { auditInput, memoryDependencies, quietContext } from '../kit/audit-world.ts'
import { anyWorld, ROW_RULES, runs, seeds, topics } from '../kit/generator/any-world.ts'
import { auditDraft, auditOf, memoryFalOf } from '../kit/generator/audit-draft.ts'
import { auditedAccounts, type Draft } from '../kit/generator/draft.ts'
import { place } from '../kit/generator/faults.ts'
import { MODELS } from '../kit/generator/models.ts'
import { createPrng } from '../kit/generator/prng.ts'
import { render } from '../kit/generator/render.ts'
import { refusing } from '../kit/refusing.ts'

async function auditRefused(draft: Draft, refused: ReadonlySet<string>): Promise<Report> {
  const rendered = render(draft)
  const audit = auditOf(draft, 'requests')
  const dependencies = { ...memoryDependencies(rendered.world, audit), fal: refusing(memoryFalOf(rendered), refused) }
  return runAudit(auditInput(audit), dependencies, quietContext())
}

describe('missing evidence', () => {
  // Exceptions: A8 falls back on the balance of the table; B16 and B17 compare what several accounts were billed for a
  // model, of which less may look worse; what one account's matches told of an alias may be missed at another.
  const MAY_APPEAR: readonly RuleId[] = ['A8', 'B16', 'B17']

  it('an account that cannot be read only removes findings, and adds what was not evaluated', async () => {
    await fc.assert(
      fc.asyncProperty(seeds, async (seed) => {
        const draft = anyWorld(seed, { attribution: 'keys', aliasesConfigured: true })
        const audited = auditedAccounts(draft)
        const unread = audited[seed % audited.length]
        if (unread === undefined) return
        const members = draft.accounts.filter(({ workspace }) => workspace === unread.workspace)
        const before = await auditRefused(draft, new Set())
        const after = await auditRefused(draft, new Set(members.map(({ apiKey }) => apiKey)))
        const found = new Set(topics(before))
        const added = topics(after).filter(
          (topic) => !found.has(topic) && !MAY_APPEAR.some((rule) => topic.startsWith(`${rule} `)),
        )
        expect(added).toEqual([])
        expect(after.coverage.complete).toBe(false)
        for (const rule of ['A1', 'A2', 'A3'] as const) {
          const subject = { accountId: unread.id }
          expect(after.notEvaluated).toContainEqual(expect.objectContaining({ rule, subject }))
          expect(after.findings.filter((each) => each.rule === rule && each.subject.accountId === unread.id)).toEqual(
            [],
          )
        }
        expect(after.official.rows.find(({ accountId }) => accountId === unread.id)?.costUsd).toBeNull()
      }),
      runs(60),
    )
  })

  it('a longer settlement lag never adds an unbilled task', async () => {
    await fc.assert(
      fc.asyncProperty(seeds, fc.integer({ min: 25, max: 100 }), async (seed, hours) => {
        const draft = anyWorld(seed)
        const thresholds = { settlementLagMillis: hours * HOUR }
        const usual = await auditDraft(draft, 'requests')
        const longer = await auditDraft(draft, 'requests', undefined, { thresholds })
        const found = new Set(topics(usual, ['B2', 'A2']))
        expect(topics(longer, ['B2', 'A2']).filter((topic) => !found.has(topic))).toEqual([])
        expect(longer.requests?.unbilled ?? 0).toBeLessThanOrEqual(usual.requests?.unbilled ?? 0)
      }),
      runs(60),
    )
  })
})

describe('adding a task that is billed and paid as recorded', () => {
  // Exceptions: sums over accounts, users, models and days (A1 to A6, B15, B16) may pass a threshold, either way.
  it('adds no finding about a row, and takes none away', async () => {
    await fc.assert(
      fc.asyncProperty(seeds, async (seed) => {
        const draft = anyWorld(seed, { links: 'all' })
        const rules: readonly RuleId[] = [...ROW_RULES, 'A7', 'B4', 'B14', 'B20', 'B21']
        const before = topics(await auditDraft(draft, 'requests'), rules)
        const random = createPrng(seed)
        if (place(draft, random, { model: random.pick(MODELS), before: random.int(1, 60) * HOUR }) === undefined) return
        expect(topics(await auditDraft(draft, 'requests'), rules)).toEqual(before)
      }),
      runs(60),
    )
  })
})
