import { describe, expect, it } from 'vitest'
import { displayWidth, padEndWidth, padStartWidth, truncateWidth } from '../../src/render/width.ts'

describe('displayWidth', () => {
  it.each([
    ['', 0],
    ['abc', 3],
    ['张三', 4],
    ['ﾊﾞｰ', 3],
    ['한글', 4],
    ['é', 1],
    ['e\u0301', 1],
    ['😀', 2],
    ['👨‍👩‍👧', 2],
    ['🇨🇳', 2],
    ['❤️', 2],
    ['–…─', 3],
    ['（阈值）', 8],
    ['\u200b\u202e', 0],
  ])('%j takes %i columns', (text, width) => {
    expect(displayWidth(text)).toBe(width)
  })
})

describe('padding and cutting', () => {
  it('pads by width, not by length', () => {
    expect(padStartWidth('张三', 6)).toBe('  张三')
    expect(padEndWidth('😀', 4)).toBe('😀  ')
    expect(padEndWidth('张三', 3)).toBe('张三')
  })

  it('never exceeds the width and never splits a grapheme', () => {
    expect(truncateWidth('张三李四', 8)).toBe('张三李四')
    expect(truncateWidth('张三李四', 7)).toBe('张三李…')
    expect(truncateWidth('张三李四', 6)).toBe('张三…')
    expect(truncateWidth('a👨‍👩‍👧b', 3)).toBe('a…')
    expect(truncateWidth('abc', 0)).toBe('')
  })
})
