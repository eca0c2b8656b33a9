import type { Config } from './config.ts'
import type { FalReader } from './fal/reader.ts'
import type { LedgerStore } from './ledger/reader.ts'
import type { Dependencies, ReportStore } from './tool.ts'
import type { Clock } from './units/instant.ts'

export interface Environs {
  readonly clock: Clock
  readonly reports: ReportStore
  /** Told every secret that is learned later, such as the accounts' keys. */
  readonly onSecret: (secret: string) => void
}

/**
 * What operations work with, from a configuration. Nothing is opened and no driver is loaded before the first use, so that
 * a server starts at once.
 */
export function dependenciesOf(config: Config, { clock, reports, onSecret }: Environs): Dependencies {
  return {
    clock,
    ledger: config.databaseUrl === undefined ? undefined : lazyLedger(config, config.databaseUrl, clock, onSecret),
    fal: lazyFal(config),
    settings: config.operation,
    reports,
  }
}

function lazyLedger(config: Config, url: string, clock: Clock, onSecret: (secret: string) => void): LedgerStore {
  const open = once(async () => {
    const { openLedgerStore } = await import('./ledger/open-store.ts')
    const { mapping, dbZone, databaseDeadline } = config
    return openLedgerStore({ url, mapping, dbZone, clock, deadlineMs: databaseDeadline })
  })
  return tellingKeys({ snapshot: async (...question) => (await open()).snapshot(...question) }, onSecret)
}

/** A store that tells of each account key before anybody else sees it. */
export function tellingKeys(store: LedgerStore, onSecret: (secret: string) => void): LedgerStore {
  return {
    async snapshot(...question) {
      const snapshot = await store.snapshot(...question)
      return {
        ...snapshot,
        async accounts() {
          const accounts = await snapshot.accounts()
          for (const { apiKey } of accounts) onSecret(apiKey)
          return accounts
        },
      }
    },
  }
}

function lazyFal({ falBaseUrl, falConcurrency }: Config): FalReader {
  const open = once(async () => {
    const { createFalClient } = await import('./fal/client.ts')
    return createFalClient({ baseUrl: falBaseUrl, concurrency: falConcurrency })
  })
  return {
    usage: async (...question) => (await open()).usage(...question),
    events: async (...question) => (await open()).events(...question),
    billing: async (...question) => (await open()).billing(...question),
    serverlessUsage: async (...question) => (await open()).serverlessUsage(...question),
    focus: async (...question) => (await open()).focus(...question),
    pricing: async (...question) => (await open()).pricing(...question),
    estimate: async (...question) => (await open()).estimate(...question),
  }
}

/** Calls `make` at the first use, and again after it failed. */
export function once<T>(make: () => Promise<T>): () => Promise<T> {
  let made: Promise<T> | undefined
  return () => {
    made ??= make().catch((error: unknown) => {
      made = undefined
      throw error
    })
    return made
  }
}
