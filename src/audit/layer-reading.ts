import type { AccountRow } from '../ledger/reader.ts'
import type { TaskRecords } from '../rows/task-records.ts'
import { CellTally, type LayerPlan, type TaskLayerSums } from './cell-tally.ts'

/** What decides layer 2, as plain data. */
export interface LayerTerms {
  readonly plan: LayerPlan
  readonly accounts: readonly Pick<AccountRow, 'accountId' | 'apiKey'>[]
  readonly audited: ReadonlySet<number>
}

/** Layer 2, added up here piece by piece, or all of it by another thread. */
export class LayerReading {
  readonly terms: LayerTerms
  readonly #tally: CellTally
  #told: TaskLayerSums | undefined

  constructor(terms: LayerTerms) {
    this.terms = terms
    this.#tally = new CellTally(terms.plan, terms.accounts, terms.audited)
  }

  /** Takes all tasks of some users. */
  addPiece(tasks: TaskRecords): void {
    this.#tally.addPiece(tasks)
  }

  /** Takes what another thread added up: all pieces. */
  tell(layer: TaskLayerSums): void {
    this.#told = layer
  }

  close(): TaskLayerSums {
    return this.#told ?? this.#tally.close()
  }
}
