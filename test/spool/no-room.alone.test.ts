import { mkdtempSync, rmSync, writeSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, describe, expect, it, vi } from 'vitest'
import { openSample } from '../../src/demo/run.ts'
import { writeEmbedded } from '../../src/demo/write-embedded.ts'
import { temporaryFailure } from '../../src/errors.ts'
import { SpoolFile } from '../../src/spool/spool-file.ts'

const MEGABYTE = 1024 * 1024

vi.mock('node:fs', async (original) => {
  const fs = await original<typeof import('node:fs')>()
  return { ...fs, writeSync: vi.fn(fs.writeSync) }
})

vi.mock('../../src/demo/write-embedded.ts', async (original) => {
  const own = await original<typeof import('../../src/demo/write-embedded.ts')>()
  return { ...own, writeEmbedded: vi.fn(own.writeEmbedded) }
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

  it.each([
    ['SQLITE_FULL', 'is full'],
    ['SQLITE_IOERR', 'cannot be written'],
    ['SQLITE_IOERR_WRITE', 'cannot be written'],
    ['SQLITE_READONLY', 'cannot be written'],
  ])('that a database cannot write is told alike: %s', (code, says) => {
    const told = temporaryFailure('/there', refusal(code))
    expect(told).toMatchObject({ kind: 'configuration', field: 'TMPDIR' })
    expect(String(told)).toContain(`/there, ${says} (${code})`)
  })

  it('has no part in what else a database refuses', async () => {
    const other = refusal('SQLITE_CONSTRAINT')
    expect(temporaryFailure('/there', other)).toBe(other)
    vi.mocked(writeEmbedded).mockRejectedValueOnce(other)
    await expect(openSample()).rejects.toBe(other)
  })

  it('that is full beneath the sample database is told by what settles it', async () => {
    vi.mocked(writeEmbedded).mockRejectedValueOnce(refusal('SQLITE_FULL'))
    await expect(openSample()).rejects.toMatchObject({ kind: 'configuration', field: 'TMPDIR', value: tmpdir() })
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
