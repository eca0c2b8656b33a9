import { describe, expect, it } from 'vitest'
import { outgoingText } from '../../src/faces/outgoing.ts'
import { redactor } from '../../src/render/clean.ts'

const keyId = '3f2b8c1e-9a4d-4e5f-8b6a-7c8d9e0f1a2b'
const keySecret = '0123456789abcdef0123456789abcdef'
const key = `${keyId}:${keySecret}`
const otherId = '0b1c2d3e-0000-4000-8000-00000000000f'
const clean = redactor([key, 'correct-horse-battery-staple', 'plain-account:sEcRetKeyValue99'])

describe('the start of a secret in the middle of a text', () => {
  it.each([
    // An id and four digits behind it, whoever the key belongs to.
    [`pasted ${key.slice(0, 60)} here`, 'pasted [redacted] here'],
    [`pasted ${keyId}:0123 here`, 'pasted [redacted] here'],
    [`${otherId}:fedc, ${otherId}%3Afedcba9876 and ${otherId}:FEDCBA`, '[redacted], [redacted] and [redacted]'],
    [`name_${otherId}:fedcba98765x4`, 'name_[redacted]'],
    [`${otherId}:fedcba98${otherId}:fedcba98 twice`, '[redacted] twice'],
    // A key in another form, from its fourth character behind the id on.
    ['by plain-account:sEcR it', 'by [redacted] it'],
    // Of a known secret alone twelve characters, and twenty where they could be words.
    [`secret ${keySecret.slice(0, 12)} here`, 'secret [redacted] here'],
    [`secret-${keySecret.slice(0, 20)}-here`, 'secret-[redacted]-here'],
    ['by sEcRetKeyVal, it', 'by [redacted], it'],
    ['by correct-horse-batter, it', 'by [redacted], it'],
    ['积分correct-horse-battery-sta消费', '积分[redacted]消费'],
  ])('is blanked out of %j', (text, redacted) => {
    expect(clean(text)).toBe(redacted)
  })

  it.each([
    [`pasted ${keyId}:012 here`],
    [`pasted ${keyId}: 0123 here`],
    [`task ${keyId}:done, ${otherId}`],
    ['by plain-account:sEc it'],
    [`secret ${keySecret.slice(0, 11)} here`],
    [`secret ${keySecret.slice(1, 20)}`],
    ['by correct-horse-batte, it'],
    ['correct horse battery staple'],
    ['by sEcRetKeyVa, it'],
  ])('is not what is in %j', (text) => {
    expect(clean(text)).toBe(text)
  })

  it('is no ordinary long word, though a secret begins with it', () => {
    const words = ['administration', 'characteristics', 'responsibilities', 'misunderstanding', 'reconciliation']
    const blank = redactor(words.map((word) => `${word}-of-the-token`))
    for (const word of words) expect(blank(`the ${word} of it`)).toBe(`the ${word} of it`)
  })
})

describe('a secret that is broken up behind its start', () => {
  const broken = (by: string): string => `${key.slice(0, 45)}${by}${key.slice(45, 60)}${by}${key.slice(60)}`

  it.each([
    '\u00ad',
    '\u200b\u200b',
    '\u{e0041}',
    '\u001b[31m',
    '\u001b]8;;http://a\u0007',
    '\u0000',
    ' ',
    '\r\n',
    '\u2800',
  ])('is blanked out with what follows %j', (by) => {
    expect(clean(`key ${broken(by)} here`)).toBe('key [redacted] here')
    // As a name of the database is: blanked before it is cleaned, and again when it leaves.
    expect(outgoingText(clean(`key ${broken(by)} here`), clean)).toBe('key [redacted] here')
    expect(outgoingText(`key ${broken(by)} here`, clean)).toBe('key [redacted] here')
  })

  it('is blanked out though nobody knows it, where what breaks it up is not seen', () => {
    expect(clean(`${otherId}:fedc\u200bba98\u00ad7654, it`)).toBe('[redacted], it')
  })

  it('is found quickly, however long and odd what breaks it up is', () => {
    const odd = ['\u001b]\u200b\u001b\\', '\u001b[\u200b', '\u001b]', ' \u00ad', '\u2800\r\n']
    for (const by of odd.map((each) => each.repeat(20_000))) {
      expect(clean(broken(` ${by} `))).toBe('[redacted]')
      expect(clean(`${key.slice(0, 45)}${by} and`)).toMatch(/^\[redacted\].* and$/s)
    }
  })

  it('takes no word with it that only begins as the rest of it does', () => {
    const start = key.slice(0, 60)
    expect(clean(`${start} ${key.slice(60, 67)} here`)).toBe(`[redacted] ${key.slice(60, 67)} here`)
    expect(clean(`${start}\n${key[60]} here`)).toBe(`[redacted]\n${key[60]} here`)
    expect(clean(`pasted ${keyId}: 0123 here`)).toBe(`pasted ${keyId}: 0123 here`)
  })
})

describe('a secret as other programs write it', () => {
  const token = 'Tok&en"<7>\'é of_db'
  const blank = redactor([key, token])

  it.each([
    ['in capitals', keySecret.toUpperCase()],
    ['a token in capitals', token.toUpperCase()],
    ['a token in small letters', token.toLowerCase()],
    ['in hexadecimal', Buffer.from(token).toString('hex')],
    ['in hexadecimal capitals', Buffer.from(keySecret).toString('hex').toUpperCase()],
    ['as HTML', 'Tok&amp;en&quot;&lt;7&gt;&#39;é of_db'],
    ['as HTML of another writer', 'Tok&amp;en&#34;&lt;7&gt;&#x27;é of_db'],
    ['as HTML text', 'Tok&amp;en"&lt;7&gt;\'é of_db'],
    ['as a form', 'Tok%26en%22%3C7%3E%27%C3%A9+of_db'],
    ['as an URL by a strict writer', 'Tok%26en%22%3C7%3E%27%C3%A9%20of_db'],
    ['encoded twice', encodeURIComponent(encodeURIComponent(token))],
    ['quoted in a sentence of this program', "Tok&en'<7>'é of_db"],
  ])('is blanked out %s', (_, form) => {
    expect(blank(`before ${form} after`)).toBe('before [redacted] after')
  })

  it.each([
    ['as JSON of Python', 'P@ss/w0rd#\\"<\\u00e9&ok'],
    ['as JSON of PHP', 'P@ss\\/w0rd#\\"<\\u00e9&ok'],
    ['as JSON of Go', 'P@ss/w0rd#\\"\\u003cé\\u0026ok'],
    ['as JSON of Java, for HTML', 'P@ss\\/w0rd#\\"\\u003C\\u00E9\\u0026ok'],
    ['as an URL of Python', 'P%40ss/w0rd%23%22%3C%C3%A9%26ok'],
    ['as an URL in small letters', 'P%40ss/w0rd%23%22%3c%c3%a9%26ok'],
  ])('is blanked out %s', (_, form) => {
    expect(redactor(['P@ss/w0rd#"<é&ok'])(`before ${form} after`)).toBe('before [redacted] after')
    expect(redactor(['P@ss/w0rd#"<é&no'])(`before ${form} after`)).toContain('ok after')
  })

  it.each([
    ['a browser or Java', 'Tr0ub*4dor%219%7Ex'],
    ['a browser, in small letters', 'Tr0ub*4dor%219%7ex'],
    ['PHP or Python', 'Tr0ub%2A4dor%219~x'],
  ])('is blanked out as a form of %s', (_, form) => {
    expect(redactor(['Tr0ub*4dor!9~x'])(`before ${form} after`)).toBe('before [redacted] after')
    expect(redactor(['Tr0ub*4dor!9~y'])(`before ${form} after`)).toContain('x after')
  })

  it('is no word of a report, though one is a secret in capitals', () => {
    const word = redactor(['Points', 'ACCOUNT', 'requests'])
    expect(word('points of the account, Requests')).toBe('points of the account, Requests')
  })
})

describe('thousands of secrets', () => {
  const digits = (seed: number, count: number): string => {
    let state = seed * 2_654_435_761 + 12_345
    let text = ''
    while (text.length < count) {
      state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0
      text += (state >>> 4).toString(16).padStart(7, '0').slice(0, 6)
    }
    return text.slice(0, count)
  }
  const uuid = (seed: number): string => digits(seed, 32).replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, '$1-$2-$3-$4-$5')
  const keys = Array.from({ length: 3000 }, (_, at) => `${uuid(at)}:${digits(at + 1_000_000, 32)}`)
  const blank = redactor(keys)

  it('are each found, whole and cut', () => {
    for (const each of keys) {
      const secret = each.slice(37)
      expect(blank(`a ${secret} b ${secret.slice(0, 13)} c ${each.slice(0, 45)} d`)).toBe(
        'a [redacted] b [redacted] c [redacted] d',
      )
    }
  })

  it('blank out no ids and words, and cost a text hardly more than one does', () => {
    const texts = Array.from({ length: 50_000 }, (_, at) => `order ${uuid(at + 5_000_000)} of user ${at} 积分消费`)
    const startedAt = performance.now()
    const changed = texts.filter((text) => blank(text) !== text)
    expect(changed).toEqual([])
    // It takes a quarter of a second; a comparison with each of the secrets would take minutes.
    expect(performance.now() - startedAt).toBeLessThan(10_000)
  })
})

describe('what came in place of a secret', () => {
  it('is blanked out though it is huge, in no more than a few times its size', () => {
    const huge = `"'`.repeat(500_000)
    const before = process.memoryUsage().rss
    expect(redactor([huge])(`a ${huge} b`)).toBe('a [redacted] b')
    // Its further forms alone would take a gigabyte.
    expect(process.memoryUsage().rss - before).toBeLessThan(400 * 1024 * 1024)
  })
})
