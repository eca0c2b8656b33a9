import { deserialize, serialize } from 'node:v8'
import type { SpoolFile } from './spool-file.ts'

/** Puts a value of plain data aside in a file; it is made anew each time it is asked for. */
export function putAside<Value>(file: SpoolFile, value: Value): () => Value {
  const read = bytesAside(file, serialize(value))
  return () => deserialize(read()) as Value
}

/** The same of numbers of four bytes. */
export function putNumbersAside(file: SpoolFile, numbers: Int32Array): () => Int32Array {
  const read = bytesAside(file, new Uint8Array(numbers.buffer, numbers.byteOffset, numbers.byteLength))
  return () => {
    const { buffer, byteOffset, length } = read()
    return new Int32Array(buffer, byteOffset, length / Int32Array.BYTES_PER_ELEMENT)
  }
}

function bytesAside(file: SpoolFile, bytes: Uint8Array): () => Buffer {
  const { length } = bytes
  const at = file.append(bytes)
  return () => {
    const read = Buffer.allocUnsafeSlow(length)
    file.read(read, 0, length, at)
    return read
  }
}
