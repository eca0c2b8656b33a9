import { canonicalModel } from './audit/tasks/model-name.ts'
import { embeddedBillingStore } from './billing/embedded-store.ts'
import type { BillingStore } from './billing/store.ts'
import { AuditError } from './errors.ts'
import { openEmbeddedHandle } from './ledger/embedded-handle.ts'

/** The billing store at an absolute path. Loads nothing more and touches nothing before its first use. */
export const openBillingStore = (path: string, modelAliases: ReadonlyMap<string, string>): BillingStore =>
  embeddedBillingStore({
    path,
    open: async (file) => {
      try {
        return await openEmbeddedHandle(file)
      } catch (cause) {
        throw cause instanceof AuditError ? withoutDriver(cause) : cause
      }
    },
    modelKey: (model) => canonicalModel(model, modelAliases),
  })

/** The driver's own error speaks of the database; this file always needs it. */
const withoutDriver = ({ message, cause }: AuditError): AuditError =>
  new AuditError('configuration', `billing rules cannot be read: ${message}`, {
    field: 'BILLING_STORE',
    next: 'install it for this platform with `npm install libsql`',
    cause,
  })
