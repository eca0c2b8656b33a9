import { readWhole } from './spool-file.ts'
import { eachStretch } from './stretches.ts'

/** Rows of some parts as they stand in the file: any thread of this process that is told of them can read them. */
export interface PlacedRows {
  readonly rows: number
  /** Of all of them together. */
  readonly bytes: number
  /** As eachStretch reads them. */
  readonly stretches: Float64Array
}

/** Reads rows in order, and tells where they end. `descriptor`: that of the file. */
export function readPlaced(descriptor: number, { stretches }: PlacedRows, into: Uint8Array, offset: number): number {
  let end = offset
  eachStretch(stretches, (at, length) => {
    readWhole(descriptor, into, end, length, at)
    end += length
  })
  return end
}
