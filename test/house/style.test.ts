import { describe, expect, it } from 'vitest'
import { sourcesIn } from './sources.ts'

const CODE = sourcesIn(['src', 'schemas', 'tools'], ['.ts'])
const ALL = [...CODE, ...sourcesIn(['test', 'scripts', 'bench'])]
const LINES_MAX = 350

const withCode = (sources: typeof ALL, pattern: RegExp): string[] =>
  sources.filter(({ code }) => pattern.test(code)).map(({ path }) => path)

describe('every file', () => {
  it(`is one thing: at most ${LINES_MAX} lines`, () => {
    const long = ALL.map(({ path, text }) => ({ path, lines: text.split('\n').length - 1 }))
    expect(long.filter(({ lines }) => lines > LINES_MAX)).toEqual([])
  })

  it('lies in a room with a meaning', () => {
    expect(
      ALL.map(({ path }) => path).filter((path) => /\/(utils?|helpers?|common|misc|lib)(\/|\.)/.test(path)),
    ).toEqual([])
  })

  it('is named in lower case with dashes', () => {
    expect(ALL.map(({ path }) => path).filter((path) => /[A-Z_ ]/.test(path))).toEqual([])
  })
})

describe('modules', () => {
  it('export names only, and pass on nothing of others', () => {
    expect(withCode(CODE, /^\s*export\s+default\b/m)).toEqual([])
    expect(withCode(CODE, /^\s*export\s+(type\s+)?(\*|\{[^}]*\})\s*from\b/m)).toEqual([])
    expect(CODE.map(({ path }) => path).filter((path) => path.endsWith('/index.ts'))).toEqual([])
  })

  it('export no value that no other file names', () => {
    const words = ALL.map(({ path, code }) => ({ path, words: new Set(code.match(/\w+/g)) }))
    const unused = CODE.flatMap(({ path, code }) =>
      [...code.matchAll(/^export (?:async )?(?:function\*?|const|class) (\w+)/gm)]
        .map(([, name = '']) => name)
        .filter((name) => !words.some((other) => other.path !== path && other.words.has(name)))
        .map((name) => `${path} ${name}`),
    )
    expect(unused).toEqual([])
  })

  it('import local files with their ending', () => {
    const bare = CODE.flatMap(({ path, imports }) =>
      imports.filter(({ target }) => /^(src|schemas|tools)\//.test(target) && !target.endsWith('.ts')).map(() => path),
    )
    expect(bare).toEqual([])
  })
})

describe('the types', () => {
  it('are not switched off', () => {
    expect(withCode(CODE, /\bas any\b|:\s*any\b|<any>/)).toEqual([])
    const comments = /@ts-(ignore|nocheck|expect-error)|biome-ignore/
    expect(CODE.filter(({ text }) => comments.test(text)).map(({ path }) => path)).toEqual([])
  })
})

describe('the tests', () => {
  it('all run: none is skipped, focused or empty', () => {
    const tests = sourcesIn(['test'], ['.ts'])
    expect(withCode(tests, /\b(it|test|describe)\.(skip|only|todo|skipIf|runIf|fails)\b|\bx(it|describe)\(/)).toEqual(
      [],
    )
  })
})

describe('a process', () => {
  it('is shared by test files, but for those that change it or measure its memory', () => {
    const tests = sourcesIn(['test'], ['.test.ts']).filter(({ path }) => !path.startsWith('test/house/'))
    const needs =
      /\bvi\.(mock|doMock|stubEnv|stubGlobal)\(|\bprocess\.(memoryUsage|chdir)\(|\bprocess\.env\.\w+\s*=[^=]/
    expect(tests.filter(({ path }) => path.endsWith('.alone.test.ts')).map(({ path }) => path)).toEqual(
      withCode(tests, needs),
    )
  })
})

describe('nothing is left for later', () => {
  it('in the code', () => {
    const marks = new RegExp(`\\b(${['TO', 'FIX'].join('DO|')}ME|XXX|HACK)\\b`)
    expect(CODE.filter(({ text }) => marks.test(text)).map(({ path }) => path)).toEqual([])
  })
})
