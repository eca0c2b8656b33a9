import { describe, expect, inject, it } from 'vitest'
import type { Report } from '../../schemas/report.ts'
import { SAMPLE_NOW, sampleWorld } from '../../src/demo/sample-world.ts'
import type { World } from '../../src/demo/stored-world.ts'
import { renderText } from '../../src/render/text.ts'
import type { WorldAudit } from '../kit/audit-world.ts'
import { auditOf } from '../kit/generator/audit-draft.ts'
import { generate } from '../kit/generator/generate.ts'
import { render } from '../kit/generator/render.ts'
import { auditRealWorld } from '../kit/real-audit.ts'
import { freshShards } from '../kit/spider.ts'
import { all, at, openSnapshot, pointsRow } from '../ledger/backends.ts'

const DEPTHS = ['summary', 'requests'] as const
const SEEDS = [1, 2, 3]

/** The report of a world through the front of the shards, and that of one plain MariaDB. */
async function both(world: World, audit: WorldAudit): Promise<{ sharded: Report; plain: Report }> {
  const sharded = await auditRealWorld(world, { store: 'spider' }, audit)
  return { sharded, plain: await auditRealWorld(world, { store: 'mariadb' }, audit) }
}

/** The bytes of a report but for the one word that tells of the shards. */
const bytes = (report: Report): string =>
  JSON.stringify({ ...report, settings: { ...report.settings, snapshot: 'consistent' } })

/** A world whose FLOATs Spider brings whole: it asks its shards in the text protocol, which prints six digits. */
const inSixDigits = ({ tables, ...bill }: World): World => {
  const six = (usd: string | null): string | null => usd && String(Number(Number(usd).toPrecision(6)))
  const accounts = tables.accounts.map((row) => ({ ...row, balance: six(row.balance) }))
  const tasks = tables.tasks.map((row) => ({ ...row, costMoney: six(row.costMoney) }))
  return { ...bill, tables: { ...tables, accounts, tasks } }
}

describe.each(DEPTHS)('an audit at depth %s of data at rest on three shards', (depth) => {
  it('of the sample world is that of one server to the byte, but for what it says of the snapshot', async () => {
    const { sharded, plain } = await both(sampleWorld(), { depth, now: SAMPLE_NOW })
    expect(bytes(sharded)).toBe(bytes(plain))
    expect(plain.settings.snapshot).toBe('consistent')
    expect(sharded.settings.snapshot).toBe('per-shard')
    expect(sharded.findings.length).toBeGreaterThan(3)
    for (const lang of ['en', 'zh'] as const) {
      const lines = renderText(plain, { lang }).split('\n')
      const more = renderText(sharded, { lang })
        .split('\n')
        .filter((line) => !lines.includes(line))
      expect(more).toEqual([expect.stringMatching(/shard|分片/)])
    }
  })

  it('of generated worlds is that of one server to the byte, where FLOATs have six digits', async () => {
    for (const seed of SEEDS) {
      const draft = generate(seed)
      const { sharded, plain } = await both(inSixDigits(render(draft).world), auditOf(draft, depth))
      expect(bytes(sharded)).toBe(bytes(plain))
    }
  })
})

describe('three shards', () => {
  it('each hold a part of every table', async () => {
    const database = await freshShards(inject('spider'))
    try {
      const { tables } = sampleWorld()
      await database.write(tables)
      const tasks = await database.spread('ts_fal_tasks')
      expect(tasks.reduce((sum, rows) => sum + rows, 0)).toBe(tables.tasks.length)
      for (const table of ['ts_fal_tasks', 'ts_points_detail', 'ts_users']) {
        for (const rows of await database.spread(table)) expect(rows, table).toBeGreaterThan(0)
      }
    } finally {
      await database.drop()
    }
  })

  it('share no moment: a row written before its shard was first read is seen, one written after is not', async () => {
    const database = await freshShards(inject('spider'))
    try {
      const rows = [1, 2, 3, 4, 5, 6].map((id) => pointsRow(id))
      await database.write({ accounts: [], tasks: [], users: [], points: rows.slice(0, 4), cash: [] })
      const snapshot = await openSnapshot(database)
      const read = () => all(snapshot.points({ start: at('2026-02-01T00:00:00Z'), end: at('2026-03-01T00:00:00Z') }))
      const write = (id: number) =>
        database.exec(
          `INSERT INTO ts_points_detail (id, user_id, points, created_at) VALUES (${id}, 1, 1, '2026-02-03 12:00:00')`,
        )
      try {
        expect(snapshot.consistency).toBe('per-shard')
        await write(5)
        expect((await read()).length).toBe(5)
        await write(6)
        expect((await read()).length).toBe(5)
      } finally {
        await snapshot.close()
      }
    } finally {
      await database.drop()
    }
  })
})
