import { readFile } from 'node:fs/promises'
import { promisify } from 'node:util'
import { brotliDecompress } from 'node:zlib'
import { create, type Font, type GlyphRun, type Subset } from 'fontkit'

/** Lies beside this file, and beside the bundle it becomes part of. */
const FONT_FILE = new URL('./fonts/noto-sans-sc-regular.ttf.br', import.meta.url)

/** A font that is written character by character, and embeds those of one document. */
export interface Face {
  readonly font: Font
  /** The width of a text, in points at a size in points. */
  widthOf(text: string, size: number): number
}

let opened: Promise<Font> | undefined

/** The face of one document. The font file is read once; a failure is tried again at the next call. */
export async function openFace(): Promise<Face> {
  opened ??= readFont()
  try {
    return faceOf(await opened)
  } catch (cause) {
    opened = undefined
    throw cause
  }
}

const readFont = async (): Promise<Font> => create(await promisify(brotliDecompress)(await readFile(FONT_FILE)))

/**
 * Shows each code point by one glyph of its own number, without ligatures, kerning or other forms: what is extracted from
 * the document is then what was written, also where the font has one glyph for two characters, or none: its box is then
 * embedded once for each such character, with that character as its text.
 */
function faceOf(font: Font): Face {
  const scale = 1000 / font.unitsPerEm
  const advances = new Map<number, number>()
  const advanceOf = (codePoint: number): number => {
    const known = advances.get(codePoint)
    if (known !== undefined) return known
    const advance = font.glyphForCodePoint(codePoint).advanceWidth
    advances.set(codePoint, advance)
    return advance
  }
  const layout = (text: string): GlyphRun => {
    const glyphs = codePointsOf(text).map((codePoint) => ({
      id: codePoint,
      advanceWidth: advanceOf(codePoint),
      codePoints: [codePoint],
    }))
    return {
      glyphs,
      positions: glyphs.map(({ advanceWidth }) => ({ xAdvance: advanceWidth, yAdvance: 0, xOffset: 0, yOffset: 0 })),
      advanceWidth: glyphs.reduce((sum, { advanceWidth }) => sum + advanceWidth, 0),
    }
  }
  const written: Font = Object.create(font, {
    layout: { value: layout },
    createSubset: { value: () => subsetByCodePoint(font) },
  })
  return {
    font: written,
    widthOf: (text, size) =>
      (codePointsOf(text).reduce((sum, codePoint) => sum + advanceOf(codePoint), 0) * scale * size) / 1000,
  }
}

/** A subset that is asked for code points, not for glyphs of the font. */
function subsetByCodePoint(font: Font): Subset {
  const subset = font.createSubset()
  const embedded = new Map<number, number>()
  return {
    glyphs: subset.glyphs,
    includeGlyph(codePoint) {
      const known = embedded.get(codePoint)
      if (known !== undefined) return known
      const index = subset.glyphs.push(font.glyphForCodePoint(codePoint).id) - 1
      embedded.set(codePoint, index)
      return index
    },
    encode: () => subset.encode(),
  }
}

const codePointsOf = (text: string): number[] => Array.from(text, (character) => character.codePointAt(0) ?? 0)
