import { pipeline, type Readable } from 'node:stream'
import { createBrotliDecompress, createGunzip, createInflate } from 'node:zlib'
import { codeOf } from '../errors.ts'
import { type Failed, failed } from './answer.ts'

/** What answers are asked for. Without a word any coding would be as welcome (RFC 9110, 12.5.3). */
export const PLAIN = 'identity'

/** A proxy in between may compress what was asked for plain. */
const DECODERS = { gzip: createGunzip, 'x-gzip': createGunzip, deflate: createInflate, br: createBrotliDecompress }

export type Decoded =
  | { readonly stream: Readable; readonly coded: boolean }
  /** Nobody here reads this coding. */
  | { readonly unknown: Failed }

/** A body as it was before it was compressed. It is unfolded as it is read, so that a limit on its bytes holds for these. */
export function decodedBody(body: Readable, header: string | undefined): Decoded {
  const coding = (header ?? '').trim().toLowerCase()
  if (coding === '' || coding === PLAIN) return { stream: body, coded: false }
  if (!Object.hasOwn(DECODERS, coding)) return { unknown: failureOfCoding(coding) }
  const decoder = DECODERS[coding as keyof typeof DECODERS]()
  // Errors of both reach whoever reads the decoder, which ends with the body, and the body with it.
  return { stream: pipeline(body, decoder, () => undefined), coded: true }
}

/** Why a compressed answer could not be unfolded; undefined: something else went wrong, such as the connection. */
export function failureOfDecoding(cause: unknown): Failed | undefined {
  if (!/^(?:Z_|ERR__|ERR_BROTLI)/.test(codeOf(cause))) return undefined
  return failed(
    'bad-answer',
    "fal's answer came compressed, which was not asked for, and is broken; a proxy in between may have changed it",
  )
}

function failureOfCoding(coding: string): Failed {
  const name = /^[!-~]{1,30}$/.test(coding) ? `"${coding}"` : 'that has no fit name'
  return failed(
    'bad-answer',
    `fal's answer came in a coding ${name}, which was not asked for; a proxy in between may have changed it`,
  )
}
