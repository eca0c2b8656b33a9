import { deserialize, serialize } from 'node:v8'
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
