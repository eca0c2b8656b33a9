/**
 * Who can mend a failure: the caller (input; not-found: names what is not there; conflict: collides with what is there),
 * the operator (configuration, source), or nobody outside (internal).
 */
export type ErrorKind = 'input' | 'not-found' | 'conflict' | 'configuration' | 'source' | 'cancelled' | 'internal'

/** Why a table could not be read, in a form that other languages can word. */
export type TableFailure =
  | 'no-answer' // the server cannot be reached, or lets nobody in
  | 'not-allowed' // the user may not read it
  | 'not-there' // no such table or column
  | 'broken-view' // a view whose tables are not there, or may not be read by whoever defined it
  | 'wrong-type' // a column of a type that says something else
  | 'broken-off' // the connection broke while reading
  | 'ended' // a limit of the server or the audit, or an administrator
  | 'occupied' // locked, altered, or no room for one more connection now
  | 'bad-value' // a row holds what cannot be read
  | 'too-much' // more than can be held, or added up exactly
  | 'damaged' // no whole database file

export interface ErrorDetail {
  /** The input key, environment variable or source that is at fault. */
  readonly field?: string | undefined
  /** What was found there, already safe to print. */
  readonly value?: string | undefined
  /** What would be accepted. */
  readonly accepted?: string | undefined
  /** What to do next, one sentence. */
  readonly next?: string | undefined
  /** Of a table that could not be read. */
  readonly failure?: TableFailure | undefined
  readonly cause?: unknown
}

/**
 * A failure that tells its reader what is wrong and what to do. Messages must hold no secret: whoever throws makes sure,
 * and the faces redact what they know besides.
 */
export class AuditError extends Error {
  readonly kind: ErrorKind
  readonly field: string | undefined
  readonly value: string | undefined
  readonly accepted: string | undefined
  readonly next: string | undefined
  readonly failure: TableFailure | undefined

  constructor(kind: ErrorKind, message: string, detail: ErrorDetail = {}) {
    super(message, detail.cause === undefined ? undefined : { cause: detail.cause })
    this.name = 'AuditError'
    this.kind = kind
    this.field = detail.field
    this.value = detail.value
    this.accepted = detail.accepted
    this.next = detail.next
    this.failure = detail.failure
  }
}

/** The same error, some of it told otherwise. */
export const retold = (error: AuditError, message: string, changes: ErrorDetail): AuditError =>
  new AuditError(error.kind, message, { ...error, cause: error.cause, ...changes })

/** The same error without what `blank` takes out of texts that may quote what came from outside; itself where that is nothing. */
export function blanked(error: AuditError, blank: (text: string) => string): AuditError {
  const { field, value } = error
  const told = { field: field && blank(field), value: value && blank(value) }
  const message = blank(error.message)
  return message === error.message && told.field === field && told.value === value
    ? error
    : retold(error, message, told)
}

/**
 * A row turned up that a stream had left out, since by a sample rows with such ids are older: what was read so far lacks it,
 * and all is to be read again. No AuditError, so that nobody takes it for a source that cannot be read and goes on without.
 */
export class BoundContradicted extends Error {
  readonly table: 'tasks' | 'points' | 'cash'
  readonly rowId: number

  constructor(table: BoundContradicted['table'], rowId: number) {
    super(`row ${rowId} of ${table} was left out by its id, though its time lies within what was read`)
    this.name = 'BoundContradicted'
    this.table = table
    this.rowId = rowId
  }
}

/** The start of a text, marked as cut, never ending in half a surrogate pair; the text itself where it is short. */
export const shortened = (text: string, chars: number): string =>
  text.length <= chars ? text : `${text.slice(0, chars - 1).replace(/[\uD800-\uDBFF]$/, '')}…`

/** A value in words. A caller may well send one that cannot be written, such as a list nested ten thousand times. */
export function wordsOf(value: unknown, write: (value: unknown) => string): string {
  try {
    return write(value)
  } catch (error) {
    if (error instanceof RangeError || error instanceof TypeError) return 'a value that cannot be shown'
    throw error
  }
}

/** The error for one bad input: names the field, the value and what is accepted; `next`: what helps to find that. */
export function inputError(field: string, value: unknown, accepted: string, next?: string): AuditError {
  const shown = shortened(wordsOf(value, String), 80)
  return new AuditError('input', `${field}: "${shown}" is not accepted; give ${accepted}`, {
    field,
    value: shown,
    accepted,
    next,
  })
}

/** The error for an input that another one, or the question itself, cannot do without. */
export function missingInput(field: string, accepted: string): AuditError {
  return new AuditError('input', `${field}: is missing; give ${accepted}`, { field, accepted })
}

/** What Node calls a certificate that none of the authorities of this machine vouches for. */
export const UNKNOWN_AUTHORITY_CODES: readonly string[] = [
  'SELF_SIGNED_CERT_IN_CHAIN',
  'DEPTH_ZERO_SELF_SIGNED_CERT',
  'UNABLE_TO_VERIFY_LEAF_SIGNATURE',
  'UNABLE_TO_GET_ISSUER_CERT',
  'UNABLE_TO_GET_ISSUER_CERT_LOCALLY',
  'CERT_SIGNATURE_FAILURE',
]

/** Runs what writes in the folder for temporary files; what the system refuses there is the operator's to mend. */
export function inTemporaryFolder<T>(folder: string, write: () => T): T {
  try {
    return write()
  } catch (cause) {
    throw temporaryFailure(folder, cause)
  }
}

/** The error to throw for what was thrown by whoever wrote there, the file system or a database; another failure as it is. */
export function temporaryFailure(folder: string, cause: unknown): unknown {
  const code = codeOf(cause)
  const isFull = FULL.test(code)
  if (!isFull && !UNWRITABLE.test(code)) return cause
  return new AuditError(
    'configuration',
    `the folder for temporary files, ${folder}, ${isFull ? 'is full' : 'cannot be written'} (${code})`,
    {
      field: 'TMPDIR',
      value: folder,
      accepted: 'a folder that this user may write, on a disk with room',
      next: isFull
        ? 'make room there, or set TMPDIR to a folder on a larger disk; a shorter window takes less'
        : 'set TMPDIR to a folder that this user may write',
      cause,
    },
  )
}

const FULL = /^(ENOSPC|EDQUOT|SQLITE_FULL)$/
const UNWRITABLE = /^(EACCES|EPERM|EROFS|ENOENT|ENOTDIR|EIO|SQLITE_(IOERR|READONLY|CANTOPEN)(_[A-Z]+)*)$/

export function cancelled(): AuditError {
  return new AuditError('cancelled', 'the call was cancelled')
}

/** Why the signal was aborted: its own reason where that is an AuditError, else that the call was cancelled. */
export const abortReason = ({ reason }: AbortSignal): AuditError =>
  reason instanceof AuditError ? reason : cancelled()

/** Throws where the caller has gone away, so that long work stops. */
export function throwIfAborted(signal: AbortSignal | undefined): void {
  if (signal?.aborted) throw abortReason(signal)
}

/**
 * One signal of several that ends after a span, too, for the reason `late`. AbortSignal.any would tie it to the signal of the whole
 * process for as long as that lives; these ties are released with the call.
 */
export function withDeadline(
  signals: readonly AbortSignal[],
  spanMillis: number,
  late: AuditError,
): { readonly signal: AbortSignal; release(): void } {
  const controller = new AbortController()
  const timer = setTimeout(() => controller.abort(late), spanMillis)
  const ties = signals.map((signal) => {
    const abort = (): void => controller.abort(abortReason(signal))
    if (signal.aborted) abort()
    else signal.addEventListener('abort', abort, { once: true })
    return () => signal.removeEventListener('abort', abort)
  })
  return {
    signal: controller.signal,
    release: () => {
      clearTimeout(timer)
      for (const untie of ties) untie()
    },
  }
}

/** What the system or a driver calls a failure, such as ENOENT; `otherwise` where it has no name for it. */
export const codeOf = (cause: unknown, otherwise = ''): string =>
  cause instanceof Error && 'code' in cause ? String(cause.code) : otherwise
