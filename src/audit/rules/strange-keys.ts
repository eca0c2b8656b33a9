import type { NanoUsd } from '../../units/nano-usd.ts'
import type { Evidence } from './books.ts'

/** Tasks whose key is in no account row. */
export interface UnknownKey {
  /** Shortened; '' where the tasks name none. */
  readonly keyId: string
  /** A digest of the whole key: two keys may be alike when shortened. */
  readonly identity: string
  readonly taskCount: number
  readonly costNanoUsd: NanoUsd
  /** Those that tell no cost. Absent: none. */
  readonly untoldCosts?: number
  readonly evidence: Evidence
}

/** What fal billed in a workspace to ids that no account row holds. */
export interface UnattributedBill {
  readonly workspace: string
  readonly costNanoUsd: NanoUsd
  readonly keyIds: Evidence
  /** Billed to ids that no account row holds, and that say nothing: an account may have it as well as nobody. Absent: none. */
  readonly openNanoUsd?: NanoUsd
  /** Where accounts would have it, had they recorded cost of their own, since ids of keys would say nothing then. Absent: none would. */
  readonly hangs?: {
    readonly on: readonly number[]
    /** What was billed to people, who are no key of an account. */
    readonly but: Pick<UnattributedBill, 'costNanoUsd' | 'keyIds'>
  }
  /** Whether no task records some of the requests that were billed so. Absent: each is recorded, or requests were not read. */
  readonly unrecorded?: true
  /** Keys and people that it names, where another bill here may be this one, read with another key. Absent: none may. */
  readonly maybeTwice?: ReadonlySet<string>
}
