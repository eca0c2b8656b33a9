import { describe, expect, it } from 'vitest'
import { matchesOf } from '../../src/audit/model-name.ts'

describe('what matches show of names', () => {
  it('connects stored names and endpoints both ways, none of them standing for another', () => {
    const names = new Map([
      ['fal-ai/own', ['fal-ai/own', 'fal-ai/other']],
      ['z-name', ['fal-ai/both', 'fal-ai/z']],
      ['a-name', ['fal-ai/Both']],
      ['b-name', ['fal-ai/both']],
    ])
    const { endpointsOf, storedNamesOf } = matchesOf(names, new Map([['z-name', 'fal-ai/alias']]))
    expect(['own', 'alias', 'a-name', 'new'].map(endpointsOf)).toEqual([
      ['own', 'other'],
      ['alias', 'both', 'z'],
      ['a-name', 'both'],
      ['new'],
    ])
    expect(['own', 'other', 'both', 'z', 'new'].map(storedNamesOf)).toEqual([
      ['own'],
      ['other', 'own'],
      ['both', 'alias', 'a-name', 'b-name'],
      ['z', 'alias'],
      ['new'],
    ])
  })
})
