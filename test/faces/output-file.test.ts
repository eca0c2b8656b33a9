import { execFileSync } from 'node:child_process'
import {
  chmodSync,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { readFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { writeWhole } from '../../src/faces/output-file.ts'

let folder: string
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'audit-output-'))
})
afterEach(() => rmSync(folder, { recursive: true }))

const within = (name: string): string => join(folder, name)
const modeOf = (name: string): number => statSync(within(name)).mode & 0o777

describe('a report that is written to a file', () => {
  it('is new: for its owner alone', async () => {
    await writeWhole(within('report'), 'whole')
    expect(readFileSync(within('report'), 'utf8')).toBe('whole')
    expect(modeOf('report')).toBe(0o600)
    expect(readdirSync(folder)).toEqual(['report'])
  })

  it.each([0o644, 0o640, 0o666])('replaces one, whose permissions %o stay', async (mode) => {
    writeFileSync(within('report'), 'a longer one than the new one')
    chmodSync(within('report'), mode)
    await writeWhole(within('report'), 'new')
    expect(readFileSync(within('report'), 'utf8')).toBe('new')
    expect(modeOf('report')).toBe(mode)
    expect(readdirSync(folder)).toEqual(['report'])
  })

  it('goes where a link leads, and the link stays', async () => {
    mkdirSync(within('deep'))
    writeFileSync(within('deep/real'), 'old')
    symlinkSync('deep/real', within('link'))
    await writeWhole(within('link'), 'new')
    expect(readFileSync(within('deep/real'), 'utf8')).toBe('new')
    expect(lstatSync(within('link')).isSymbolicLink()).toBe(true)
    expect(readdirSync(within('deep'))).toEqual(['real'])
  })

  it('is made where a link leads to nothing yet', async () => {
    symlinkSync('later', within('link'))
    await writeWhole(within('link'), 'new')
    expect(readFileSync(within('later'), 'utf8')).toBe('new')
    expect(lstatSync(within('link')).isSymbolicLink()).toBe(true)
  })

  it('goes into a pipe, which stays one', async () => {
    execFileSync('mkfifo', [within('pipe')])
    const read = readFile(within('pipe'), 'utf8')
    await writeWhole(within('pipe'), 'through')
    expect(await read).toBe('through')
    expect(lstatSync(within('pipe')).isFIFO()).toBe(true)
    expect(readdirSync(folder)).toEqual(['pipe'])
  })

  it('leaves nothing behind where it cannot be written', async () => {
    await expect(writeWhole(within('nowhere/report'), 'x')).rejects.toMatchObject({ field: 'output' })
    await expect(writeWhole(folder, 'x')).rejects.toMatchObject({ field: 'output' })
    expect(readdirSync(folder)).toEqual([])
  })
})
