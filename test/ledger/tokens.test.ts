import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, describe, expect, it } from 'vitest'
import { readConfig } from '../../src/config.ts'
import { mappingWith } from '../../src/ledger/mapping.ts'
import { ALL_TIME, all, BACKENDS, reading, type Stored, task } from './backends.ts'

const open: Stored[] = []
afterEach(async () => {
  for (const stored of open.splice(0)) await stored.remove()
})

describe.each(BACKENDS)('tokens of a task on $name', ({ create }) => {
  async function withTokens(): Promise<Stored> {
    const stored = await create({ tasks: [task(1), task(2), task(3)] })
    open.push(stored)
    await stored.exec('ALTER TABLE ts_fal_tasks ADD COLUMN prompt_tokens INT')
    await stored.exec('ALTER TABLE ts_fal_tasks ADD COLUMN completion_tokens BIGINT')
    await stored.exec('UPDATE ts_fal_tasks SET prompt_tokens = 1200, completion_tokens = 0 WHERE id = 1')
    await stored.exec('UPDATE ts_fal_tasks SET completion_tokens = 5000000000 WHERE id = 2')
    return stored
  }

  const tokensBy = (stored: Stored, tasks: { inputTokens?: string | null; outputTokens?: string | null }) =>
    reading(
      stored,
      async (snapshot) => {
        const rows = await all(snapshot.tasks(ALL_TIME))
        const [looked] = await snapshot.tasksByTaskIds(['t1'])
        expect(looked).toEqual(rows.find(({ taskId }) => taskId === 't1'))
        return rows.map(({ rowId, inputTokens, outputTokens }) => [rowId, inputTokens, outputTokens])
      },
      { mapping: mappingWith({ columns: { tasks } }) },
    )

  it('are read from the mapped columns; NULL is null, 0 is 0', async () => {
    const columns = { inputTokens: 'prompt_tokens', outputTokens: 'completion_tokens' }
    expect(await tokensBy(await withTokens(), columns)).toEqual([
      [1, 1200, 0],
      [2, null, 5_000_000_000],
      [3, null, null],
    ])
  })

  it('are read from one column alone, and from none', async () => {
    const stored = await withTokens()
    expect(await tokensBy(stored, { inputTokens: 'prompt_tokens' })).toEqual([
      [1, 1200, undefined],
      [2, null, undefined],
      [3, null, undefined],
    ])
    expect(await tokensBy(stored, { outputTokens: 'completion_tokens' })).toEqual([
      [1, undefined, 0],
      [2, undefined, 5_000_000_000],
      [3, undefined, null],
    ])
    expect(await tokensBy(stored, {})).toEqual([1, 2, 3].map((id) => [id, undefined, undefined]))
  })

  it('that are no count are an error that names the column', async () => {
    const stored = await withTokens()
    await stored.exec('UPDATE ts_fal_tasks SET prompt_tokens = -1 WHERE id = 3')
    await expect(tokensBy(stored, { inputTokens: 'prompt_tokens' })).rejects.toMatchObject({
      kind: 'source',
      field: 'ts_fal_tasks.prompt_tokens',
    })
    await expect(tokensBy(stored, { inputTokens: 'app_name' })).rejects.toMatchObject({
      field: 'ts_fal_tasks.app_name',
    })
  })
})

describe('columns of tokens in AUDIT_CONFIG', () => {
  const columnsOf = async (tasks: object) => {
    const folder = mkdtempSync(join(tmpdir(), 'token-columns-'))
    try {
      writeFileSync(join(folder, 'audit.json'), JSON.stringify({ columns: { tasks } }))
      const { mapping } = await readConfig({ AUDIT_CONFIG: 'audit.json' }, folder, () => {})
      return [mapping.columns.tasks.inputTokens, mapping.columns.tasks.outputTokens]
    } finally {
      rmSync(folder, { recursive: true })
    }
  }

  it('are none unless they are named', async () => {
    expect(await columnsOf({})).toEqual([null, null])
    expect(await columnsOf({ inputTokens: 'prompt_tokens', outputTokens: null })).toEqual(['prompt_tokens', null])
    await expect(columnsOf({ inputTokens: 'a`b' })).rejects.toMatchObject({ kind: 'configuration' })
  })
})
