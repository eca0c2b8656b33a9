import type { Writable } from 'node:stream'
import { AuditError, codeOf } from '../errors.ts'

/** Where a person, or a pipe, is. */
export interface Terminal {
  /** Writes data to stdout; settles when it was taken over. Throws AuditError of kind 'source' where it cannot be written. */
  write(data: string | AsyncIterable<string>): Promise<void>
  /** Writes one line to stderr. */
  note(line: string): void
  /** Shows a passing line on stderr where that is a terminal; an empty one takes it away. */
  status(line: string): void
  readonly stdinIsTerminal: boolean
}

export interface TerminalParts {
  readonly stdout: Writable
  readonly stderr: Writable & { readonly isTTY?: boolean; readonly columns?: number }
  readonly stdinIsTerminal: boolean
  readonly environment: Readonly<Record<string, string | undefined>>
  /** Milliseconds that never jump. */
  readonly now: () => number
}

const CLEAR_LINE = '\r\u001b[2K'
const STATUS_EVERY_MILLIS = 100
const COLUMNS = 80

export function createTerminal({ stdout, stderr, stdinIsTerminal, environment, now }: TerminalParts): Terminal {
  const { NO_COLOR = '', TERM } = environment
  const passing = stderr.isTTY === true && TERM !== 'dumb'
  let shown = ''
  let shownAt = Number.NEGATIVE_INFINITY
  return {
    write: async (data) => {
      if (typeof data === 'string') await writeData(stdout, data)
      else for await (const piece of data) if (!(await writeData(stdout, piece))) return
    },
    note: (line) => stderr.write(`${line}\n`),
    status: (line) => {
      const due = line === '' ? shown !== '' : now() - shownAt >= STATUS_EVERY_MILLIS
      if (!passing || !due) return
      // A terminal that was given no size, as in a container, says 0.
      const fitting = line.slice(0, (stderr.columns || COLUMNS) - 1)
      // Without escape codes, blanks take away what the line before leaves over.
      const plain = `\r${fitting.padEnd(shown.length)}${fitting === '' ? '\r' : ''}`
      stderr.write(NO_COLOR === '' ? `${CLEAR_LINE}${fitting}` : plain)
      shown = fitting
      shownAt = now()
    },
    stdinIsTerminal,
  }
}

/** Settles with whether more would be read. One who has seen enough, like head, closes the pipe: nothing is wrong then. A full disk is. */
const writeData = (stdout: Writable, text: string): Promise<boolean> =>
  new Promise((resolve, reject) => {
    stdout.write(text, (error) => {
      const code = codeOf(error)
      if (error == null || code === 'EPIPE') return resolve(error == null)
      reject(
        new AuditError('source', `stdout: it cannot be written${code === '' ? '' : ` (${code})`}`, {
          field: 'stdout',
          next: 'make room there, or write elsewhere',
        }),
      )
    })
  })
