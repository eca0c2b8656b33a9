import { existsSync } from 'node:fs'
import { basename, join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { ROOT, sourcesIn } from '../house/sources.ts'
import { quoted, textOf } from './documents.ts'

describe('the map of the code', () => {
  const sources = sourcesIn(['src', 'schemas', 'tools', 'test'], ['.ts'])
  const text = textOf('docs/code.md')

  it('names only files that there are', () => {
    const names = new Set(sources.map(({ path }) => basename(path)))
    const files = [...text.matchAll(/[\w./-]+\.ts\b/g)].map(([name]) => name).filter((name) => !/NAME|^\./.test(name))
    expect(files.length).toBeGreaterThan(30)
    expect(files.filter((name) => !names.has(basename(name)))).toEqual([])
  })

  it('names only folders that there are', () => {
    const folders = quoted(text).filter((name) => /^[\w/-]+\/$/.test(name))
    expect(folders.filter((name) => ![name, `src/${name}`, `src/audit/${name}`].some(isThere))).toEqual([])
  })

  it('names only what the code declares', () => {
    const declared = new Set(
      sources.flatMap(({ code }) =>
        [...code.matchAll(/\b(?:function\*?|const|class|interface|type) (\w+)/g)].map(([, name]) => name),
      ),
    )
    const names = quoted(text).filter((name) => /^[a-zA-Z]*[a-z][A-Z]\w*$|^[A-Z]+_[A-Z]+$/.test(name))
    expect(names.length).toBeGreaterThan(10)
    expect(names.filter((name) => !declared.has(name))).toEqual([])
  })
})

const isThere = (path: string): boolean => existsSync(join(ROOT, path))
