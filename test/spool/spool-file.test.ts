import { fstatSync, readdirSync } from 'node:fs'
import { tmpdir } from 'node:os'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { SpoolFile } from '../../src/spool/spool-file.ts'

const MEGABYTE = 1024 * 1024

/** Descriptors up to which we look. */
const DESCRIPTORS_MAX = 4096

/** Files without a name that this process has open, as our temporary ones are, each with who may read it at the end. */
function openFiles(): Set<string> {
  const open = new Set<string>()
  for (let descriptor = 0; descriptor < DESCRIPTORS_MAX; descriptor++) {
    try {
      const about = fstatSync(descriptor)
      if (about.isFile() && about.nlink === 0) {
        open.add(`${descriptor} ${about.ino} ${about.birthtimeMs} ${(about.mode & 0o777).toString(8)}`)
      }
    } catch {
      // Nothing is open under that number.
    }
  }
  return open
}
const named = () => readdirSync(tmpdir()).filter((name) => name.startsWith('fal-consumption-audit-'))

/** So many bytes that tell which call appended them. */
const some = (length: number, seed: number): Buffer => {
  const bytes = Buffer.alloc(length)
  for (let at = 0; at < length; at++) bytes[at] = (at * 31 + seed * 131 + (at >> 8)) & 0xff
  return bytes
}

function readBack(file: SpoolFile, at: number, length: number): Buffer {
  const into = Buffer.alloc(length + 10, 0xee)
  file.read(into, 5, length, at)
  expect([into.subarray(0, 5), into.subarray(length + 5)]).toEqual([Buffer.alloc(5, 0xee), Buffer.alloc(5, 0xee)])
  return into.subarray(5, length + 5)
}

describe('what is appended to a temporary file', () => {
  it('is read back from wherever it stands, in any order, while more is appended', () => {
    const length = fc.oneof(
      fc.integer({ min: 0, max: 5000 }),
      fc.constantFrom(16 * 1024, 512 * 1024, MEGABYTE - 1, MEGABYTE, MEGABYTE + 1, 3 * MEGABYTE),
    )
    fc.assert(
      fc.property(fc.array(length, { minLength: 1, maxLength: 8 }), fc.nat(), (lengths, pick) => {
        const file = new SpoolFile()
        const places: { readonly at: number; readonly bytes: Buffer }[] = []
        for (const [seed, each] of lengths.entries()) {
          const bytes = some(each, seed)
          places.push({ at: file.append(bytes), bytes })
          const one = places[pick % places.length]
          if (one !== undefined) expect(readBack(file, one.at, one.bytes.length).equals(one.bytes)).toBe(true)
        }
        for (const { at, bytes } of [...places].reverse()) {
          expect(readBack(file, at, bytes.length).equals(bytes)).toBe(true)
        }
        file.close()
      }),
      { numRuns: 40 },
    )
  })

  it('is a copy: what the caller does to its bytes afterwards is no matter', () => {
    const file = new SpoolFile()
    const bytes = some(100, 1)
    const at = file.append(bytes)
    bytes.fill(0)
    expect(readBack(file, at, 100)).toEqual(some(100, 1))
    file.close()
  })

  it('has no file up to a megabyte, one without a name from there on, and none when closed', async () => {
    const names = named()
    // Those of the tests before may still be open, and be let go meanwhile.
    const others = openFiles()
    const own = () => [...openFiles()].filter((file) => !others.has(file)).map((file) => file.split(' ').at(-1))
    const file = new SpoolFile()
    const places = [file.append(some(MEGABYTE - 10, 1)), file.append(some(10, 2))]
    expect(own()).toEqual([])
    places.push(file.append(some(1, 3)))
    // Of this user alone.
    expect(own()).toEqual(['600'])
    expect(named()).toEqual(names)
    expect(places).toEqual([0, MEGABYTE - 10, MEGABYTE])
    expect(readBack(file, MEGABYTE - 10, 10)).toEqual(some(10, 2))
    expect(readBack(file, MEGABYTE, 1)).toEqual(some(1, 3))
    file.close()
    // The system lets go of it without anybody waiting.
    await expect.poll(own).toEqual([])
  })

  it('is gone when it is closed, however often, and nothing is appended any more', () => {
    for (const length of [10, 2 * MEGABYTE]) {
      const file = new SpoolFile()
      const at = file.append(some(length, 1))
      file.close()
      file.close()
      expect(() => file.read(Buffer.alloc(length), 0, length, at)).toThrow('the temporary file was closed')
      expect(() => file.append(some(1, 1))).toThrow('the temporary file was closed')
    }
  })

  it('is not made up where more is asked for than there is', () => {
    const file = new SpoolFile()
    file.append(some(2 * MEGABYTE, 1))
    expect(() => file.read(Buffer.alloc(200), 0, 200, 2 * MEGABYTE - 100)).toThrow('shorter than what was written')
    file.close()
  })
})
