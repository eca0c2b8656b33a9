import { describe, expect, inject, it } from 'vitest'
import type { RuleId } from '../../schemas/report.ts'
import { RULES } from '../../src/audit/rules/table.ts'
import { onRealParts } from '../kit/generator/real-parts.ts'
import { INJECTORS } from '../kit/generator/table.ts'
import { tallySeeds } from '../kit/generator/tally.ts'

const ACTIVE = new Set<RuleId>(RULES.map(({ id }) => id))

describe.each(['embedded', 'mariadb'] as const)('worlds in a database (%s), and their bills behind HTTP', (store) => {
  it('let every rule find its fault', async () => {
    const audit = onRealParts(store === 'embedded' ? null : inject('mariadb'))
    const plan = { rules: INJECTORS.map(({ rule }) => rule), twins: false, clean: true, pairs: [] }
    const tally = await tallySeeds({ depth: 'requests', active: ACTIVE, audit }, [store === 'embedded' ? 1 : 2], plan)
    expect(tally.failures).toEqual([])
    expect(tally.clean.worlds).toBe(1)
  })
})
