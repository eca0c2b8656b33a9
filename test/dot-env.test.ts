import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, describe, expect, it } from 'vitest'
import { parseDotEnv, withDotEnv } from '../src/dot-env.ts'

const directory = mkdtempSync(join(tmpdir(), 'audit-dot-env-'))
afterAll(() => rmSync(directory, { recursive: true }))

describe('a .env file', () => {
  it.each([
    ['KEY=value', 'value'],
    ['KEY = value ', 'value'],
    ['export KEY=value', 'value'],
    ['KEY="a b # c"  # comment', 'a b # c'],
    ["KEY='single $x'", 'single $x'],
    ['KEY=p#ss # comment', 'p#ss'],
    ['KEY=# comment', ''],
    ['KEY=', ''],
    ['KEY=a=b=c', 'a=b=c'],
    ['\uFEFFKEY=value\r', 'value'],
    ['KEY=first\nKEY=last', 'last'],
    ['# lines of old Macs\rKEY=value\r', 'value'],
  ])('line %j', (text, value) => {
    expect(parseDotEnv(text)).toEqual({ KEY: value })
  })

  it.each(['# comment', '', 'no assignment', '1KEY=x', '=x'])('passes over %j', (text) => {
    expect(parseDotEnv(text)).toEqual({})
  })

  it('fills up the environment, and what is set there wins', async () => {
    writeFileSync(join(directory, '.env'), 'FAL_KEY=from-file\nDB_TIMEZONE=+08:00\nADMIN_TOKEN=file\n')
    const environment = await withDotEnv({ FAL_KEY: 'from-environment', ADMIN_TOKEN: '' }, directory)
    expect(environment).toMatchObject({ FAL_KEY: 'from-environment', DB_TIMEZONE: '+08:00', ADMIN_TOKEN: 'file' })
  })

  it('does not win by the case of a name, which of proxies may be either', async () => {
    writeFileSync(join(directory, '.env'), 'https_proxy=file\nHTTP_PROXY=file\nno_proxy=file\n')
    const environment = await withDotEnv({ HTTPS_PROXY: 'set', http_proxy: 'set', NO_PROXY: '' }, directory)
    expect(environment).toEqual({ HTTPS_PROXY: 'set', http_proxy: 'set', no_proxy: 'file' })
  })

  it('need not be there, and may be a folder', async () => {
    const within = join(directory, 'of-python')
    mkdirSync(join(within, '.env'), { recursive: true })
    for (const folder of [join(directory, 'nowhere'), within, join(within, '.env', 'none')]) {
      expect(await withDotEnv({ A: '1' }, folder)).toEqual({ A: '1' })
    }
  })

  /** The word for Chinese. */
  const GBK = '\xd6\xd0\xce\xc4'

  it('may have a comment in another encoding', async () => {
    writeFileSync(join(directory, '.env'), `# ${GBK}\nA=1 # ${GBK}\n`, 'latin1')
    expect(await withDotEnv({}, directory)).toEqual({ A: '1' })
  })

  const LARGEST = `A=${'x'.repeat(64 * 1024 - 2)}`

  it('may have 64 KB', async () => {
    writeFileSync(join(directory, '.env'), LARGEST)
    expect(Object.keys(await withDotEnv({}, directory))).toEqual(['A'])
  })

  it.each([
    ['is larger', '64 KB', (path: string) => writeFileSync(path, `${LARGEST}x`)],
    ['is written in UTF-16', 'UTF-8', (path: string) => writeFileSync(path, '\uFEFFA=secret-word\n', 'utf16le')],
    ['has a value in GBK', 'UTF-8', (path: string) => writeFileSync(path, `B=secret-word${GBK}\n`, 'latin1')],
    ['leads to itself', 'ELOOP', (path: string) => symlinkSync('.env', path)],
  ])('that %s is an error that shows nothing of it', async (_, why, write) => {
    const path = join(directory, '.env')
    rmSync(path, { force: true })
    write(path)
    await expect(withDotEnv({}, directory)).rejects.toMatchObject({
      kind: 'configuration',
      field: '.env',
      message: expect.stringMatching(new RegExp(`^.env: (?!.*secret-word).*${why}`)),
    })
    rmSync(path)
  })
})
