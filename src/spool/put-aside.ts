import { deserialize, serialize } from 'node:v8'
import type { ReadingRoom } from './reading-room.ts'
import type { SpoolFile } from './spool-file.ts'

/** Puts a value of plain data aside in a file; it is made anew each time it is asked for. */
export function putAside<Value>(file: SpoolFile, value: Value): () => Value {
  const written = serialize(value)
  const { length } = written
  const at = file.append(written)
  return () => {
    const read = Buffer.allocUnsafe(length)
    file.read(read, 0, length, at)
    return deserialize(read) as Value
  }
}

/** The same of numbers of four bytes; they are read into a room, and good until it is read into again. */
export function putNumbersAside(file: SpoolFile, numbers: Int32Array): (room: ReadingRoom) => Int32Array {
  const { byteLength, length } = numbers
  const at = file.append(new Uint8Array(numbers.buffer, numbers.byteOffset, byteLength))
  return (room) => {
    const read = room.take(byteLength)
    file.read(read, 0, byteLength, at)
    return new Int32Array(read.buffer, read.byteOffset, length)
  }
}
