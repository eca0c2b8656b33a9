/**
 * Bytes of a slab. Above 32 MiB the usual allocators ask the system for a place of its own, and give it back once it is let go;
 * less they take from a heap that seldom shrinks again.
 */
const SLAB = 33 * 1024 * 1024

/** Cuts large places out of larger ones, which are let go together with the last place of them. What nobody writes to takes no memory. */
export class Slab {
  #rest: Buffer = Buffer.alloc(0)

  /** So many bytes, whatever they are: they begin where four at once can be read. */
  cut(bytes: number): Buffer {
    const taken = Math.ceil(bytes / 8) * 8
    if (taken > SLAB) return Buffer.allocUnsafeSlow(bytes)
    if (taken > this.#rest.length) this.#rest = Buffer.allocUnsafeSlow(SLAB)
    const place = this.#rest.subarray(0, bytes)
    this.#rest = this.#rest.subarray(taken)
    return place
  }

  /** What is left of it is not cut from any more. */
  clear(): void {
    this.#rest = Buffer.alloc(0)
  }
}
