/** A model of fal, with what fal bills and what the operator charges for a unit. Every charge is above its cost at 400 points a dollar. */
export interface Model {
  readonly endpoint: string
  /** The name some installations store instead. */
  readonly alias: string
  readonly unit: string
  readonly unitPriceNanoUsd: bigint
  readonly pointsPerUnit: number
  readonly quantities: readonly number[]
}

const model = (
  endpoint: string,
  alias: string,
  unit: string,
  unitPriceNanoUsd: bigint,
  pointsPerUnit: number,
  quantities: readonly number[],
): Model => ({ endpoint, alias, unit, unitPriceNanoUsd, pointsPerUnit, quantities })

export const MODELS: readonly Model[] = [
  model('fal-ai/flux/schnell', 'flux-fast', 'megapixels', 3_000_000n, 3, [1, 2, 4]),
  model('fal-ai/flux/dev', 'flux-dev', 'images', 25_000_000n, 20, [1, 2]),
  model('fal-ai/bytedance/seedream/v4/text-to-image', 'seedream-v4', 'images', 30_000_000n, 30, [1, 2, 3]),
  model('fal-ai/recraft/v3/text-to-image', 'recraft', 'images', 40_000_000n, 28, [1]),
  model('fal-ai/whisper', 'whisper', 'seconds', 1_110_000n, 1, [13, 37, 60, 95]),
  model('fal-ai/wan/v2.2-a14b/text-to-video', 'wan', 'seconds', 50_000_000n, 35, [3, 5]),
  model('fal-ai/kling-video/v2.1/standard/image-to-video', 'kling', 'seconds', 56_000_000n, 40, [5, 10]),
  model('fal-ai/sora-2/image-to-video', 'sora-2/i2v', 'seconds', 100_000_000n, 60, [4, 8]),
]

/** A model that fal gives away, and the operator too. */
export const FREE_MODEL: Model = model('fal-ai/free/upscaler', 'upscaler', 'images', 0n, 0, [1])

/** A model that no generated life uses: for faults that need one. */
export const UNUSED_MODEL: Model = model('fal-ai/veo3/fast', 'veo', 'seconds', 150_000_000n, 90, [4])

/** A model that only the faults of price rules use. */
export const PRICED_MODEL: Model = model('fal-ai/minimax/video-01', 'minimax', 'videos', 500_000_000n, 250, [1, 2])

export const costOf = ({ unitPriceNanoUsd }: Model, quantity: number, percentDiscount: number): bigint =>
  (unitPriceNanoUsd * BigInt(quantity) * BigInt(100 - percentDiscount)) / 100n

export const chargeOf = ({ pointsPerUnit }: Model, quantity: number): number => pointsPerUnit * quantity
