import { connect, type Socket } from 'node:net'
import { Duplex } from 'node:stream'

/**
 * A connection whose bytes come in chunks of the sizes that a test wants, whatever the network makes of them. Bytes that do not
 * fill a chunk yet come when nothing else does.
 */
export class Rechunked extends Duplex {
  readonly #socket: Socket
  readonly #waiting: Buffer[] = []
  #length = 0
  #ended = false
  #least = 0
  #sizeOf: () => number
  /** Bytes handed on. */
  delivered = 0
  /** Chunks handed on. */
  chunks = 0

  constructor(host: string, port: number, sizeOf: () => number = () => Number.POSITIVE_INFINITY) {
    super()
    this.#sizeOf = sizeOf
    this.#socket = connect({ host, port, noDelay: true })
    this.#socket.on('data', (bytes: Buffer) => {
      this.#waiting.push(bytes)
      this.#length += bytes.length
      this.#socket.pause()
      this.#feed()
    })
    this.#socket.on('end', () => {
      this.#ended = true
      this.#feed()
    })
    this.#socket.on('error', (cause) => this.destroy(cause))
    this.#socket.on('close', () => this.destroy())
  }

  /** From now on: how large the next chunk is. */
  cutBy(sizeOf: () => number): void {
    this.#sizeOf = sizeOf
  }

  /** Hands on nothing until so many bytes have come. */
  gather(bytes: number): void {
    this.#least = bytes
  }

  /** Bytes that came from the server. */
  get received(): number {
    return this.#socket.bytesRead
  }

  override _read(): void {
    this.#feed()
  }

  override _write(bytes: Buffer, _: BufferEncoding, done: (cause?: Error | null) => void): void {
    this.#socket.write(bytes, (cause) => done(cause ?? null))
  }

  override _final(done: () => void): void {
    this.#socket.end(done)
  }

  override _destroy(cause: Error | null, done: (cause: Error | null) => void): void {
    this.#socket.destroy()
    done(cause)
  }

  #feed(): void {
    while (this.#length > 0 && this.#length >= this.#least) {
      this.#least = 0
      const size = Math.max(1, Math.min(this.#sizeOf(), this.#length))
      const all = this.#waiting.length === 1 ? (this.#waiting[0] as Buffer) : Buffer.concat(this.#waiting)
      this.#waiting.length = 0
      this.#length = all.length - size
      if (this.#length > 0) this.#waiting.push(all.subarray(size))
      this.delivered += size
      this.chunks += 1
      // A place of its own: nothing beyond its end can be read by mistake.
      if (!this.push(Buffer.from(Uint8Array.prototype.slice.call(all, 0, size)))) return
    }
    if (this.#ended) this.push(null)
    else this.#socket.resume()
  }
}

/** Chunks of these sizes, again and again. */
export function inTurn(...sizes: readonly number[]): () => number {
  let next = 0
  return () => sizes[next++ % sizes.length] ?? 1
}
