import { readdirSync, readFileSync } from 'node:fs'
import { dirname, join, normalize, relative, sep } from 'node:path'
import { fileURLToPath } from 'node:url'

export const ROOT = fileURLToPath(new URL('../..', import.meta.url))

export interface Import {
  /** As written; relative ones as a path from the root of the repository. */
  readonly target: string
  readonly typeOnly: boolean
}

export interface Source {
  /** From the root of the repository, with forward slashes. */
  readonly path: string
  readonly text: string
  /** The text without comments, and with empty strings. */
  readonly code: string
  readonly imports: readonly Import[]
}

/** All files of some folders with one of the endings. */
export function sourcesIn(folders: readonly string[], endings: readonly string[] = ['.ts', '.mjs']): Source[] {
  return folders.flatMap((folder) =>
    readdirSync(join(ROOT, folder), { recursive: true, encoding: 'utf8' })
      .filter((name) => endings.some((ending) => name.endsWith(ending)))
      .sort()
      .map((name) => sourceOf(join(folder, name).split(sep).join('/'))),
  )
}

function sourceOf(path: string): Source {
  const text = readFileSync(join(ROOT, path), 'utf8')
  const uncommented = text.replace(/("(?:\\.|[^"\\\n])*"|'(?:\\.|[^'\\\n])*')|\/\*[\s\S]*?\*\/|\/\/[^\n]*/g, '$1')
  const code = uncommented.replace(/"(?:\\.|[^"\\\n])*"|'(?:\\.|[^'\\\n])*'/g, "''")
  return { path, text, code, imports: importsOf(path, uncommented) }
}

const STATEMENT = /^[ \t]*(import|export)\s+((?:type\s+)?[^'"()]*?)\s*(?:from\s*)?['"]([^'"]+)['"]/gm
const DYNAMIC = /\bimport\(\s*['"]([^'"]+)['"]\s*\)/g

function importsOf(path: string, uncommented: string): Import[] {
  const inFile = (target: string): string =>
    target.startsWith('.')
      ? relative('.', normalize(join(dirname(path), target)))
          .split(sep)
          .join('/')
      : target
  const statements = [...uncommented.matchAll(STATEMENT)].map(([, , clause = '', target = '']) => ({
    target: inFile(target),
    typeOnly: isTypeOnly(clause),
  }))
  const dynamic = [...uncommented.matchAll(DYNAMIC)].map(([, target = '']) => ({
    target: inFile(target),
    typeOnly: false,
  }))
  return [...statements, ...dynamic]
}

function isTypeOnly(clause: string): boolean {
  if (clause.startsWith('type ')) return true
  const named = /^\{([\s\S]*)\}$/.exec(clause.trim())?.[1]
  const names = named?.split(',').map((name) => name.trim()) ?? []
  return names.length > 0 && names.every((name) => name === '' || name.startsWith('type '))
}
