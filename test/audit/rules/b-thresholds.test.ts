import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, describe, expect, it } from 'vitest'
import { thresholdTexts } from '../../../src/audit/report/report.ts'
import { readConfig } from '../../../src/config.ts'
import { DEFAULT_THRESHOLDS, type Thresholds } from '../../../src/settings.ts'
import { HOUR } from '../../../src/units/instant.ts'
import { ratio } from '../../../src/units/ratio.ts'
import { points, usd } from '../../kit/books.ts'

const directory = mkdtempSync(join(tmpdir(), 'audit-thresholds-'))
afterAll(() => rmSync(directory, { recursive: true }))

async function configured(thresholds: Record<string, unknown>): Promise<Thresholds> {
  writeFileSync(join(directory, 'audit.json'), JSON.stringify({ thresholds }))
  const { operation } = await readConfig({ AUDIT_CONFIG: 'audit.json' }, directory, () => undefined)
  return operation.thresholds
}

const DEFAULTS = {
  b3AmountRatio: '0.005',
  refundLagHours: '24',
  stuckHours: '24',
  b15UsdMin: '1',
  b15Ratio: '0.05',
  b19UsdPerRow: '0.000001',
  b21UsdMin: '1',
  b22TolerancePoints: '1',
}

describe('the thresholds of the further rules', () => {
  it('are printed in human units', () => {
    expect(thresholdTexts(DEFAULT_THRESHOLDS)).toMatchObject(DEFAULTS)
  })

  it('are configured under the names under which they are printed', async () => {
    const given = {
      b3AmountRatio: '0.01',
      refundLagHours: '36',
      stuckHours: '1.5',
      b15UsdMin: '2.5',
      b15Ratio: '0.2',
      b19UsdPerRow: '0.00001',
      b21UsdMin: '0.000000001',
    }
    const thresholds = await configured({ ...given, b22TolerancePoints: 5 })
    expect(thresholdTexts(thresholds)).toMatchObject({ ...given, b22TolerancePoints: '5' })
    expect(thresholds).toEqual({
      ...DEFAULT_THRESHOLDS,
      b3AmountRatio: ratio('0.01'),
      refundLagMillis: 36 * HOUR,
      stuckMillis: 1.5 * HOUR,
      b15NanoUsdMin: usd('2.5'),
      b15Ratio: ratio('0.2'),
      b19NanoUsdPerRow: usd('0.00001'),
      b21NanoUsdMin: usd('0.000000001'),
      b22TolerancePoints: points(5),
    })
  })

  it('keep their defaults where they are not given', async () => {
    expect(await configured({ a6ActiveDays: 7 })).toEqual({ ...DEFAULT_THRESHOLDS, a6ActiveDays: 7 })
  })

  it.each([
    ['b3AmountRatio', '1.1'],
    ['b15Ratio', '-0.1'],
    ['refundLagHours', 721],
    ['stuckHours', 'soon'],
    ['b15UsdMin', '-1'],
    ['b19UsdPerRow', ''],
    ['b21UsdMin', null],
    ['b22TolerancePoints', -1],
    ['b22TolerancePoints', 0.5],
    ['b22TolerancePoints', '1'],
  ])('%s refuses %j', async (name, value) => {
    await expect(configured({ [name]: value })).rejects.toThrow(name)
  })
})
