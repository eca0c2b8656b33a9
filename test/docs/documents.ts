import { readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'

export const ROOT = fileURLToPath(new URL('../../', import.meta.url))

export const textOf = (name: string): string => readFileSync(`${ROOT}${name}`, 'utf8')

export const READMES = ['README.md', 'README.zh-CN.md'] as const
export const REFERENCES = ['rules', 'tables', 'configuration', 'fal-api'].map((name) => `references/${name}.md`)
export const PROSE: readonly string[] = ['SKILL.md', ...READMES, ...REFERENCES]

export const VERSION = (JSON.parse(textOf('package.json')) as { version: string }).version
export const PACKAGE = 'fal-consumption-audit'
export const PINNED = `${PACKAGE}@${VERSION}`

/** The text between the comments `NAME:begin` and `NAME:end`, without the line breaks that belong to the comments. */
export function between(text: string, name: string): string {
  const [begin, end] = [`<!-- ${name}:begin -->\n`, `<!-- ${name}:end -->`]
  const parts = text.split(begin)
  const [inner, ...after] = (parts[1] ?? '').split(end)
  if (parts.length !== 2 || after.length !== 1) throw new Error(`there is not one ${name}:begin and one ${name}:end`)
  return inner ?? ''
}

/** The contents of all fenced blocks of a language. */
export const blocks = (text: string, language: string): string[] =>
  [...text.matchAll(/^```(\w*)\n(.*?)^```$/gms)].filter(([, of]) => of === language).map(([, , inner]) => inner ?? '')

export type Table = readonly (readonly string[])[]

/** Every Markdown table as rows of cells, header first, without the line of dashes. */
export function tables(text: string): Table[] {
  const found: string[][][] = []
  let open = false
  for (const line of text.split('\n')) {
    if (!line.startsWith('|')) {
      open = false
      continue
    }
    if (!open) found.push([])
    open = true
    if (!/^[|\s:-]+$/.test(line)) found.at(-1)?.push(cellsOf(line))
  }
  return found
}

const cellsOf = (line: string): string[] =>
  line
    .replace(/^\||\|$/g, '')
    .split(/(?<!\\)\|/)
    .map((cell) => cell.trim())

/** The rows below the header of the one table whose first header cell is one of these. */
export function tableOf(text: string, ...firstHeaders: string[]): Table {
  const found = tables(text).filter(([header]) => firstHeaders.includes(header?.[0] ?? ''))
  if (found.length !== 1) throw new Error(`there are ${found.length} tables headed ${firstHeaders.join(' or ')}`)
  return (found[0] ?? []).slice(1)
}

/** What stands in backquotes. */
export const quoted = (text = ''): string[] => [...text.matchAll(/`([^`\n]+)`/g)].map(([, inner]) => inner ?? '')

/** Names of the environment that the program reads. */
export const environmentNames = (): string[] => [
  ...new Set([...textOf('src/config.ts').matchAll(/\bvalue\('([A-Z_]+)'\)/g)].map(([, name]) => name ?? '')),
]
