import { type Figure, times } from '../figure.ts'
import { megabytes, spread } from '../printing.ts'

const MEGABYTE = 1e6
const MOST = 400 * MEGABYTE
/** Sizes between which the target compares. */
export const SMALL_ROWS = 1_000_000
export const LARGE_ROWS = 10_000_000

/** The peak of an audit's own process, as the system counted it; of several runs the largest. */
export function peakFigures(
  rows: number,
  peaks: readonly number[],
  smallPeaks: readonly number[] | undefined,
): Figure[] {
  // No run, no peak: then nothing was kept within the target.
  const peak = peaks.length === 0 ? Number.NaN : Math.max(...peaks)
  const absolute: Figure = {
    name: `peak memory of audit --depth requests at ${spread(rows)} tasks`,
    target: '≤ 400 MB',
    value: megabytes(peak),
    met: peak <= MOST,
    detail: `largest resident set of ${peaks.length} runs, by getrusage`,
    numbers: { bytes: peak },
  }
  const name = `peak memory at ${spread(LARGE_ROWS)} tasks : at ${spread(SMALL_ROWS)}`
  if (smallPeaks === undefined) {
    const told = { name, target: '≤ 1.2 ×', value: '—', met: undefined, numbers: {} }
    return [absolute, { ...told, detail: 'measured with --rows 10M' }]
  }
  const small = Math.max(...smallPeaks)
  const ratio = peak / small
  const detail = `${megabytes(peak)} : ${megabytes(small)}`
  return [
    absolute,
    { name, target: '≤ 1.2 ×', value: times(ratio), met: ratio <= 1.2, detail, numbers: { ratio, small } },
  ]
}
