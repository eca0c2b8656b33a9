import type { Progress } from '../tool.ts'

/** Where a person, or a pipe, is. */
export interface Terminal {
  /** Writes data to stdout; settles when it was taken over. */
  write(text: string): Promise<void>
  /** Writes one line to stderr. */
  note(line: string): void
  /** Shows a passing line on stderr where that is a terminal; an empty one takes it away. */
  status(line: string): void
  readonly stdinIsTerminal: boolean
}

/** One line of progress, without a newline. */
export const progressLine = ({ message, done, total }: Progress): string =>
  total === undefined || total === 0 ? `${message} ${done}` : `${message} ${done}/${total}`
