import type { CheckId, Line, LineStatus } from '../../../schemas/doctor.ts'
import { AuditError } from '../../errors.ts'
import { cleanText } from '../../render/clean.ts'

/** Characters of a line's texts: a reason of fal or a statement to run fits. */
const TEXT_CHARS = 600

interface LineParts {
  readonly subject?: string | undefined
  readonly seen: string
  readonly todo?: string | undefined
}

const lineOf =
  (status: LineStatus) =>
  (id: CheckId, { subject, seen, todo }: LineParts): Line => ({
    id,
    ...(subject !== undefined && { subject: cleanText(subject) }),
    status,
    seen: cleanText(seen, TEXT_CHARS),
    ...(todo !== undefined && { todo: cleanText(todo, TEXT_CHARS) }),
  })

export const ok = lineOf('ok')
export const warning = lineOf('warning')
export const failure = lineOf('failure')
export const unverified = lineOf('unverified')

/**
 * The lines of one check; where it cannot be made, one that says why. Throws only where the caller has gone away, or for a
 * fault of this program.
 */
export async function checked(
  id: CheckId,
  subject: string | undefined,
  check: () => Promise<Line | readonly Line[]>,
): Promise<readonly Line[]> {
  try {
    const found = await check()
    return Array.isArray(found) ? found : [found as Line]
  } catch (error) {
    return [unverified(id, { subject, seen: messageOf(error), todo: nextOf(error) })]
  }
}

/** What a failed read says. Throws on what is no failure of a source. */
export function messageOf(error: unknown): string {
  if (!(error instanceof AuditError) || error.kind === 'cancelled' || error.kind === 'internal') throw error
  return error.message
}

export const nextOf = (error: unknown): string | undefined => (error instanceof AuditError ? error.next : undefined)

/** 1 row, 2 rows; thousands with commas. */
export const counted = (count: number, one: string): string =>
  `${count.toLocaleString('en-US')} ${count === 1 ? one : `${one}s`}`
