import { close as closeFile, closeSync, mkdtempSync, openSync, readSync, rmSync, writeSync } from 'node:fs'
import { platform, tmpdir } from 'node:os'
import { join } from 'node:path'
import { inTemporaryFolder } from '../errors.ts'

/**
 * Bytes that are written at once, and up to which there is no file: making and closing one takes as long as a small question
 * does in all.
 */
export const TAIL_BYTES = 1024 * 1024
const TAIL_AT_FIRST = 16 * 1024
const IS_WINDOWS = platform() === 'win32'

/**
 * A temporary file, readable by this user alone, that holds what does not fit into memory. It is made when it is first
 * needed, beyond a first megabyte; it has no name any more from then on where the system allows that, and is gone when closed
 * or when the process ends.
 */
export class SpoolFile {
  #file: { readonly descriptor: number; readonly folder: string } | undefined
  /** What is not in the file yet. */
  #tail = Buffer.alloc(0)
  #tailLength = 0
  /** Bytes in the file. */
  #filed = 0
  #closed = false

  /** Throws where it was closed: a file made then would never be removed. Kind 'configuration' where there is no room for it. */
  append(bytes: Uint8Array): number {
    if (this.#closed) throw new Error('the temporary file was closed')
    const at = this.#filed + this.#tailLength
    if (this.#tailLength + bytes.length > TAIL_BYTES) this.#flush()
    if (bytes.length > TAIL_BYTES) this.#write(bytes)
    else {
      this.#makeRoom(this.#tailLength + bytes.length)
      this.#tail.set(bytes, this.#tailLength)
      this.#tailLength += bytes.length
    }
    return at
  }

  /** Reads what one call appended. */
  read(into: Buffer, offset: number, length: number, at: number): void {
    if (this.#closed) throw new Error('the temporary file was closed')
    if (at >= this.#filed) {
      this.#tail.copy(into, offset, at - this.#filed, at - this.#filed + length)
      return
    }
    const { descriptor } = this.#open()
    for (let read = 0; read < length; ) {
      const got = readSync(descriptor, into, offset + read, length - read, at + read)
      if (got === 0) throw new Error('the temporary file is shorter than what was written to it')
      read += got
    }
  }

  close(): void {
    this.#closed = true
    this.#tail = Buffer.alloc(0)
    this.#tailLength = 0
    this.#filed = 0
    if (this.#file === undefined) return
    const { descriptor, folder } = this.#file
    this.#file = undefined
    if (IS_WINDOWS) {
      closeSync(descriptor)
      rmSync(folder, { recursive: true, force: true })
    } else {
      // The system lets go of what may be gigabytes, which nobody need wait for. It has no name any more.
      closeFile(descriptor, () => undefined)
    }
  }

  #makeRoom(length: number): void {
    if (length <= this.#tail.length) return
    const larger = Buffer.allocUnsafeSlow(Math.min(TAIL_BYTES, Math.max(2 * this.#tail.length, length, TAIL_AT_FIRST)))
    this.#tail.copy(larger, 0, 0, this.#tailLength)
    this.#tail = larger
  }

  #flush(): void {
    if (this.#tailLength === 0) return
    this.#write(this.#tail.subarray(0, this.#tailLength))
    this.#tailLength = 0
  }

  #write(bytes: Uint8Array): void {
    inTemporaryFolder(tmpdir(), () => {
      const { descriptor } = this.#open()
      for (let written = 0; written < bytes.length; ) {
        written += writeSync(descriptor, bytes, written, bytes.length - written, this.#filed + written)
      }
    })
    this.#filed += bytes.length
  }

  #open(): { readonly descriptor: number; readonly folder: string } {
    if (this.#file !== undefined) return this.#file
    const folder = mkdtempSync(join(tmpdir(), 'fal-consumption-audit-'))
    const path = join(folder, 'spool')
    const descriptor = openSync(path, 'wx+', 0o600)
    this.#file = { descriptor, folder }
    // An open file lives on without its name; where the system forbids that, closing removes it.
    if (!IS_WINDOWS) rmSync(folder, { recursive: true, force: true })
    return this.#file
  }
}
