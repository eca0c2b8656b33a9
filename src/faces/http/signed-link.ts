import { createHmac, randomBytes, timingSafeEqual } from 'node:crypto'
import { SERVE } from '../../limits.ts'
import { type Instant, instant, plus, SECOND } from '../../units/instant.ts'
import { HttpRefusal } from './problem.ts'

/** What a link opens, for how long. */
export interface SignedLink {
  readonly path: string
  readonly lang: string
  /** Whole seconds since 1970-01-01T00:00:00Z. */
  readonly expires: string
  readonly signature: string
}

export interface LinkSigner {
  /** A link that opens from now on for SERVE.linkLifetime. */
  sign(path: string, lang: string, now: Instant): SignedLink
  /** Throws 403 where the link was not given out here, was altered, or has expired. */
  check(link: Partial<SignedLink> & Pick<SignedLink, 'path'>, now: Instant): void
}

/** Links that open one file without a token for a while. The secret lives as long as the process, and so do its links. */
export function createLinkSigner(secret: Uint8Array = randomBytes(32)): LinkSigner {
  const signatureOf = (path: string, lang: string, expires: string): string =>
    createHmac('sha256', secret)
      .update(JSON.stringify([path, lang, expires]))
      .digest('base64url')
  return {
    sign: (path, lang, now) => {
      const expires = String(Math.floor(plus(now, SERVE.linkLifetime) / SECOND))
      return { path, lang, expires, signature: signatureOf(path, lang, expires) }
    },
    check: ({ path, lang = '', expires = '', signature = '' }, now) => {
      const expected = signatureOf(path, lang, expires)
      if (!isSame(signature, expected)) {
        throw refused('signature', 'this link was not given out by this server, or was altered')
      }
      if (now >= expiryOf({ expires })) throw refused('expires', 'this link has expired')
    },
  }
}

/** As texts: of two that differ in their last character, both may stand for the same bytes. */
function isSame(given: string, expected: string): boolean {
  const [a, b] = [Buffer.from(given), Buffer.from(expected)]
  return a.length === b.length && timingSafeEqual(a, b)
}

export const expiryOf = ({ expires }: Pick<SignedLink, 'expires'>): Instant => instant(Number(expires) * SECOND)

const refused = (field: string, message: string): HttpRefusal =>
  new HttpRefusal({
    status: 403,
    type: 'forbidden',
    message: `${field}: ${message}`,
    field,
    accepted: 'a link that is younger than ten minutes',
    next: 'GET /api/v1/billing/invoices/{invoice_id}/download gives a new one',
  })
