import { execFileSync } from 'node:child_process'
import {
  chmodSync,
  linkSync,
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
import { cancelled } from '../../src/errors.ts'
import { checkOutput, checkReportOutput, writeWhole } from '../../src/faces/output-file.ts'

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

  it('piece by piece is not there at all where the audit was cancelled in between', async () => {
    async function* pieces(last: () => string) {
      yield 'a piece, '
      yield last()
    }
    const broken = pieces(() => {
      throw cancelled()
    })
    await expect(writeWhole(within('report'), broken)).rejects.toMatchObject({ kind: 'cancelled' })
    expect(readdirSync(folder)).toEqual([])
    await writeWhole(
      within('report'),
      pieces(() => 'and its 末'),
    )
    expect(readFileSync(within('report'), 'utf8')).toBe('a piece, and its 末')
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

  it('is made where a link leads to nothing yet: whole or not at all, for its owner alone', async () => {
    symlinkSync('later', within('link'))
    async function* broken() {
      yield 'half a report'
      throw cancelled()
    }
    await expect(writeWhole(within('link'), broken())).rejects.toMatchObject({ kind: 'cancelled' })
    expect(readdirSync(folder)).toEqual(['link'])
    await writeWhole(within('link'), 'new')
    expect(readFileSync(within('later'), 'utf8')).toBe('new')
    expect(modeOf('later')).toBe(0o600)
    expect(lstatSync(within('link')).isSymbolicLink()).toBe(true)
  })

  it('is none where links lead in a circle, and they stay', async () => {
    symlinkSync('there', within('here'))
    symlinkSync('here', within('there'))
    await expect(writeWhole(within('here'), 'new')).rejects.toMatchObject({ message: expect.stringContaining('ELOOP') })
    expect(readdirSync(folder).map((name) => lstatSync(within(name)).isSymbolicLink())).toEqual([true, true])
  })

  it('goes into a pipe, which stays one', async () => {
    execFileSync('mkfifo', [within('pipe')])
    const read = readFile(within('pipe'), 'utf8')
    await writeWhole(within('pipe'), 'through')
    expect(await read).toBe('through')
    expect(lstatSync(within('pipe')).isFIFO()).toBe(true)
    expect(readdirSync(folder)).toEqual(['pipe'])
  })

  it('has a name as long as a name can be, and a longer one is refused before the work', async () => {
    const longest = '审'.repeat(85)
    await checkReportOutput(within(longest), [])
    await writeWhole(within(longest), 'whole')
    await writeWhole(within(longest), 'anew')
    expect(readdirSync(folder)).toEqual([longest])
    expect(readFileSync(within(longest), 'utf8')).toBe('anew')
    await expect(checkReportOutput(within(`${longest}计`), [])).rejects.toMatchObject({
      kind: 'input',
      field: 'output',
    })
  })

  it('leaves nothing behind where it cannot be written', async () => {
    await expect(writeWhole(within('nowhere/report'), 'x')).rejects.toMatchObject({ field: 'output' })
    await expect(writeWhole(folder, 'x')).rejects.toMatchObject({ field: 'output' })
    expect(readdirSync(folder)).toEqual([])
  })
})

describe('a file that the audit reads or keeps', () => {
  const kept = (name: string) => [{ name: 'BILLING_STORE', path: within(name) }]
  const refusal = { kind: 'input', field: 'output', message: expect.stringMatching(/BILLING_STORE.*a file of its own/) }

  it('is refused under its name, a link to it and another name of it', async () => {
    mkdirSync(within('deep'))
    writeFileSync(within('deep/own'), 'kept')
    symlinkSync('deep', within('way'))
    symlinkSync('way/own', within('link'))
    linkSync(within('deep/own'), within('second'))
    for (const name of ['deep/own', 'deep/../deep/own', 'way/own', 'link', 'second']) {
      await expect(checkOutput(within(name), kept('deep/own')), name).rejects.toMatchObject(refusal)
    }
    await expect(checkOutput(within('deep/own'), kept('link'))).rejects.toMatchObject({ value: within('deep/own') })
    expect(readFileSync(within('deep/own'), 'utf8')).toBe('kept')
  })

  it('is refused though it is not there yet, where a link leads to its place too', async () => {
    symlinkSync('later', within('link'))
    for (const name of ['later', 'link'])
      await expect(checkOutput(within(name), kept('later'))).rejects.toMatchObject(refusal)
    await expect(checkOutput(within('later'), kept('link'))).rejects.toMatchObject(refusal)
  })

  it('is not one with another name or another place, or links in a circle', async () => {
    mkdirSync(within('deep'))
    writeFileSync(within('own'), 'kept')
    symlinkSync('round', within('round'))
    for (const name of ['own2', 'deep/own', 'ow', 'round']) await checkOutput(within(name), kept('own'))
  })
})

describe('a database', () => {
  it('is never replaced by a report, whoever knows of it', async () => {
    writeFileSync(within('some.db'), 'SQLite format 3\u0000and so on')
    symlinkSync('some.db', within('link'))
    for (const name of ['some.db', 'link'])
      await expect(checkReportOutput(within(name), [])).rejects.toMatchObject({
        field: 'output',
        message: expect.stringMatching(/database, which would be lost/),
      })
    // An import looks for itself whether it may.
    await checkOutput(within('some.db'), [])
  })

  it.each(['', 'SQLite format', 'SQLite format 2', 'A report on SQLite format 3'])(
    'is not what begins with %j',
    async (text) => {
      writeFileSync(within('report'), text)
      await checkReportOutput(within('report'), [])
    },
  )

  it('is not looked for in a pipe', async () => {
    execFileSync('mkfifo', [within('pipe')])
    await checkReportOutput(within('pipe'), [])
  })
})
