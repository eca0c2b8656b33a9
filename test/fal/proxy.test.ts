import { describe, expect, it } from 'vitest'
import { AuditError } from '../../src/errors.ts'
import { type ProxyVariables, proxyFor, proxySecrets } from '../../src/fal/proxy.ts'

const FAL = 'https://api.fal.ai/v1'
const PROXY = 'http://proxy.corp:3128'

const named = (more: Record<string, string | undefined> = {}): ProxyVariables => ({
  'https:': { https_proxy: more.https_proxy, HTTPS_PROXY: more.HTTPS_PROXY },
  'http:': { http_proxy: more.http_proxy, HTTP_PROXY: more.HTTP_PROXY },
  except: more.NO_PROXY,
})
const placeFor = (url: string, more: Record<string, string>) => proxyFor(url, named(more))?.place

describe('the proxy of a base URL', () => {
  it('is that of its scheme, small letters first', () => {
    expect(proxyFor(FAL, named())).toBeUndefined()
    expect(proxyFor(FAL, named({ HTTPS_PROXY: PROXY }))).toEqual({
      variable: 'HTTPS_PROXY',
      url: PROXY,
      place: 'proxy.corp:3128',
      authorization: undefined,
    })
    expect(proxyFor(FAL, named({ HTTPS_PROXY: 'http://other:1', https_proxy: PROXY }))).toMatchObject({
      variable: 'https_proxy',
      place: 'proxy.corp:3128',
    })
    // Neither stands in for the other, and what is not used is not judged.
    expect(placeFor(FAL, { HTTP_PROXY: 'socks5://h:1' })).toBeUndefined()
    expect(placeFor('http://gateway.corp/v1', { HTTPS_PROXY: PROXY })).toBeUndefined()
    expect(placeFor('http://gateway.corp/v1', { HTTP_PROXY: PROXY })).toBe('proxy.corp:3128')
  })

  it.each([
    ['http://proxy.corp', 'http://proxy.corp:80', 'proxy.corp:80'],
    ['https://proxy.corp', 'https://proxy.corp:443', 'proxy.corp:443'],
    ['HTTP://Proxy.Corp:8080/', 'http://proxy.corp:8080', 'proxy.corp:8080'],
    ['127.0.0.1:7890', 'http://127.0.0.1:7890', '127.0.0.1:7890'],
    ['u:p@proxy.corp:7890', 'http://proxy.corp:7890', 'proxy.corp:7890'],
    ['http://[fd00::2]:3128', 'http://[fd00::2]:3128', '[fd00::2]:3128'],
  ])('is read of %s', (text, url, place) => {
    expect(proxyFor(FAL, named({ HTTPS_PROXY: text }))).toMatchObject({ url, place })
  })

  it.each([
    ['http://u:p%40ss@h:1', 'u:p@ss'],
    ['http://u@h:1', 'u:'],
    ['http://u:@h:1', 'u:'],
    ['http://:p@h:1', ':p'],
    ['http://张:密@h:1', '张:密'],
  ])('has its login decoded: %s', (text, login) => {
    const authorization = `Basic ${Buffer.from(login).toString('base64')}`
    expect(proxyFor(FAL, named({ HTTPS_PROXY: text }))).toMatchObject({ authorization, place: 'h:1' })
  })

  it.each(['localhost', '127.0.0.1', '127.8.0.1', '[::1]', '[::ffff:127.0.0.1]', 'a.localhost', '0.0.0.0'])(
    'is none on this machine: %s',
    (host) => {
      const all = { HTTP_PROXY: 'socks5://u:p@h:1', HTTPS_PROXY: PROXY }
      expect(placeFor(`http://${host}:8080/v1`, all)).toBeUndefined()
      expect(placeFor(`https://${host}/v1`, all)).toBeUndefined()
    },
  )

  it.each([
    ['*', FAL],
    ['api.fal.ai', FAL],
    ['fal.ai', FAL],
    ['.fal.ai', FAL],
    ['*.fal.ai', FAL],
    ['FAL.ai.', FAL],
    ['corp.cn, api.fal.ai', FAL],
    ['corp.cn api.fal.ai:443', FAL],
    ['10.0.0.0/8', 'https://10.1.2.3/v1'],
    ['10.1.2.3', 'https://10.1.2.3/v1'],
    ['[fd00::2]:443', 'https://[fd00::2]/v1'],
    ['fd00::/64', 'https://[fd00::2]/v1'],
  ])('is none where NO_PROXY is %s for %s', (except, url) => {
    expect(placeFor(url, { HTTPS_PROXY: PROXY, NO_PROXY: except })).toBeUndefined()
    expect(placeFor(url, { HTTPS_PROXY: 'socks5://h:1', NO_PROXY: except })).toBeUndefined()
  })

  it.each([
    ['corp.cn', FAL],
    ['al.ai', FAL],
    ['xapi.fal.ai', FAL],
    ['api.fal.ai:8443', FAL],
    ['fal', FAL],
    ['.', FAL],
    ['10.0.0.0/8', 'https://11.1.2.3/v1'],
    ['10.0.0.0/99', 'https://10.0.0.1/v1'],
    ['2.3', 'https://10.1.2.3/v1'],
    ['10.0.0.0/8', FAL],
  ])('is there where NO_PROXY is %s for %s', (except, url) => {
    expect(placeFor(url, { HTTPS_PROXY: PROXY, NO_PROXY: except })).toBe('proxy.corp:3128')
  })
})

describe('a proxy that is none', () => {
  it.each([
    ['socks5://127.0.0.1:1080', 'socks5://127.0.0.1:1080'],
    ['socks5h://scout:hunter22@h:1080', 'socks5h://***@h:1080'],
    ['mysql://scout:hunter22@h/db', 'mysql://***@h/db'],
    ['http://scout:hun/ter22@h:1', 'http://***@h:1'],
    ['http://scout:1#hunter22@h:1', 'http://***@h:1'],
    ['http://scout:hunter22%zz@h:1', 'http://***@h:1'],
    ['http://scout:hunter22', 'http://scout:***'],
    ['scout:hunter22', 'scout:***'],
    ['http://h:1/path', 'http://h:1/path'],
    ['http://h:99999', 'http://h:99999'],
    ['http://h:0', 'http://h:0'],
    ['http://', 'http://'],
    ['yes', 'yes'],
  ])('%s is refused, shown as %s', (text, shown) => {
    const read = (): unknown => proxyFor(FAL, named({ https_proxy: text }))
    expect(read).toThrow(AuditError)
    expect(read).toThrow(expect.objectContaining({ kind: 'configuration', field: 'https_proxy', value: shown }))
    expect(read).toThrow(/^https_proxy: .* is not accepted; give http:\/\/ or https:\/\//)
    expect(read).not.toThrow(/hunter|ter22/)
  })
})

describe('what is secret of a proxy', () => {
  it.each([
    ['http://proxy.corp:3128', []],
    ['http://scout:hunter22@h:1', ['scout:hunter22', 'hunter22']],
    ['scout:hunter%2122@h:1', ['scout:hunter%2122', 'scout:hunter!22', 'hunter%2122', 'hunter!22']],
    ['http://scout-1234:pass@h:1', ['scout-1234:pass', 'pass', 'scout-1234']],
    ['http://a-token@h:1', ['a-token']],
    ['socks5://u:a@b:c@h:1', ['u:a@b:c', 'a@b:c']],
    ['http://u:bad%zz@h', ['u:bad%zz', 'bad%zz']],
  ])('of %s', (text, secrets) => {
    expect(proxySecrets(text)).toEqual(secrets)
  })
})
