import { describe, expect, it } from 'vitest'
import { sourcesIn } from './sources.ts'

type Graph = ReadonlyMap<string, readonly string[]>

/** The modules that cannot be loaded before others of them are, in order: those that lie on a circle of imports. */
const onCircles = (graph: Graph): string[] => [...graph.keys()].filter((path) => reaches(graph, path)).sort()

function reaches(graph: Graph, path: string): boolean {
  const seen = new Set<string>()
  const open = [...(graph.get(path) ?? [])]
  for (let next = open.pop(); next !== undefined; next = open.pop()) {
    if (next === path) return true
    if (seen.has(next)) continue
    seen.add(next)
    open.push(...(graph.get(next) ?? []))
  }
  return false
}

describe('imports', () => {
  it('make no circle, but for those of types, which are gone when the program runs', () => {
    const sources = sourcesIn(['src', 'schemas', 'tools'], ['.ts'])
    const loaded = sources.map(({ path, imports }): [string, string[]] => [
      path,
      imports.filter(({ typeOnly }) => !typeOnly).map(({ target }) => target),
    ])
    expect(onCircles(new Map(loaded))).toEqual([])
  })

  it('are seen by this test: a circle is found, and what leads to it is none', () => {
    const graph = new Map([
      ['leads', ['a']],
      ['a', ['b', 'end']],
      ['b', ['c']],
      ['c', ['a']],
      ['end', []],
    ])
    expect(onCircles(graph)).toEqual(['a', 'b', 'c'])
  })
})
