import { describe, expect, it } from 'vitest'
import { AuditError } from '../../src/errors.ts'
import type { LedgerStore } from '../../src/ledger/reader.ts'
import { runAudit } from '../../src/operation.ts'
import { auditInput, memoryDependencies, quietContext } from '../kit/audit-world.ts'
import { saidOf, withLinkedTasks } from '../kit/linked-tasks.ts'

describe('rows without a user that could not be looked for', () => {
  /** A database that fails where such rows of all times are asked for. */
  const failing = (ledger: LedgerStore): LedgerStore => ({
    async snapshot(...question) {
      const snapshot = await ledger.snapshot(...question)
      return {
        ...snapshot,
        points: (range, request = {}) => {
          if (request.ownerless === true) throw new AuditError('source', 'the connection was lost')
          return snapshot.points(range, request)
        },
      }
    },
  })

  it('leave a gap open, and nothing else that balances tell', async () => {
    // User 7 has a row that went to somebody else; the last row of user 8 does not add up, and ends below 0.
    const made = withLinkedTasks().points(7, -10).points(7, -10).points(7, -10).points(8, -10)
    const built = made.build()
    const points = built.tables.points.map((row) =>
      row.id === 42 ? { ...row, userId: 9 } : row.id === 44 ? { ...row, balanceAfter: -1 } : row,
    )
    const dependencies = memoryDependencies({ ...built, tables: { ...built.tables, points } }, {})
    const audited = async (ledger: LedgerStore | undefined) => {
      const report = await runAudit(auditInput({ depth: 'requests' }), { ...dependencies, ledger }, quietContext())
      return { ...saidOf(report, 'B11', 'B12', 'B13'), complete: report.coverage.complete }
    }
    const { ledger } = dependencies
    if (ledger === undefined) throw new RangeError('there is always one')
    const both = ['B11 userId=8', 'B13 userId=8']
    const whole = await audited(ledger)
    expect({ ...whole, findings: [...whole.findings].sort() }).toEqual({
      ...{ complete: true, open: [] },
      findings: ['B11 userId=8', 'B12 userId=7', 'B13 userId=8'],
    })
    const cut = await audited(failing(ledger))
    expect({ ...cut, findings: [...cut.findings].sort() }).toEqual({
      ...{ complete: false, open: ['B12 userId=7'] },
      findings: both,
    })
  })
})
