import { describe, expect, it } from 'vitest'
import { z } from 'zod'
import * as falai from '../../schemas/falai-usage.ts'
import { ownName } from '../../schemas/own-name.ts'
import { report as reportSchema } from '../../schemas/report.ts'
import { withoutSecrets } from '../../src/dependencies.ts'
import { outgoing } from '../../src/faces/outgoing.ts'
import { createToolCalls } from '../../src/faces/tool-calls.ts'
import type { LedgerSnapshot } from '../../src/ledger/reader.ts'
import { createSecrets } from '../../src/secrets.ts'
import { finding, sampleReport } from '../render/sample-report.ts'
import { echoTool, fakeServices, reportWith } from './fake-tools.ts'

/** Everything that may be blanked out is. */
const blank = (): string => 'blank'

const withAliases = () => {
  const report = sampleReport({ findings: [finding({ rule: 'B1' })] })
  return {
    ...report,
    settings: { ...report.settings, learnedAliases: { complete: 'summary' }, modelAliases: { OK: 'A1' } },
  }
}

describe('a result that leaves', () => {
  it('keeps the names of its fields and the words of its enums, whatever a secret reads like', () => {
    const report = withAliases()
    const told = outgoing(report, blank, reportSchema) as typeof report
    expect(reportSchema.safeParse(told).error).toBeUndefined()
    expect(Object.keys(told)).toEqual(Object.keys(report))
    expect(told.coverage.sources.map(({ source, status }) => [source, status])).toEqual(
      report.coverage.sources.map(({ source, status }) => [source, status]),
    )
    expect(told.findings.map(({ rule, severity, unit, message }) => [rule, severity, unit, message])).toEqual(
      report.findings.map(({ rule, severity, unit }) => [rule, severity, unit, 'blank']),
    )
    expect(Object.keys(told.summary.byRule)).toEqual(Object.keys(report.summary.byRule))
    expect(Object.keys(told.settings.thresholds)).toEqual(Object.keys(report.settings.thresholds))
    expect(Object.keys(told.tieOut ?? {})).toEqual(Object.keys(report.tieOut ?? {}))
  })

  it('loses secrets in the keys of open records, and words of an enum in the place of other texts', () => {
    const { settings } = outgoing(withAliases(), blank, reportSchema) as ReturnType<typeof withAliases>
    expect(settings.learnedAliases).toEqual({ blank: 'blank' })
    expect(settings.modelAliases).toEqual({ blank: 'blank' })
    const usage = { ok: true, usage: { endpoints: { 'fal-ai/x': { count: 1, cost: 1, cost_usd: '1' } } }, message: 'm' }
    expect(outgoing(usage, blank, falai.output)).toEqual({
      ok: true,
      usage: { endpoints: { blank: { count: 1, cost: 1, cost_usd: 'blank' } } },
      message: 'blank',
    })
  })

  it('loses all of it where no schema says what is fixed', () => {
    expect(outgoing({ a: 'b' }, blank, undefined)).toEqual({ blank: 'blank' })
  })

  it.each([
    [z.enum(['a', 'b']), 'a', 'a'],
    [z.enum(['a', 'b']), 'c', 'blank'],
    [z.literal('a').optional(), 'a', 'a'],
    [z.array(z.enum(['a'])).nullable(), ['a', 'x'], ['a', 'blank']],
    [z.record(z.enum(['a']), z.string()), { a: 'a', b: 'b' }, { a: 'blank', blank: 'blank' }],
    [z.record(ownName, z.strictObject({ c: z.string() })), { a: { c: 'd' } }, { a: { c: 'blank' } }],
    [
      z.union([z.strictObject({ a: z.literal('x') }), z.strictObject({ b: z.string() })]),
      { a: 'x', b: 'x' },
      { a: 'x', b: 'blank' },
    ],
    [z.strictObject({ a: z.enum(['x']).default('x') }), { a: 'x', z: 'x' }, { a: 'x', blank: 'blank' }],
    [z.string(), 'a', 'blank'],
  ])('is held to %#', (schema, value, told) => {
    expect(outgoing(value, blank, schema)).toEqual(told)
  })

  it('is a resource of MCP, and a page of a tool, with the same care', async () => {
    const services = fakeServices([echoTool], ['summary', 'findings', 'complete', 'truncated'])
    const id = services.reports.put(reportWith())
    const calls = createToolCalls(services)
    expect(JSON.parse(calls.jsonOf(services.reports.get(id) ?? reportWith()))).toEqual(reportWith())
    const context = { signal: new AbortController().signal, progress: () => {} }
    const page = await calls.call('echo-rows', { limit: 3000, start: 'the summary' }, context)
    expect(Object.keys(page)).toEqual(expect.arrayContaining(['given', 'rows', 'truncated', 'omitted', 'nextCursor']))
    expect(page.given).toMatchObject({ start: 'the [redacted]' })
  })
})

describe('a cell in the place of an account’s key', () => {
  const redactWith = async (...cells: readonly string[]) => {
    const secrets = createSecrets()
    const accounts = async () =>
      cells.map((apiKey, at) => ({ accountId: at, name: apiKey, apiKey, balanceNanoUsd: null, disabled: false }))
    const snapshot = { accounts } as unknown as LedgerSnapshot
    const opened = await withoutSecrets({ snapshot: async () => snapshot }, secrets).snapshot(
      new AbortController().signal,
    )
    await opened.accounts()
    return secrets.redact
  }

  it('that is a word renames nothing', async () => {
    const words = ['deleted', 'disabled', 'account', 'complete', 'findings', '123456', '2026-02-01', 'fal-ai/flux/dev']
    const redact = await redactWith(...words, 'account-55:complete')
    for (const word of words) expect(redact(`the ${word} of it`)).toBe(`the ${word} of it`)
  })

  it.each([
    '0a1b2c3d-0000-4000-8000-000000000001:feedfacefeedfacefeedfacefeedface',
    'abcdefghij:sEcRetKeyValue99',
    'key-5:secret',
    'hunter22',
    'correcthorsebatterystaple',
    'sEcRetKeyValue',
  ])('that may be a key, here %s, is blanked out everywhere', async (key) => {
    const redact = await redactWith('deleted', key)
    const told = outgoing(
      { aliases: { [key]: `by ${key}` }, name: `"${key}"` },
      redact,
      z.strictObject({ name: z.string() }),
    )
    expect(JSON.stringify(told)).not.toContain(key.split(':').at(-1) ?? key)
    expect(told).toMatchObject({ name: '"[redacted]"' })
  })
})
