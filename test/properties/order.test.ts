import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { startFalDouble } from '../../src/demo/fal-double.ts'
import type { FalFault } from '../../src/demo/fal-double-faults.ts'
import type { FalWorkspace, World } from '../../src/demo/stored-world.ts'
import { createFalClient } from '../../src/fal/client.ts'
import type { LedgerSnapshot, LedgerStore } from '../../src/ledger/reader.ts'
import { runAudit } from '../../src/operation.ts'
import { EntryWriter } from '../../src/rows/entry-records.ts'
import { TaskWriter } from '../../src/rows/task-writer.ts'
import { instant } from '../../src/units/instant.ts'
import { openZone } from '../../src/units/zone.ts'
import { auditInput, memoryDependencies, quietContext } from '../kit/audit-world.ts'
import { anyWorld, bytesOf, runs, seeds } from '../kit/generator/any-world.ts'
import { auditDraft, auditOf, memoryFalOf } from '../kit/generator/audit-draft.ts'
import type { Draft } from '../kit/generator/draft.ts'
import { createPrng, type Prng } from '../kit/generator/prng.ts'
import { type Rendered, render } from '../kit/generator/render.ts'
import { memoryLedger } from '../kit/memory-ports.ts'

/** Audits a rendered draft over a ledger that is wrapped or made otherwise. */
async function auditWith(
  draft: Draft,
  rendered: Rendered,
  ledger: (usual: LedgerStore) => LedgerStore,
): Promise<string> {
  const audit = auditOf(draft, 'requests')
  const usual = memoryDependencies(rendered.world, audit)
  const dependencies = { ...usual, fal: memoryFalOf(rendered), ledger: ledger(usual.ledger as LedgerStore) }
  return bytesOf(await runAudit(auditInput(audit), dependencies, quietContext()))
}

/** The ledgers keep their order of id, which the port promises; nothing else has one. */
function shuffledWorld({ tables, workspaces }: World, random: Prng): World {
  return {
    tables: {
      ...tables,
      accounts: random.shuffled(tables.accounts),
      tasks: random.shuffled(tables.tasks),
      users: random.shuffled(tables.users),
    },
    workspaces: random.shuffled(workspaces).map((each) => ({ ...each, events: random.shuffled(each.events) })),
  }
}

/** What writes rows as records, again and again in one place. */
interface BatchWriter<Row, Batch> {
  writeRow(row: Row): void
  written(): Batch
  clear(): void
}

/** In batches of other sizes, empty ones too, each written over the one before: whoever keeps a batch sees other rows in it. */
async function* rebatched<Row, Batch extends { rows(): Row[] }>(
  rows: AsyncIterable<Batch>,
  random: Prng,
  writerLike: (batch: Batch) => BatchWriter<Row, Batch>,
): AsyncGenerator<Batch> {
  let writer: BatchWriter<Row, Batch> | undefined
  for await (const batch of rows) {
    writer ??= writerLike(batch)
    const all = batch.rows()
    for (let at = 0; at < all.length; ) {
      const size = random.int(0, 7)
      for (const row of all.slice(at, at + size)) writer.writeRow(row)
      yield writer.written()
      writer.clear()
      at += size
    }
  }
}

const inOtherBatches =
  (random: Prng) =>
  (usual: LedgerStore): LedgerStore => ({
    snapshot: async (signal, zone): Promise<LedgerSnapshot> => {
      const snapshot = await usual.snapshot(signal, zone)
      return {
        ...snapshot,
        tasks: (range) => rebatched(snapshot.tasks(range), random, ({ words }) => new TaskWriter(words)),
        points: (range) => rebatched(snapshot.points(range), random, () => new EntryWriter()),
        cash: (range) => rebatched(snapshot.cash(range), random, () => new EntryWriter()),
      }
    },
  })

/** The bill through HTTP, in pages of few rows, of which some begin with rows of the page before. */
async function auditInPages(draft: Draft, rendered: Rendered, pageRows: number, repeatedRows: number): Promise<string> {
  const pages = repeatedRows === 0 ? [] : [1, 2, 4]
  const faults = pages.map((page): FalFault => ({ kind: 'repeat-page', rows: repeatedRows, page }))
  const audit = auditOf(draft, 'requests')
  const open = async (workspaces: readonly FalWorkspace[]) => {
    const double = await startFalDouble({ workspaces, faults, clock: () => draft.now })
    const limits = { usagePageRows: pageRows, eventPageRows: pageRows, pages: 2000 }
    return { double, client: createFalClient({ baseUrl: double.url, limits }) }
  }
  const bill = await open(rendered.world.workspaces)
  const usage = await open(rendered.usageWorkspaces ?? rendered.world.workspaces)
  try {
    const fal = { ...bill.client, usage: usage.client.usage }
    const dependencies = { ...memoryDependencies(rendered.world, audit), fal }
    return bytesOf(await runAudit(auditInput(audit), dependencies, quietContext()))
  } finally {
    for (const { client, double } of [bill, usage]) {
      await client.close()
      await double.close()
    }
  }
}

describe('the report does not depend on', () => {
  it('who reads it again: the same snapshot gives the same bytes', async () => {
    await fc.assert(
      fc.asyncProperty(seeds, async (seed) => {
        const draft = anyWorld(seed)
        expect(bytesOf(await auditDraft(draft, 'requests'))).toBe(bytesOf(await auditDraft(draft, 'requests')))
      }),
      runs(40),
    )
  })

  it('the order of rows, and how many come at once', async () => {
    await fc.assert(
      fc.asyncProperty(seeds, async (seed) => {
        const draft = anyWorld(seed)
        const rendered = render(draft)
        const random = createPrng(seed)
        const { usageWorkspaces } = rendered
        const world = shuffledWorld(rendered.world, random)
        const usage =
          usageWorkspaces === null ? null : shuffledWorld({ ...world, workspaces: usageWorkspaces }, random).workspaces
        const expected = await auditWith(draft, rendered, (ledger) => ledger)
        expect(await auditWith(draft, { ...rendered, world, usageWorkspaces: usage }, inOtherBatches(random))).toBe(
          expected,
        )
      }),
      runs(60),
    )
  })

  it('the size of a page of fal, nor on rows that a page repeats', async () => {
    await fc.assert(
      fc.asyncProperty(seeds, fc.integer({ min: 3, max: 40 }), async (seed, pageRows) => {
        const draft = anyWorld(seed)
        const rendered = render(draft)
        const expected = await auditInPages(draft, rendered, 1000, 0)
        expect(await auditInPages(draft, rendered, pageRows, 0)).toBe(expected)
        expect(await auditInPages(draft, rendered, pageRows, 2)).toBe(expected)
      }),
      runs(12),
    )
  })

  // Times that a clock change repeats or skips have no counterpart in another zone, so zones without any are used.
  it('the zone in which the database stores its times, as long as it is told', async () => {
    await fc.assert(
      fc.asyncProperty(
        seeds,
        fc.constantFrom('UTC', '-09:30', '+05:45', 'Asia/Kolkata', 'America/Phoenix'),
        async (seed, id) => {
          const draft = anyWorld(seed)
          const zone = openZone(id)
          if (zone === undefined) throw new Error(`no zone ${id}`)
          const stored = render(draft, zone)
          const elsewhere = await auditWith(draft, stored, () =>
            memoryLedger(stored.world.tables, zone, instant(draft.now)),
          )
          const here = await auditWith(draft, render(draft), (ledger) => ledger)
          const withoutZone = (report: string): string => report.replace(/"dbTimezone":"[^"]*"/, '')
          expect(withoutZone(elsewhere)).toBe(withoutZone(here))
        },
      ),
      runs(50),
    )
  })
})
