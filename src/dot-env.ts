import { readFile, stat } from 'node:fs/promises'
import { resolve } from 'node:path'
import { type Environment, given } from './config.ts'
import { AuditError, codeOf } from './errors.ts'
import { wasUtf8 } from './units/utf-8.ts'

const BYTES_MAX = 64 * 1024
const NO_UTF_8 = 'it is no text in UTF-8'
const LINE = /^\s*(?:export\s+)?([A-Za-z_]\w*)\s*=\s*(.*?)\s*$/
const QUOTED = /^(["'])(.*?)\1\s*(?:#.*)?$/

/** Reads KEY=VALUE lines with optional quotes; # begins a comment at the start or after a blank. Other lines are passed over. */
export function parseDotEnv(text: string): Record<string, string> {
  const values: Record<string, string> = {}
  for (const line of text.replace(/^\uFEFF/, '').split(/\r\n?|\n/)) {
    const [, name, raw = ''] = LINE.exec(line) ?? []
    if (name !== undefined) values[name] = QUOTED.exec(raw)?.[2] ?? raw.replace(/(?:^|\s)#.*$/, '').trimEnd()
  }
  return values
}

/**
 * The environment, filled up from a .env in the directory where there is one. What is already set wins, in whatever case its
 * name is written, which may be either with proxies. Throws AuditError of
 * kind 'configuration' for one that cannot be read: what it sets, a token of `serve` too, would be taken for unset.
 */
export async function withDotEnv(environment: Environment, directory: string): Promise<Environment> {
  const text = await textOf(resolve(directory, '.env'))
  if (text === undefined) return environment
  const told = parseDotEnv(text)
  // Of a comment in another encoding nothing hangs.
  if (!Object.values(told).every(wasUtf8)) throw refused(NO_UTF_8)
  const set = Object.fromEntries(Object.entries(environment).filter(([, value]) => given(value) !== undefined))
  const names = new Set(Object.keys(set).map((name) => name.toUpperCase()))
  const added = Object.entries(told).filter(([name]) => !names.has(name.toUpperCase()))
  return { ...Object.fromEntries(added), ...set }
}

/** Undefined where there is no such file. */
async function textOf(path: string): Promise<string | undefined> {
  try {
    const found = await stat(path)
    // An environment of Python may be a folder of that name.
    if (found.isDirectory()) return undefined
    if (found.size > BYTES_MAX) throw refused('it is larger than 64 KB')
    const text = await readFile(path, 'utf8')
    // UTF-16, as some shells of Windows write it, has one in nearly every letter.
    if (text.includes('\0')) throw refused(NO_UTF_8)
    return text
  } catch (cause) {
    if (cause instanceof AuditError) throw cause
    const code = codeOf(cause, 'it cannot be read')
    if (code === 'ENOENT' || code === 'ENOTDIR') return undefined
    throw refused(code)
  }
}

function refused(why: string): AuditError {
  const accepted = 'a text in UTF-8 of at most 64 KB that can be read, or none'
  const message = `.env: the file in the current folder is not accepted (${why}); give ${accepted}`
  return new AuditError('configuration', message, { field: '.env', accepted })
}
