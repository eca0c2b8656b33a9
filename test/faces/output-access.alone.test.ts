import { constants, mkdirSync, mkdtempSync, realpathSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { checkOutput } from '../../src/faces/output-file.ts'

/** Root may write everywhere: who may not is played. */
const closed = vi.hoisted(() => new Set<string>())
vi.mock('node:fs/promises', async (original) => ({
  ...(await original<typeof import('node:fs/promises')>()),
  access: async (path: string, mode: number) => {
    if (mode === constants.W_OK && closed.has(path)) throw Object.assign(new Error(path), { code: 'EACCES' })
  },
}))

let folder: string
beforeEach(() => {
  folder = realpathSync(mkdtempSync(join(tmpdir(), 'audit-access-')))
  mkdirSync(join(folder, 'inner'))
})
afterEach(() => {
  closed.clear()
  rmSync(folder, { recursive: true })
})

const REFUSED = { kind: 'input', field: 'output', message: expect.stringContaining('(EACCES)') }

describe('before the work, a report that could not be written', () => {
  it.each(['new', 'old'])('is refused: a %s file in a folder that may not be written', async (name) => {
    writeFileSync(join(folder, 'old'), '')
    await expect(checkOutput(join(folder, name), [])).resolves.toBeUndefined()
    closed.add(folder)
    await expect(checkOutput(join(folder, name), [])).rejects.toMatchObject(REFUSED)
  })

  it('is refused by the folder that a link leads to, whether its file is there yet or not', async () => {
    writeFileSync(join(folder, 'inner/old'), '')
    for (const name of ['old', 'new']) symlinkSync(join(folder, 'inner', name), join(folder, name))
    closed.add(folder)
    for (const name of ['old', 'new']) await expect(checkOutput(join(folder, name), [])).resolves.toBeUndefined()
    closed.add(join(folder, 'inner'))
    for (const name of ['old', 'new']) {
      await expect(checkOutput(join(folder, name), [])).rejects.toMatchObject(REFUSED)
    }
  })

  it('is refused where it is no file, as a device, by itself', async () => {
    await expect(checkOutput('/dev/null', [])).resolves.toBeUndefined()
    closed.add('/dev/null')
    await expect(checkOutput('/dev/null', [])).rejects.toMatchObject(REFUSED)
  })
})
