/** Points: the operator's unit of charge, an integer. One cent (分) of cash is one point. */
declare const pointsBrand: unique symbol
export type Points = bigint & { readonly [pointsBrand]: true }

/** A point is a cent: of a yuan there are so many. */
export const POINTS_PER_CNY = 100n

export const ZERO_POINTS = 0n as Points

export const points = (count: bigint): Points => count as Points

/** The points of a whole number; those of nought are one for all. */
export const wholePoints = (count: number): Points => (count === 0 ? ZERO_POINTS : points(BigInt(count)))

export const addPoints = (a: Points, b: Points): Points => (a + b) as Points

export const subPoints = (a: Points, b: Points): Points => (a - b) as Points
