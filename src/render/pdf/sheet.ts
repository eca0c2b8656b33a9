import { PDFDocument } from 'pdfkit'
import type { Lang } from '../vocabulary.ts'
import type { Face } from './face.ts'

export const COLORS = {
  ink: '#1b2430',
  soft: '#5d6876',
  rule: '#cfd6de',
  panel: '#f3f6f9',
  accent: '#1f4e79',
  draft: '#a04a00',
  settled: '#1c6b45',
} as const

export const MARGIN = 42
const FOOTER = 26
const RUNNING_HEAD = 20
/** Cells of figures are drawn close together, so letters are made bold by a fine outline: one weight is embedded. */
const BOLD_OUTLINE = 0.032
const WATERMARK_OPACITY = 0.06
const WATERMARK_DEGREES = -35

export type Orientation = 'portrait' | 'landscape'

/** The width between the margins, in points. */
export const contentWidth = (orientation: Orientation): number =>
  (orientation === 'portrait' ? 595.28 : 841.89) - 2 * MARGIN

export interface SheetOptions {
  readonly title: string
  readonly lang: Lang
  /** Of the document, so that its bytes do not depend on when it is made. */
  readonly createdAt: Date
  readonly orientation: Orientation
  /** Stands at the top of each page but the first, and at the foot of all. */
  readonly runningHead: string
  readonly pageOf: (page: number, pages: number) => string
  /** Across each page; '' for none. */
  readonly watermark: string
}

export interface TextStyle {
  readonly size: number
  readonly color?: string
  readonly bold?: boolean
  /** Where `x` is: the left edge of the text (default), its middle or its right edge. */
  readonly anchor?: 'left' | 'middle' | 'right'
}

/** Pages that are filled from the top down. All lengths are in points; `y` grows downwards. */
export class Sheet {
  readonly orientation: Orientation
  readonly width: number
  readonly #document: PDFDocument
  readonly #face: Face
  readonly #options: SheetOptions
  /** Where the next thing goes. */
  y = MARGIN

  constructor(face: Face, options: SheetOptions) {
    this.#face = face
    this.#options = options
    this.orientation = options.orientation
    this.width = contentWidth(options.orientation)
    this.#document = new PDFDocument({
      size: 'A4',
      layout: options.orientation,
      // None of its own: it would begin pages where text comes near the foot.
      margin: 0,
      font: null,
      fontLayoutCache: false,
      bufferPages: true,
      autoFirstPage: true,
      pdfVersion: '1.7',
      lang: options.lang === 'zh' ? 'zh-CN' : 'en',
      displayTitle: true,
      info: { Title: options.title, CreationDate: options.createdAt },
    })
    this.#document.font(face.font)
  }

  /** The lowest place for content. */
  get bottom(): number {
    return this.#document.page.height - MARGIN - FOOTER
  }

  fits(height: number): boolean {
    return this.y + height <= this.bottom
  }

  newPage(): void {
    this.#document.addPage()
    this.y = MARGIN
    this.text(this.#options.runningHead, MARGIN, this.y + 7, { size: 7.5, color: COLORS.soft })
    this.rule(MARGIN, this.y + 12, this.width)
    this.y += RUNNING_HEAD
  }

  /** Begins a page where so much does not fit any more. */
  ensure(height: number): void {
    if (!this.fits(height)) this.newPage()
  }

  /** Writes one line; `y` is its baseline. */
  text(
    text: string,
    x: number,
    y: number,
    { size, color = COLORS.ink, bold = false, anchor = 'left' }: TextStyle,
  ): void {
    if (text === '') return
    const width = anchor === 'left' ? 0 : this.#face.widthOf(text, size)
    const left = x - (anchor === 'right' ? width : width / 2)
    this.#document.fontSize(size).fillColor(color)
    if (bold) this.#document.strokeColor(color).lineWidth(size * BOLD_OUTLINE)
    this.#document.text(text, left, y, { lineBreak: false, baseline: 'alphabetic', fill: true, stroke: bold })
  }

  rule(x: number, y: number, width: number, { color = COLORS.rule as string, thickness = 0.6 } = {}): void {
    this.#document.lineWidth(thickness).strokeColor(color)
    this.#document
      .moveTo(x, y)
      .lineTo(x + width, y)
      .stroke()
  }

  box(x: number, y: number, width: number, height: number, color: string, radius = 0): void {
    if (radius > 0) this.#document.roundedRect(x, y, width, height, radius)
    else this.#document.rect(x, y, width, height)
    this.#document.fill(color)
  }

  /** Numbers the pages and closes the document, which takes nothing more. */
  async bytes(): Promise<Uint8Array> {
    const { count } = this.#document.bufferedPageRange()
    for (let page = 0; page < count; page++) {
      this.#document.switchToPage(page)
      this.#foot(page + 1, count)
      this.#mark()
    }
    this.#document.end()
    const chunks: Uint8Array[] = []
    for await (const chunk of this.#document) chunks.push(chunk)
    return new Uint8Array(Buffer.concat(chunks))
  }

  #foot(page: number, pages: number): void {
    const baseline = this.#document.page.height - MARGIN
    this.rule(MARGIN, baseline - 11, this.width)
    this.text(this.#options.runningHead, MARGIN, baseline, { size: 7.5, color: COLORS.soft })
    const right = { size: 7.5, color: COLORS.soft, anchor: 'right' } as const
    this.text(this.#options.pageOf(page, pages), MARGIN + this.width, baseline, right)
  }

  #mark(): void {
    const { watermark } = this.#options
    if (watermark === '') return
    const { width, height } = this.#document.page
    this.#document.save().rotate(WATERMARK_DEGREES, { origin: [width / 2, height / 2] })
    this.#document.fillOpacity(WATERMARK_OPACITY)
    this.text(watermark, width / 2, height / 2 + 45, { size: 130, color: COLORS.ink, anchor: 'middle' })
    this.#document.restore()
    this.#document.fillOpacity(1)
  }
}
