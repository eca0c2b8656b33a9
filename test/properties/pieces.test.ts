import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { anyWorld, bytesOf, runs, seeds } from '../kit/generator/any-world.ts'
import { auditDraft } from '../kit/generator/audit-draft.ts'
import { render } from '../kit/generator/render.ts'

const LINKS = ['auto', 'order', 'total'] as const

describe('a report does not depend on', () => {
  it.each(['requests', 'summary'] as const)('how many rows are joined at once, at depth %s', async (depth) => {
    await fc.assert(
      fc.asyncProperty(seeds, fc.constantFrom(...LINKS), fc.integer({ min: 1, max: 60 }), async (seed, link, rows) => {
        const draft = anyWorld(seed)
        const audit = { ...draft, settings: { ...draft.settings, ledgerLink: link } }
        const rendered = render(draft)
        const whole = await auditDraft(audit, depth, rendered)
        expect(bytesOf(await auditDraft(audit, depth, rendered, { pieceRows: rows }))).toBe(bytesOf(whole))
      }),
      runs(60),
    )
  })
})
