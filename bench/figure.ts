/** One line of the table: what was measured, what it ought to be, and whether it is. */
export interface Figure {
  readonly name: string
  /** Such as "≤ 1.5 ×". */
  readonly target: string
  readonly value: string
  /** undefined: told for comparison, without a target; or it could not be measured in this run. */
  readonly met: boolean | undefined
  /** How it came about: both sides of a ratio, and how far single measurements were apart. */
  readonly detail: string
  /** The same as numbers, for --json. */
  readonly numbers: Readonly<Record<string, number>>
}

/** Something that two sides were found to agree on, or not. A comparison of unlike results is worth nothing. */
export interface Check {
  readonly name: string
  readonly equal: boolean
  readonly detail: string
}

export const times = (ratio: number): string => `${ratio < 10 ? ratio.toFixed(2) : ratio.toFixed(0)} ×`
