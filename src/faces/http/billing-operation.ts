import { z } from 'zod'
import { AuditError } from '../../errors.ts'
import type { CallContext, Dependencies } from '../../tool.ts'
import { parseOutside } from '../../validation.ts'
import type { Admission } from './admission.ts'
import { badQuery } from './problem.ts'
import type { Route } from './routes.ts'

/** A route of the billing module as data. Its answer is what `run` returns, as `{"code":0,"data":…}`. */
export interface BillingOperation<I extends z.ZodObject = z.ZodObject, O extends z.ZodType = z.ZodType>
  extends Pick<Route, 'method' | 'path' | 'summary' | 'description' | 'access' | 'statuses'> {
  /** Under which it counts as an operation. */
  readonly name: string
  readonly input: I
  /** Of `data`. */
  readonly output: O
  run(given: z.output<I>, dependencies: Dependencies, context: CallContext, origin: string): Promise<z.input<O>>
}

/** One operation as data, its inputs and result checked against each other. */
export const operation = <I extends z.ZodObject, O extends z.ZodType>(
  given: BillingOperation<I, O>,
): BillingOperation => given as unknown as BillingOperation

/** The route of an operation, in the shape of the seed. */
export function billingRoute(of: BillingOperation, admission: Admission): Route {
  const { name, input, output, run, ...place } = of
  const takes = place.method === 'GET' ? 'query' : 'json'
  return {
    ...place,
    takes,
    input,
    output: z.strictObject({ code: z.literal(0), data: output }),
    tag: 'rules',
    paged: false,
    run: async (given, { dependencies, context, origin }) => {
      const asked = takes === 'query' ? queryOf(input, given) : parseOutside(input, given, { kind: 'input' })
      const data = await admission.run(name, context, async (within) =>
        run(asked, await dependencies(), within, origin),
      )
      return { code: 0, data }
    },
  }
}

/** A query without its equal is told apart from one with a value that is not accepted: 400 and 422. */
export function queryOf<I extends z.ZodObject>(schema: I, given: Readonly<Record<string, unknown>>): z.output<I> {
  const issue = schema.safeParse(given).error?.issues[0]
  const malformed =
    issue?.code === 'unrecognized_keys' || (issue?.code === 'invalid_type' && hasValue(given, issue.path))
  try {
    return parseOutside(schema, given, { kind: 'input' })
  } catch (error) {
    throw malformed && error instanceof AuditError ? badQuery(error) : error
  }
}

/** A parameter that is missing is of no wrong type. */
const hasValue = (given: Readonly<Record<string, unknown>>, [key]: readonly PropertyKey[]): boolean =>
  given[String(key)] !== undefined
