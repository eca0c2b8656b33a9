import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { cleanText, redactor } from '../../src/render/clean.ts'
import { HOSTILE_NAMES } from './sample-report.ts'

const FORBIDDEN = /[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}\p{Default_Ignorable_Code_Point}]/u

describe('cleanText', () => {
  it.each([
    ['plain name', 'plain name'],
    ['张三', '张三'],
    ['  a \t\n b  ', 'a b'],
    ['\u001b[31mred\u001b[0m', 'red'],
    ['\u009b31mred', 'red'],
    ['\u001b]0;title\u0007shown', 'shown'],
    ['\u001b]8;;https://evil.example\u001b\\link\u001b]8;;\u001b\\', 'link'],
    ['abc\u202Egnp.exe\u2069', 'abcgnp.exe'],
    ['a\u200B\u200D\uFEFF\u00ADb', 'ab'],
    ['a\u{E0041}\u{E0042}b', 'ab'],
    ['a\uFE0F\u{E0100}\u{E01EF}b', 'ab'],
    ['a\uD800b\uDC00c', 'abc'],
    ['\uD83D\u200B\uDE00', ''],
    ['a\u2028b\u3000c\u00A0d', 'a b c d'],
    ['😀 ok', '😀 ok'],
  ])('%j becomes %j', (untrusted, clean) => {
    expect(cleanText(untrusted)).toBe(clean)
  })

  it('keeps the visible text of an escape string that never ends', () => {
    expect(cleanText('\u001b]0;visible')).toBe('0;visible')
  })

  it('cuts to the limit, with a mark, never inside a character', () => {
    expect(cleanText('x'.repeat(81))).toBe(`${'x'.repeat(79)}…`)
    expect(cleanText('x'.repeat(80))).toBe('x'.repeat(80))
    expect(cleanText('😀😀😀', 4)).toBe('😀…')
    expect(cleanText('\n'.repeat(5000), 10)).toBe('…')
  })

  it('limits marks stacked on one letter', () => {
    expect(cleanText(`z${'\u0301'.repeat(60)}`)).toBe(`z${'\u0301'.repeat(4)}`)
  })

  it.each(HOSTILE_NAMES)('leaves nothing that steers or hides in %j', (name) => {
    expect(cleanText(name)).not.toMatch(FORBIDDEN)
  })

  it('holds for any text, and cleaning twice changes nothing', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary', maxLength: 300 }), fc.integer({ min: 1, max: 120 }), (text, max) => {
        const clean = cleanText(text, max)
        expect(clean.length).toBeLessThanOrEqual(max)
        expect(clean).not.toMatch(FORBIDDEN)
        expect(cleanText(clean, max)).toBe(clean)
      }),
    )
  })

  it('reads of a long text eight characters for each one kept, and no more', () => {
    const hidden = '\u200b'
    expect(cleanText(`${hidden.repeat(79)}shown`, 10)).toBe('s…')
    expect(cleanText(`${hidden.repeat(80)}shown`, 10)).toBe('…')
    expect(cleanText('\u001b]'.repeat(500_000), 10)).toBe('…')
  })
})

describe('redactor', () => {
  const keyId = '3f2b8c1e-9a4d-4e5f-8b6a-7c8d9e0f1a2b'
  const keySecret = '0123456789abcdef0123456789abcdef'
  const key = `${keyId}:${keySecret}`
  const redact = redactor([key, 'tok/en+va:lue é', 'abc'])

  it('removes a secret, its part after the colon, and their encoded forms', () => {
    const secret = 'tok/en+va:lue é'
    for (const form of [
      key,
      keySecret,
      encodeURIComponent(key),
      Buffer.from(key).toString('base64'),
      Buffer.from(`Key ${key}`).toString('base64'),
      secret,
      encodeURIComponent(secret),
      encodeURIComponent(secret).toLowerCase(),
      Buffer.from(secret).toString('base64url'),
      JSON.stringify(secret),
    ]) {
      const redacted = redact(`before ${form} after`)
      expect(redacted).toContain('[redacted]')
      expect(redacted).not.toContain(keySecret)
      expect(redacted).not.toContain('va:lue')
      expect(redacted.startsWith('before ')).toBe(true)
      expect(redacted.endsWith(' after')).toBe(true)
    }
  })

  it('removes a secret whose encoded forms differ in the alphabet that they are written in', () => {
    const secret = 'ok>>joy??~~mn'
    const clean = redactor([` ${secret} `])
    const hexadecimal = Buffer.from(secret).toString('hex').toUpperCase()
    expect(hexadecimal).toMatch(/[A-F]/)
    expect(clean(`a ${hexadecimal} b`)).toBe('a [redacted] b')
    expect(clean(`"${secret}"`)).toBe('"[redacted]"')
    expect(clean(`a ${encodeURIComponent(secret).slice(0, 14)}…`)).toBe('a [redacted]…')
    expect(redactor(["o'hara-pw-77"])('a o&apos;hara-pw-77 b')).toBe('a [redacted] b')
    for (const before of ['', 'a', 'ab']) {
      const coded = Buffer.from(`${before}${secret}`).toString('base64url')
      expect(coded).toMatch(/[-_]/)
      expect(clean(coded)).toMatch(/^[\w-]{0,3}\[redacted\][\w-]{0,2}$/)
    }
  })

  it('replaces the longest form first', () => {
    expect(redactor(['secret', 'secret-longer'])('a secret-longer b')).toBe('a [redacted] b')
  })

  it('ignores secrets too short to tell from words', () => {
    expect(redact('abc')).toBe('abc')
    expect(redactor(['', 'a:b', 'x'])('a:b x')).toBe('a:b x')
  })

  it('removes unknown fal keys and passwords in URLs', () => {
    const clean = redactor([])
    expect(clean(`Key ${key}.`)).toBe('Key [redacted].')
    expect(clean('mysql://root:p@ss/w@db:3306/x')).toBe('mysql://[redacted]@db:3306/x')
    expect(clean('no file /home/x/mysql:/root:p@ss/w@db/x')).toBe('no file /home/x/mysql:/[redacted]@db/x')
    expect(clean('mysql+pymysql://root:p/w@db/x')).toBe('mysql+pymysql://[redacted]@db/x')
    expect(clean('/home/x/https:/u:pass@h and C:/a@b')).toBe('/home/x/https:/[redacted]@h and C:/a@b')
    expect(clean('https://u:pw@host/path and a@b.c')).toBe('https://[redacted]@host/path and a@b.c')
    expect(clean('https://api.fal.ai/v1/models')).toBe('https://api.fal.ai/v1/models')
  })

  it('removes what is left of an unknown password where an URL was cut before its end', () => {
    const clean = redactor([])
    expect(clean('tables.tasks: "mysql://root:a-password/of-seventy…" is not')).toBe(
      'tables.tasks: "mysql://[redacted]…" is not',
    )
    expect(clean('redis://u:pa…ss@h and redis://u:pas…')).toBe('redis://[redacted]@h and redis://[redacted]…')
    expect(clean('"mysql://root:p@ss@of-seventy…" is not')).toBe('"mysql://[redacted]…" is not')
    expect(clean('"redis://u:p@ss@of-seventy…" and redis://u:p@ss@h/1')).toBe(
      '"redis://[redacted]…" and redis://[redacted]@h/1',
    )
    for (const open of ['mysql://root…', 'https://api.fal.ai/v1/mo…', 'mysql://db:3306/x …', 'http://h:80/a…'])
      expect(clean(open)).toBe(open)
  })

  it('knows the password inside a database URL on its own', () => {
    const clean = redactor(['mysql://root:s3cr%40tpw@db/x'])
    expect(clean('Access denied, password s3cr@tpw')).toBe('Access denied, password [redacted]')
    expect(clean('password s3cr%40tpw')).toBe('password [redacted]')
    // As it stands there, which no writer of URLs would write.
    const mixed = redactor(['mysql+pymysql://root:P%40ss!w0rd%2A12@db/x'])
    expect(mixed('password P%40ss!w0rd%2A12, P@ss!w0rd*12')).toBe('password [redacted], [redacted]')
    expect(redactor(['mysql://root@db:3306/x?a=b:c@d'])('root, db:3306, a=b:c')).toBe('root, db:3306, a=b:c')
  })

  it('stays quick on a long text of schemes without an end', () => {
    const text = 'mysql://'.repeat(130_000)
    const clean = redactor([])
    expect(clean(text)).toBe(text)
    expect(clean(`${text}u:p@db/x and mysql:/y`)).toBe('mysql://[redacted]@db/x and mysql:/y')
  })

  it('treats a secret as text, not as a pattern', () => {
    expect(redactor(['a.b*c(d)'])('a.b*c(d) axbbbcd')).toBe('[redacted] axbbbcd')
  })

  describe('where a text was cut in a secret', () => {
    const clean = redactor([key, 'correct-horse-battery', 'mysql://root:s3cr%40t-of-db@db/x'])
    const otherKey = '0b1c2d3e-0000-4000-8000-00000000000f:fedcba9876543210fedcba9876543210'

    it.each([
      [`${keyId}:0123…`, '[redacted]…'],
      [`"${key.slice(0, 60)}…", which`, '"[redacted]…", which'],
      [`secret ${keySecret.slice(0, 6)}…`, 'secret [redacted]…'],
      ['by correct-h… and correct-horse…', 'by [redacted]… and [redacted]…'],
      ['by correct-hors', 'by [redacted]'],
      ['password s3cr@t-…', 'password [redacted]…'],
      ['at mysql://root:s3cr…', 'at [redacted]…'],
      [`unknown ${otherKey.slice(0, 50)}…`, 'unknown [redacted]…'],
      [`unknown ${otherKey.slice(0, 39)}…`, 'unknown [redacted]…'],
    ])('blanks out %j', (text, redacted) => {
      expect(clean(text)).toBe(redacted)
    })

    it.each([
      ['key 3f2b8c1e…'],
      [`key ${keyId}`],
      [`${keyId}…`],
      [`${keyId}:…`],
      [`of ${keyId}:be 1`],
      ['you are correct'],
      ['corre…'],
      ['horse-battery and correct'],
      ['mysql://root…'],
      ['…'],
    ])('leaves %j', (text) => {
      expect(clean(text)).toBe(text)
    })

    it('is quick with many keys and a long text', () => {
      const many = Array.from(
        { length: 1000 },
        (_, at) => `${keyId.slice(0, -4)}${1000 + at}:${'0123456789abcdef'.repeat(2)}`,
      )
      expect(redactor(many)(`${'word… '.repeat(2000)}${keySecret.slice(0, 20)}`)).toMatch(/word… \[redacted\]$/)
    })
  })
})
