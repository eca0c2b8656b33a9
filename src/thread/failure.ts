import { AuditError, type ErrorDetail, type ErrorKind } from '../errors.ts'

/** An error as plain data: what is thrown in one thread loses what it is on its way into another. */
export interface ToldFailure {
  readonly name: string
  readonly message: string
  readonly stack: string | undefined
  /** Of an AuditError. */
  readonly audit: (ErrorDetail & { readonly kind: ErrorKind }) | undefined
}

export function toldFailure(cause: unknown): ToldFailure {
  const error = cause instanceof Error ? cause : new Error(String(cause))
  const { name, message, stack } = error
  return { name, message, stack, audit: error instanceof AuditError ? auditOf(error) : undefined }
}

function auditOf({ kind, field, value, accepted, next }: AuditError): ToldFailure['audit'] {
  return {
    kind,
    ...(field !== undefined && { field }),
    ...(value !== undefined && { value }),
    ...(accepted !== undefined && { accepted }),
    ...(next !== undefined && { next }),
  }
}

export function failureOf({ name, message, stack, audit }: ToldFailure): Error {
  if (audit !== undefined) return new AuditError(audit.kind, message, audit)
  const error = name === 'RangeError' ? new RangeError(message) : new Error(message)
  if (stack !== undefined) error.stack = stack
  return error
}
