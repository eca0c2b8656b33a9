/** Points: the operator's unit of charge, an integer. One cent (分) of cash is one point. */
declare const pointsBrand: unique symbol
export type Points = bigint & { readonly [pointsBrand]: true }

export const ZERO_POINTS = 0n as Points

export const points = (count: bigint): Points => count as Points

export const addPoints = (a: Points, b: Points): Points => (a + b) as Points

export const subPoints = (a: Points, b: Points): Points => (a - b) as Points
