import { AuditError, withDeadline } from '../../errors.ts'
import { SERVE } from '../../limits.ts'
import type { Dependencies } from '../../tool.ts'
import { SECOND } from '../../units/instant.ts'
import { failureOf, type Redact } from '../outgoing.ts'

interface Check {
  readonly status: 'ok' | 'failed' | 'not-configured'
  readonly message?: string
}

export interface Readiness {
  readonly ready: boolean
  readonly configuration: Check
  readonly database: Check
}

/**
 * Whether calls can be served: the configuration is read, and a snapshot of the database can be opened. fal is not asked:
 * its bad day is told call by call. Questions that come together share one look.
 */
export function createReadiness(dependencies: () => Promise<Dependencies>, redact: Redact) {
  let looking: Promise<Readiness> | undefined
  return (): Promise<Readiness> => {
    looking ??= look(dependencies, redact).finally(() => {
      looking = undefined
    })
    return looking
  }
}

async function look(dependencies: () => Promise<Dependencies>, redact: Redact): Promise<Readiness> {
  const failed = (error: unknown): Check => ({ status: 'failed', message: failureOf(error, redact).message })
  try {
    const { ledger, settings } = await dependencies()
    const configuration: Check = { status: 'ok' }
    if (ledger === undefined) {
      const message = 'DATABASE_URL is not set'
      // With a key alone the tools that read fal still have their work.
      return { ready: settings.falKey !== undefined, configuration, database: { status: 'not-configured', message } }
    }
    const database = await open(ledger).then((): Check => ({ status: 'ok' }), failed)
    return { ready: database.status === 'ok', configuration, database }
  } catch (error) {
    return { ready: false, configuration: failed(error), database: { status: 'not-configured' } }
  }
}

async function open(ledger: NonNullable<Dependencies['ledger']>): Promise<void> {
  const late = new AuditError('source', `the database did not answer within ${SERVE.readyTimeout / SECOND} s`)
  const { signal, release } = withDeadline([], SERVE.readyTimeout, late)
  try {
    const snapshot = await ledger.snapshot(signal)
    await snapshot.close()
  } catch (error) {
    throw signal.aborted ? late : error
  } finally {
    release()
  }
}
