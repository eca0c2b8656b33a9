import { mkdtempSync, rmSync, writeSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, describe, expect, it, vi } from 'vitest'
import { openSample } from '../../src/demo/run.ts'
import { SpoolFile } from '../../src/spool/spool-file.ts'

const MEGABYTE = 1024 * 1024

vi.mock('node:fs', async (original) => {
  const fs = await original<typeof import('node:fs')>()
  return { ...fs, writeSync: vi.fn(fs.writeSync) }
})

/** What the system throws. */
const refusal = (code: string): Error => Object.assign(new Error(`${code}: it was refused, write`), { code })

afterEach(() => vi.unstubAllEnvs())

function refused(write: () => void): unknown {
  try {
    write()
  } catch (error) {
    return error
  }
  return undefined
}

describe('a folder for temporary files', () => {
  it('that is full is told as what the operator can mend, not as a fault of the program', () => {
    const file = new SpoolFile()
    vi.mocked(writeSync).mockImplementationOnce(() => {
      throw refusal('ENOSPC')
    })
    const error = refused(() => void file.append(Buffer.alloc(MEGABYTE + 1)))
    file.close()
    expect(error).toMatchObject({ kind: 'configuration', field: 'TMPDIR', next: expect.stringContaining('make room') })
    expect(String(error)).toContain(`${tmpdir()}, is full (ENOSPC)`)
  })

  it('that is not there is told by what settles it, as soon as a file is needed', async () => {
    const base = mkdtempSync(join(tmpdir(), 'audit-no-room-'))
    const missing = join(base, 'missing')
    rmSync(base, { recursive: true })
    vi.stubEnv('TMPDIR', missing)
    const file = new SpoolFile()
    expect(file.append(Buffer.alloc(MEGABYTE))).toBe(0)
    const told = { kind: 'configuration', field: 'TMPDIR', value: missing }
    expect(refused(() => void file.append(Buffer.alloc(MEGABYTE)))).toMatchObject(told)
    file.close()
    await expect(openSample()).rejects.toMatchObject(told)
  })

  it('is not blamed for anything else', () => {
    const file = new SpoolFile()
    vi.mocked(writeSync).mockImplementationOnce(() => {
      throw refusal('EBADF')
    })
    expect(refused(() => void file.append(Buffer.alloc(MEGABYTE + 1)))).not.toHaveProperty('kind')
    file.close()
  })
})
