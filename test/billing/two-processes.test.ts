import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterAll, describe, expect, it } from 'vitest'
import { openBillingStore } from '../../src/billing-store.ts'

/** The bundle as it is installed, built by npm test. */
const MAIN = fileURLToPath(new URL('../../dist/main.mjs', import.meta.url))
const folder = mkdtempSync(join(tmpdir(), 'billing-writers-'))
afterAll(() => rmSync(folder, { recursive: true, force: true }))
writeFileSync(join(folder, 'audit.json'), JSON.stringify({ billing: { allowWrite: true } }))

interface Ended {
  readonly code: number | null
  readonly stdout: string
  readonly stderr: string
}

/** One run of the program. */
async function run(args: readonly string[], environment: Record<string, string> = {}): Promise<Ended> {
  const env = { PATH: process.env.PATH ?? '', AUDIT_CONFIG: join(folder, 'audit.json'), ...environment }
  const child = spawn(process.execPath, [MAIN, ...args], { cwd: folder, env })
  const said = { stdout: '', stderr: '' }
  child.stdout.on('data', (chunk) => {
    said.stdout += chunk
  })
  child.stderr.on('data', (chunk) => {
    said.stderr += chunk
  })
  const [code] = (await once(child, 'close')) as [number | null]
  return { code, ...said }
}

const rule = (price: string): string[] => [
  'billing-rules-write',
  ...['--model-id', 'a/b', '--membership-level', 'basic', '--unit', 'per_image', '--currency', 'CNY'],
  ...['--effective-at', '2026-01-01T00:00:00Z', '--output-price', price],
]

describe('processes that write one rule at once', () => {
  it('have one winner; the others are told of the conflict, and nothing is half written', async () => {
    const path = join(folder, 'raced', 'billing.db')
    const runs = await Promise.all(
      ['0.1', '0.2', '0.3', '0.4'].map((price) => run(rule(price), { BILLING_STORE: `file:${path}` })),
    )
    const won = runs.filter(({ code }) => code === 0)
    expect(won, JSON.stringify(runs)).toHaveLength(1)
    for (const { code, stderr, stdout } of runs.filter((each) => each.code !== 0)) {
      expect([code, stdout]).toEqual([2, ''])
      expect(stderr).toContain('br_001')
    }
    const told = JSON.parse(won[0]!.stdout) as { rule: { output_price: string } }
    const held = await openBillingStore(path, new Map()).rules()
    expect(held.map(({ outputPrice }) => `${outputPrice.digits}/${outputPrice.scale}`)).toEqual([
      `${told.rule.output_price.replace('0.', '')}/1`,
    ])
    expect(readdirSync(join(folder, 'raced'))).toEqual(['billing.db'])
  })
})

describe('the tool that writes', () => {
  it('is no command where the configuration does not allow it', async () => {
    const closed = await run(rule('0.1'), { AUDIT_CONFIG: '', BILLING_STORE: `file:${join(folder, 'closed.db')}` })
    expect(closed.code).toBe(2)
    expect(closed.stderr).toContain('there is no command "billing-rules-write"')
    expect((await run(['--help'], { AUDIT_CONFIG: '' })).stdout).not.toContain('billing-rules-write')
    expect((await run(['--help'])).stdout).toContain('billing-rules-write')
    expect(existsSync(join(folder, 'closed.db'))).toBe(false)
  })
})
