import { describe, expect, it } from 'vitest'
import { canonicalModel, matchesOf } from '../../../src/audit/tasks/model-name.ts'

describe('the name that models are compared by', () => {
  const aliases = new Map([
    ['sora-2/i2v', 'fal-ai/sora-2/image-to-video'],
    ['Own', 'fal-ai/own'],
    ['own', 'fal-ai/other'],
  ])
  it.each([
    ['sora-2/i2v', 'sora-2/image-to-video'],
    ['Sora-2/I2V', 'sora-2/image-to-video'],
    [' sora-2/i2v ', 'sora-2/image-to-video'],
    ['fal-ai/sora-2/i2v', 'sora-2/i2v'],
    ['sora-2/i2v/', 'sora-2/i2v'],
    ['/FAL-AI/Veo3/', 'veo3'],
    // As they are written, where they are.
    ['Own', 'own'],
    ['own', 'other'],
  ])('of %s is %s', (stored, name) => {
    expect(canonicalModel(stored, aliases)).toBe(name)
  })
})

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
