// What the statements use of two packages that come without types, as their pinned versions have it.

declare module 'fontkit' {
  export interface Glyph {
    readonly id: number
    readonly advanceWidth: number
    readonly codePoints: readonly number[]
    /** What is drawn of it, in units of the font; infinite where nothing is. */
    readonly bbox?: { readonly width: number; readonly height: number }
  }

  export interface GlyphPosition {
    xAdvance: number
    yAdvance: number
    xOffset: number
    yOffset: number
  }

  export interface GlyphRun {
    readonly glyphs: readonly Glyph[]
    readonly positions: readonly GlyphPosition[]
    readonly advanceWidth: number
  }

  export interface Subset {
    /** Numbers of the glyphs to embed, in their new order. */
    readonly glyphs: number[]
    includeGlyph(glyph: number): number
    encode(): Uint8Array
  }

  export interface Font {
    readonly unitsPerEm: number
    glyphForCodePoint(codePoint: number): Glyph
    layout(text: string): GlyphRun
    getGlyph(glyph: number): Glyph
    createSubset(): Subset
  }

  export function create(bytes: Uint8Array): Font
}

declare module 'pdfkit' {
  import type { Font } from 'fontkit'

  export interface DocumentOptions {
    readonly size: 'A4'
    readonly layout: 'portrait' | 'landscape'
    readonly margin: number
    /** Null: none is loaded before `font` is called. */
    readonly font: null
    /** Whether the layout of every text is kept. */
    readonly fontLayoutCache: boolean
    readonly bufferPages: boolean
    readonly autoFirstPage: boolean
    readonly pdfVersion: '1.7'
    readonly lang: string
    readonly displayTitle: boolean
    readonly info: Readonly<Record<string, string | Date>>
  }

  export interface TextOptions {
    readonly lineBreak: false
    readonly baseline: 'alphabetic'
    readonly fill: boolean
    readonly stroke: boolean
  }

  export class PDFDocument implements AsyncIterable<Uint8Array> {
    constructor(options: DocumentOptions)
    readonly page: { readonly width: number; readonly height: number };
    [Symbol.asyncIterator](): AsyncIterator<Uint8Array>
    addPage(): this
    switchToPage(index: number): unknown
    bufferedPageRange(): { readonly start: number; readonly count: number }
    font(font: Font): this
    fontSize(size: number): this
    text(text: string, x: number, y: number, options: TextOptions): this
    fillColor(color: string, opacity?: number): this
    fillOpacity(opacity: number): this
    strokeColor(color: string): this
    lineWidth(width: number): this
    moveTo(x: number, y: number): this
    lineTo(x: number, y: number): this
    rect(x: number, y: number, width: number, height: number): this
    roundedRect(x: number, y: number, width: number, height: number, radius: number): this
    fill(color: string): this
    stroke(): this
    rotate(degrees: number, options: { readonly origin: readonly [number, number] }): this
    save(): this
    restore(): this
    end(): void
  }
}
