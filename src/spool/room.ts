import { statfsSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { inTemporaryFolder } from '../errors.ts'
import { SpoolFile, TAIL_BYTES } from './spool-file.ts'

/**
 * Bytes of the temporary file for each task, billing event and ledger row of a window. 5.6 GB for 10 M tasks with as many
 * events and 25 M ledger rows, and 113 MB for a fiftieth of them: docs/scale.md.
 */
const BYTES_A_ROW = 125

export interface TemporaryRoom {
  readonly folder: string
  readonly freeBytes: number
}

/** About how much the temporary file of an audit takes. Of tasks that succeed each has an event. */
export const spoolBytes = (tasks: number, ledgerRows: number): number => (2 * tasks + ledgerRows) * BYTES_A_ROW

/**
 * Makes a temporary file as an audit does, and looks at what room there is. Throws AuditError of kind 'configuration' where
 * the folder is not there, cannot be written, or is full.
 */
export function temporaryRoom(): TemporaryRoom {
  const folder = tmpdir()
  const file = new SpoolFile()
  try {
    file.append(new Uint8Array(TAIL_BYTES + 1))
  } finally {
    file.close()
  }
  const { bavail, bsize } = inTemporaryFolder(folder, () => statfsSync(folder))
  return { folder, freeBytes: bavail * bsize }
}
