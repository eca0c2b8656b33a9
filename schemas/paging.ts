import { z } from 'zod'
import { ownName } from './own-name.ts'
import { countInt } from './report.ts'

export const cursorInput = z.string().max(200).optional().describe('nextCursor of a result')

/** An output that the faces may cut to size: what was left out is counted, and nextCursor fetches it. */
export const pagedOutput = <S extends z.ZodRawShape>(shape: S) =>
  z.strictObject({
    ...shape,
    truncated: z.boolean().optional().describe('true where rows were left out of this result'),
    omitted: z.record(ownName, countInt).optional().describe('rows left out, by list'),
    nextCursor: z.string().optional().describe('give this as cursor to get the next part'),
    next: z.string().optional().describe('a useful next call'),
  })
