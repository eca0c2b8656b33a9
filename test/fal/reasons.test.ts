import { describe, expect, it } from 'vitest'
import { cleanText, failureOfBudget, failureOfConnection, failureOfTimeout } from '../../src/fal/reasons.ts'
import { redactor } from '../../src/render/clean.ts'

describe('the reason of a timeout', () => {
  it.each([
    [150, 'within 0.15 s'],
    [40, 'within 0.04 s'],
    [999, 'within 0.999 s'],
    [10_000, 'within 10 s'],
    [1240, 'within 1.2 s'],
  ])('says %d ms as a person would, never as 0 s', (limit, said) => {
    expect(failureOfTimeout(limit).reason).toContain(`${said}.`)
  })
})

describe('the reason of a try cut short', () => {
  it('names the whole of the failures, not what was left for the try', () => {
    expect(failureOfBudget(15_000).reason).toContain('gave up after 15 s of failures')
  })
})

describe('a certificate that is not believed', () => {
  it.each([
    ['CERT_HAS_EXPIRED', 'not valid today'],
    ['ERR_TLS_CERT_ALTNAME_INVALID', 'that of another host'],
  ])('of a known authority, %s, is no matter of authorities', (code, said) => {
    const { failure, reason } = failureOfConnection(Object.assign(new Error('x'), { code }))
    expect(failure).toBe('untrusted')
    expect(reason).toContain(said)
    expect(reason).toContain('Check the network and FAL_API_BASE_URL')
    expect(reason).not.toContain('NODE_EXTRA_CA_CERTS')
  })
})

describe('a text of fal', () => {
  const redact = (text: string): string => text.replaceAll('hunter2-hunter2', '[redacted]')

  it('loses every secret before it is cut', () => {
    const text = `${'x'.repeat(110)} hunter2-hunter2 ${'y'.repeat(50)}`
    expect(cleanText(text, 'key', redact)).toBe(`${'x'.repeat(110)} [redacte…`)
  })

  it('loses a cut key too, of which only the id in front of it tells', () => {
    const keyId = '3f2b8c1e-9a4d-4e5f-8b6a-7c8d9e0f1a2b'
    const said = `no key ${keyId}:0123456 here, but 0b1c2d3e-0000-4000-8000-00000000000f:fedc`
    expect(cleanText(said, `${keyId}:0123456789abcdef0123456789abcdef`, redactor([]))).toBe(
      'no key [redacted] here, but [redacted]',
    )
  })

  it('loses one that unprintable characters break up', () => {
    expect(cleanText('by hunter2-hunter2\u0000', 'key', redact)).toBe('by [redacted]')
  })
})
