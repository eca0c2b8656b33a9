import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { renderStatementPdf } from '../../src/render/statement-pdf.ts'
import { sampleStatement, statementLine } from '../render/sample-statement.ts'

/** The bundles as they are installed, built by npm test. These tests fail where they are missing. */
const DIST = new URL('../../dist/', import.meta.url)
const WRITER = new URL('statement-pdf.mjs', DIST)

describe('the bundled writer of PDFs', () => {
  it('was built, with its font and the licence of it', () => {
    expect(existsSync(WRITER)).toBe(true)
    expect(readdirSync(new URL('fonts/', DIST)).sort()).toEqual(['OFL.txt', 'noto-sans-sc-regular.ttf.br'])
  })

  it('gives the same bytes as its source', async () => {
    const { drawStatement } = await import(WRITER.href)
    const statement = sampleStatement([statementLine(1, { model_name: '模型 😀' })])
    for (const lang of ['zh', 'en'] as const) {
      expect(Buffer.from(await drawStatement(statement, lang))).toEqual(
        Buffer.from(await renderStatementPdf(statement, lang)),
      )
    }
  })

  it('is no part of what is loaded for anything else', () => {
    const [main = '', program = '', shared = ''] = ['main.mjs', 'program.mjs', 'shared.mjs'].map((name) =>
      readFileSync(new URL(name, DIST), 'utf8'),
    )
    expect(program).toContain('import("./statement-pdf.mjs")')
    for (const text of [main, program, shared]) {
      expect(text).not.toMatch(/^import .*statement-pdf/m)
      expect(text).not.toContain('PDFDocument')
    }
  })
})
