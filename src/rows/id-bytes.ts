import { type Bytes, bytesWithView, hashOfBytes } from './bytes.ts'

/** An id among many bytes, with their hash: to be compared without making a string of it. */
export interface BytesOfId {
  hash: number
  from: number
  length: number
}

export const newBytesOfId = (): BytesOfId => ({ hash: 0, from: 0, length: 0 })

/** An id that is a string, as bytes of its own. */
export function idOfText(text: string): Bytes & { readonly id: BytesOfId } {
  const own = bytesWithView(Buffer.from(text))
  const { length } = own.bytes
  return { ...own, id: { hash: hashOfBytes(own.view, 0, length), from: 0, length } }
}
