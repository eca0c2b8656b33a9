import { createHash } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { brotliDecompressSync } from 'node:zlib'
import { create } from 'fontkit'
import { getDocumentProxy } from 'unpdf'
import { describe, expect, it } from 'vitest'
import type { Statement, StatementLine } from '../../schemas/billing-statements.ts'
import { openFace } from '../../src/render/pdf/face.ts'
import { MARGIN } from '../../src/render/pdf/sheet.ts'
import { renderStatementPdf } from '../../src/render/statement-pdf.ts'
import { sampleStatement, statementLine } from './sample-statement.ts'

interface Written {
  readonly text: string
  readonly x: number
  readonly y: number
  readonly width: number
  /** Whether it stands upright, as all but a watermark does. */
  readonly upright: boolean
}

interface Page {
  readonly width: number
  readonly texts: readonly Written[]
}

/** What another program reads out of a PDF, page by page. */
async function pagesOf(pdf: Uint8Array): Promise<Page[]> {
  const document = await getDocumentProxy(pdf.slice())
  const pages: Page[] = []
  for (let number = 1; number <= document.numPages; number++) {
    const page = await document.getPage(number)
    const { items } = await page.getTextContent({ disableNormalization: true })
    const texts = items.flatMap((item) =>
      'str' in item && item.str.trim() !== ''
        ? [
            {
              text: item.str,
              x: item.transform[4],
              y: item.transform[5],
              width: item.width,
              upright: item.transform[1] === 0,
            },
          ]
        : [],
    )
    pages.push({ width: page.view[2] ?? 0, texts })
  }
  return pages
}

const pagesFor = async (statement: Statement, lang: 'zh' | 'en' = 'zh'): Promise<Page[]> =>
  pagesOf(await renderStatementPdf(statement, lang))

const textsOf = (pages: readonly Page[]): string[] => pages.flatMap(({ texts }) => texts.map(({ text }) => text))

/** Everything on the line of a text, from left to right. */
function lineOf(pages: readonly Page[], start: string): string[] {
  for (const { texts } of pages) {
    const found = texts.find(({ text }) => text === start)
    if (found === undefined) continue
    const beside = texts.filter(({ y, upright }) => upright && Math.abs(y - found.y) < 0.1)
    return beside.sort((a, b) => a.x - b.x).map(({ text }) => text)
  }
  return []
}

const FIELDS = ['charged_points', 'refunded_points', 'net_points', 'total_cost', 'fal_cost_usd', 'margin_usd'] as const
const TOKENS = ['input_tokens', 'output_tokens', 'total_tokens'] as const
const shown = (value: string | number | null): string => (value === null ? '–' : String(value))
const figuresOf = (from: StatementLine | Statement, withTokens: boolean): string[] =>
  (['request_count', ...(withTokens ? TOKENS : []), ...FIELDS] as const).map((field) => shown(from[field]))

const raw = (pdf: Uint8Array): string => Buffer.from(pdf).toString('latin1')

describe.each(['zh', 'en'] as const)('a statement in %s', (lang) => {
  const total = { zh: '合计', en: 'Total' }[lang]

  it('shows every figure as the JSON has it, by model and in all', async () => {
    const lines = [1, 2, 3].map((number) => statementLine(number))
    const statement = sampleStatement([...lines, statementLine(4, { fal_cost_usd: null, margin_usd: null })])
    const pages = await pagesFor(statement, lang)
    for (const line of statement.breakdown) {
      expect(lineOf(pages, line.model_id)).toEqual([line.model_id, ...figuresOf(line, false)])
      expect(textsOf(pages)).toContain(line.model_name)
    }
    const sums = [total, ...figuresOf(statement, false)]
    expect(pages.some(({ texts }) => lowestLine(texts, total).join() === sums.join())).toBe(true)
    // Once among the totals, and once below the lines.
    for (const figure of figuresOf(statement, false)) {
      expect(
        textsOf(pages).filter((text) => text === figure),
        figure,
      ).toHaveLength(2)
    }
  })

  it('says whose it is, of when, and what it was made from', async () => {
    const pages = await pagesFor(sampleStatement([statementLine(1)]), lang)
    expect(textsOf(pages)).toEqual(
      expect.arrayContaining(['inv_202401', '2024-01', 'Asia/Shanghai', 'CNY', '2024-02-01T00:00:00.000Z']),
    )
    expect(textsOf(pages)).toContain('9f86d081884c7d659a2feaa0c55ad015'.repeat(2))
    expect(textsOf(pages).join('\n')).toMatch(/4001\D+4002\D+4003/)
    expect(textsOf(pages)).toContain({ zh: '运营方（全部用户）', en: 'Operator (all users)' }[lang])
    expect(textsOf(pages)).toContain({ zh: '第 1 / 1 页', en: 'Page 1 / 1' }[lang])
  })

  it('has tokens where any are known', async () => {
    const known = { input_tokens: 3_200_000, output_tokens: 1_600_000, total_tokens: 4_800_000 }
    const lines = [statementLine(1, known), statementLine(2)]
    const statement = sampleStatement(lines, known)
    const pages = await pagesFor(statement, lang)
    for (const line of lines) expect(lineOf(pages, line.model_id)).toEqual([line.model_id, ...figuresOf(line, true)])
  })

  it('is a draft on each page, and says why, until it is settled', async () => {
    const draft = { zh: '草稿', en: 'Draft' }[lang]
    const lines = Array.from({ length: 60 }, (_, index) => statementLine(index + 1))
    const unsettled = { status: 'draft', status_reason: 'pending', settled_at: null } as const
    const pages = await pagesFor(sampleStatement(lines, unsettled), lang)
    expect(pages.length).toBeGreaterThan(1)
    for (const { texts } of pages) {
      // A turned text is read in pieces, one a character.
      const mark = texts.filter(({ upright }) => !upright).map(({ text }) => text)
      expect(mark.join('')).toBe(draft)
    }
    expect(textsOf(pages).join('\n')).toMatch({ zh: /草稿 – 仍有请求/, en: /Draft – requests are/ }[lang])
    expect(textsOf(await pagesFor(sampleStatement(lines), lang)).join('\n')).not.toContain(draft)
  })

  it('goes on over pages, each with the head of the table and its number', async () => {
    const lines = Array.from({ length: 200 }, (_, index) => statementLine(index + 1))
    const pages = await pagesFor(sampleStatement(lines), lang)
    expect(pages.length).toBeGreaterThan(3)
    const head = { zh: '模型', en: 'Model' }[lang]
    for (const [index, { texts }] of pages.entries()) {
      const said = texts.map(({ text }) => text)
      if (said.some((text) => text.startsWith('fal-ai/'))) expect(said).toContain(head)
      const pageOf = { zh: `第 ${index + 1} / ${pages.length} 页`, en: `Page ${index + 1} / ${pages.length}` }[lang]
      expect(said).toContain(pageOf)
    }
    const ids = textsOf(pages).filter((text) => text.startsWith('fal-ai/'))
    expect(ids).toEqual(lines.map(({ model_id }) => model_id))
    for (const line of lines) expect(lineOf(pages, line.model_id)).toEqual([line.model_id, ...figuresOf(line, false)])
  })

  it('shows what changed since it was settled, and what could not be read', async () => {
    const statement = sampleStatement([statementLine(1)], {
      restatement: {
        settled_at: '2024-02-01T00:00:00.000Z',
        settled_hash: 'ab'.repeat(32),
        lines: [
          { line: 'total', field: 'total_cost', settled: '134.40', now: '134.50' },
          { line: 'fal-ai/gone', field: 'request_count', settled: '52', now: null },
          { line: 'fal-ai/new', field: 'constructor', settled: null, now: '8' },
          { line: 'total', model_id: 'total', field: 'request_count', settled: '77', now: '78' },
        ],
      },
      coverage: {
        complete: false,
        sources: [
          { source: 'tasks', status: 'complete' },
          { source: 'fal-events', accountId: 17, status: 'partial', reason: 'fal answered 429' },
        ],
      },
    })
    const pages = await pagesFor(statement, lang)
    expect(lineOf(pages, '134.40')).toEqual([
      total,
      { zh: '净费用 (CNY)', en: 'Net cost (CNY)' }[lang],
      '134.40',
      '134.50',
    ])
    expect(lineOf(pages, 'fal-ai/gone').slice(2)).toEqual(['52', '–'])
    expect(lineOf(pages, 'fal-ai/new').slice(1)).toEqual(['constructor', '–', '8'])
    expect(lineOf(pages, '77')[0]).toBe('total')
    expect(textsOf(pages).join('\n')).toContain('ab'.repeat(32))
    expect(lineOf(pages, '17')).toContain('fal answered 429')
  })

  it('is never called a document of fal', async () => {
    const said = textsOf(await pagesFor(sampleStatement([statementLine(1)]), lang)).join('\n')
    expect(said).toContain({ zh: '对账单', en: 'Statement' }[lang])
    expect(said).not.toMatch(/invoice|发票/i)
  })

  it('is the same bytes each time, also where several are made at once', async () => {
    const statement = sampleStatement([statementLine(1), statementLine(2, { model_name: '模型' })])
    const [first, ...others] = await Promise.all([1, 2, 3].map(() => renderStatementPdf(statement, lang)))
    for (const other of [...others, await renderStatementPdf(statement, lang)]) expect(other).toEqual(first)
    expect(await renderStatementPdf({ ...statement, total_cost: '0.01' }, lang)).not.toEqual(first)
  })

  it('holds nothing that acts or leads elsewhere', async () => {
    const hostile = 'javascript:alert(1) https://example.com'
    const pdf = await renderStatementPdf(sampleStatement([statementLine(1, { model_name: hostile })]), lang)
    expect(raw(pdf).slice(0, 8)).toBe('%PDF-1.7')
    expect(raw(pdf)).not.toMatch(
      /\/(JavaScript|JS|URI|Annots|Annot|OpenAction|AA|Launch|EmbeddedFile|GoToR|AcroForm)\b/,
    )
  })
})

/** The lowest line of a page that a text begins. */
function lowestLine(texts: readonly Written[], start: string): string[] {
  const lowest = texts.filter(({ text }) => text === start).sort((a, b) => a.y - b.y)[0]
  if (lowest === undefined) return []
  const beside = texts.filter(({ y, upright }) => upright && Math.abs(y - lowest.y) < 0.1)
  return beside.sort((a, b) => a.x - b.x).map(({ text }) => text)
}

describe('texts of others', () => {
  const ofUser = (user_name: string, more: Partial<Statement> = {}): Statement =>
    sampleStatement([statementLine(1)], {
      invoice_id: 'inv_202401_u101',
      kind: 'user',
      user_id: 101,
      user_name,
      ...more,
    })

  it.each(['张喆', '龘靐齉', '䶮㛃', '王•小明', '豈', 'José Ñandú', 'Ω≈Ω', 'たなか', '中 文'])(
    'keep the name %s',
    async (name) => {
      expect(textsOf(await pagesFor(ofUser(name)))).toContain(`用户 101（${name}）`)
    },
  )

  it.each(['😀', '𠮷', '한국', '👩🏽'])('can be read out as %s where the font has only its box', async (name) => {
    expect(textsOf(await pagesFor(ofUser(name)))).toContain(`用户 101（${name}）`)
  })

  it('lose no character where the script is written from right to left', async () => {
    // Readers take what they find for its visual order, and turn it around.
    const [name = ''] = textsOf(await pagesFor(ofUser('مرحبا'))).filter((text) => text.includes('م'))
    expect([...name].sort()).toEqual([...'用户 101（مرحبا）'].sort())
  })

  it('show a box for each character that the font does not have', async () => {
    const { font, widthOf } = await openFace()
    const subset = font.createSubset()
    const [letter = 0, grin = 0, frown = 0] = ['A', '😀', '☹️'].map((each) =>
      subset.includeGlyph(each.codePointAt(0) ?? 0),
    )
    expect(new Set([letter, grin, frown]).size).toBe(3)
    expect(subset.includeGlyph('😀'.codePointAt(0) ?? 0)).toBe(grin)
    const embedded = create(subset.encode())
    for (const box of [grin, frown]) {
      expect(embedded.getGlyph(box).bbox).toMatchObject({ width: expect.any(Number), height: expect.any(Number) })
      expect(embedded.getGlyph(box).bbox?.width).toBeGreaterThan(300)
    }
    expect(widthOf('😀', 10)).toBeGreaterThan(5)
  })

  it('are shown in the order they have, without what steers it', async () => {
    const texts = textsOf(await pagesFor(ofUser('a\u202Eb\u0000c\u200Bd\n\u001B[31me')))
    expect(texts).toContain('用户 101（abc de）'.replace('abc de', 'ab cd e'))
    expect(texts.join('')).not.toMatch(/[\u202A-\u202E\u2066-\u2069\u200B]/)
  })

  it('join a loose mark to its letter', async () => {
    expect(textsOf(await pagesFor(ofUser('Jose\u0301')))).toContain('用户 101（José）')
  })

  it('of models are shown whole, up to the longest', async () => {
    const names = ['1', '2', 'W'].map(
      (end) => `${end === 'W' ? 'W' : 'a-very/long-name.of_a/model-'}`.repeat(150).slice(0, 149) + end,
    )
    const lines = names.map((name, index) =>
      statementLine(index, { model_id: name, model_name: `own ${name}`.slice(0, 150) }),
    )
    const restated = names.map((line) => ({ line, field: 'net_points', settled: '1', now: '2' }))
    const restatement = { settled_at: '2024-02-01T00:00:00Z', settled_hash: 'a'.repeat(64), lines: restated }
    const whole = textsOf(await pagesFor(sampleStatement(lines, { restatement }))).join('')
    for (const name of names) expect(whole.split(name)).toHaveLength(3)
  })

  it('stay within the page, and where one is cut it ends in an ellipsis', async () => {
    const long = '很长的名字'.repeat(60)
    const id = `fal-ai/${'x'.repeat(300)}`
    const lines = [statementLine(1, { model_id: id, model_name: long }), statementLine(2)]
    const pages = await pagesFor(sampleStatement(lines, { kind: 'user', user_id: 101, user_name: long, timezone: '' }))
    const texts = textsOf(pages)
    expect(texts.filter((text) => text.endsWith('…') || text.endsWith('…）')).length).toBeGreaterThanOrEqual(3)
    for (const { width, texts: written } of pages) {
      for (const { text, x, width: taken } of written) {
        expect(x, text).toBeGreaterThanOrEqual(MARGIN - 0.1)
        expect(x + taken, text).toBeLessThanOrEqual(width - MARGIN + 0.1)
      }
    }
  })
})

describe('figures beyond the usual', () => {
  const huge: Partial<StatementLine> = {
    input_tokens: Number.MAX_SAFE_INTEGER,
    output_tokens: Number.MAX_SAFE_INTEGER,
    total_tokens: Number.MAX_SAFE_INTEGER,
    request_count: Number.MAX_SAFE_INTEGER,
    charged_points: Number.MAX_SAFE_INTEGER,
    refunded_points: Number.MAX_SAFE_INTEGER,
    net_points: Number.MIN_SAFE_INTEGER,
    total_cost: '-90071992547409.91',
  }

  it('are set smaller on a turned page, and are whole', async () => {
    const line = statementLine(1, huge)
    const pages = await pagesFor(sampleStatement([line], huge))
    expect(pages[0]?.width).toBeGreaterThan(800)
    expect(lineOf(pages, line.model_id)).toEqual([line.model_id, ...figuresOf(line, true)])
  })

  it('go on in the next line where nothing else is left', async () => {
    const endless = '1234567890'.repeat(6)
    const texts = textsOf(
      await pagesFor(sampleStatement([statementLine(1, { ...huge, fal_cost_usd: `${endless}.5` })])),
    )
    expect(texts.join('')).toMatch(/1234567890/)
    expect(texts.some((text) => text.includes('…'))).toBe(false)
  })

  it('are none where nothing was charged: the statement says so', async () => {
    expect(textsOf(await pagesFor(sampleStatement([]), 'en'))).toContain('No tasks in this period.')
  })
})

describe('the font', () => {
  const FONTS = new URL('../../src/render/pdf/fonts/', import.meta.url)

  it('is the one it was made from, whole, with its licence', () => {
    const script = readFileSync(new URL('../../scripts/font.mjs', import.meta.url), 'utf8')
    const font = brotliDecompressSync(readFileSync(new URL('noto-sans-sc-regular.ttf.br', FONTS)))
    expect(createHash('sha256').update(font).digest('hex')).toBe(/FONT_SHA256 = '(\w+)'/.exec(script)?.[1])
    expect(readFileSync(new URL('OFL.txt', FONTS), 'utf8')).toContain('SIL OPEN FONT LICENSE Version 1.1')
  })

  it('is embedded in part: a statement is small', async () => {
    expect((await renderStatementPdf(sampleStatement([statementLine(1)]), 'zh')).length).toBeLessThan(60_000)
  })
})
