import type { Whole } from '../units/exact-sums.ts'
import { type NanoUsd, nanoUsd } from '../units/nano-usd.ts'
import { type Points, points } from '../units/points.ts'
import type { TaskCell, TaskLayerSums } from './cell-tally.ts'
import type { RankedCell } from './largest-cells.ts'

/** What a cell is made of: points, and nano-USD. */
export interface CellFigures extends Omit<TaskCell, 'chargedPoints' | 'costNanoUsd' | 'refundedPoints'>, RankedCell {
  readonly charged: Whole
  readonly refunded: Whole
}

/** Holds numbers, of which bigints are made when they are asked for: a report shows very many cells. */
export class LayerCell implements TaskCell, CellFigures {
  readonly accountId: number | null
  readonly userId: number | null
  readonly model: string
  readonly taskCount: number
  readonly untoldCharges: number
  readonly untoldCosts: number
  readonly refundCount: number
  readonly charged: Whole
  readonly cost: Whole
  readonly refunded: Whole

  constructor(figures: CellFigures) {
    this.accountId = figures.accountId
    this.userId = figures.userId
    this.model = figures.model
    this.taskCount = figures.taskCount
    this.untoldCharges = figures.untoldCharges
    this.untoldCosts = figures.untoldCosts
    this.refundCount = figures.refundCount
    this.charged = figures.charged
    this.cost = figures.cost
    this.refunded = figures.refunded
  }

  get chargedPoints(): Points {
    return points(BigInt(this.charged))
  }

  get costNanoUsd(): NanoUsd {
    return nanoUsd(BigInt(this.cost))
  }

  get refundedPoints(): Points {
    return points(BigInt(this.refunded))
  }
}

/** Layer 2 on its way from one thread to another: a column of each figure, with each model once. */
export interface LayerColumns extends Omit<TaskLayerSums, 'cells'> {
  readonly models: readonly string[]
  readonly cells: {
    readonly [Name in keyof CellFigures]: readonly (Name extends 'model' ? number : CellFigures[Name])[]
  }
}

export function columnsOf({ cells, ...sums }: TaskLayerSums<LayerCell>): LayerColumns {
  const models = [...new Set(cells.map(({ model }) => model))]
  const numbers = new Map(models.map((model, number) => [model, number]))
  return {
    ...sums,
    models,
    cells: {
      accountId: cells.map(({ accountId }) => accountId),
      userId: cells.map(({ userId }) => userId),
      model: cells.map(({ model }) => numbers.get(model) ?? 0),
      taskCount: cells.map(({ taskCount }) => taskCount),
      untoldCharges: cells.map(({ untoldCharges }) => untoldCharges),
      untoldCosts: cells.map(({ untoldCosts }) => untoldCosts),
      refundCount: cells.map(({ refundCount }) => refundCount),
      charged: cells.map(({ charged }) => charged),
      cost: cells.map(({ cost }) => cost),
      refunded: cells.map(({ refunded }) => refunded),
    },
  }
}

export function layerOfColumns({ models, cells, ...sums }: LayerColumns): TaskLayerSums<LayerCell> {
  const cellAt = (model: number, index: number): LayerCell =>
    new LayerCell({
      accountId: cells.accountId[index] ?? null,
      userId: cells.userId[index] ?? null,
      model: models[model] ?? '',
      taskCount: cells.taskCount[index] as number,
      untoldCharges: cells.untoldCharges[index] as number,
      untoldCosts: cells.untoldCosts[index] as number,
      refundCount: cells.refundCount[index] as number,
      charged: cells.charged[index] as Whole,
      cost: cells.cost[index] as Whole,
      refunded: cells.refunded[index] as Whole,
    })
  return { ...sums, cells: cells.model.map(cellAt) }
}
