import { isDeepStrictEqual } from 'node:util'
import { AuditError, inputError, shortened, wordsOf } from '../errors.ts'
import { nearest } from '../nearest.ts'
import type { JsonObject, Pager } from '../paging.ts'
import type { CallContext, OpenDependencies, Tool } from '../tool.ts'
import { parseOutside } from '../validation.ts'
import { howToSwitchOn } from './switched-off.ts'

const ACCOUNTS_LISTED = 'fal-list-accounts lists the accounts: their names with their ids.'
const USERS_LISTED = 'tasks-by-user without user_ids lists the users of a window: their names with their ids.'

/** Validates the arguments of a call and runs the tool. Returns its whole result. */
export async function runTool(
  tool: Tool,
  given: JsonObject,
  dependencies: OpenDependencies,
  context: CallContext,
): Promise<JsonObject> {
  return run(tool, inputOf(tool, given), dependencies, context)
}

/** Agents fill optional inputs with null; it says the same as leaving them out. */
const filled = (given: JsonObject): JsonObject =>
  Object.fromEntries(Object.entries(given).filter(([, value]) => value !== null))

const inputOf = (tool: Tool, given: JsonObject) =>
  parseOutside(tool.input, filled(given), { kind: 'input', next: whereIdsAre })

/** Where ids are told, by input: a person names accounts and users by their names. */
const ID_LISTS: Readonly<Record<string, string>> = {
  ...{ ids: ACCOUNTS_LISTED, account_id: ACCOUNTS_LISTED },
  ...{ user_ids: USERS_LISTED, user_id: USERS_LISTED },
}

const whereIdsAre = (field: string, found: unknown): string | undefined =>
  typeof found === 'string' && /[^\d\s,]/.test(found) ? ID_LISTS[field.split('.')[0] ?? ''] : undefined

const run = async (
  tool: Tool,
  input: JsonObject,
  dependencies: OpenDependencies,
  context: CallContext,
): Promise<JsonObject> => tool.run(input, await dependencies({ despiteProblems: tool.diagnoses === true }), context)

/** As runTool, cut to one page. A cursor brings the next page of an earlier result without running anything. */
export async function runToolPaged(
  tool: Tool,
  given: JsonObject,
  pager: Pager,
  dependencies: OpenDependencies,
  context: CallContext,
): Promise<JsonObject> {
  const { cursor } = given
  if (cursor !== undefined && cursor !== null && cursor !== '' && 'cursor' in tool.input.shape) {
    if (typeof cursor !== 'string') throw inputError('cursor', cursor, 'the nextCursor of an earlier result')
    const page = pager.next(tool.name, cursor)
    refuseOthers(tool, given, pager.askedWith(cursor))
    return page
  }
  const input = inputOf(tool, given)
  const page = pager.first(tool.name, await run(tool, input, dependencies, context), tool.lists, tool)
  pager.remember(page, input)
  return page
}

/**
 * Throws an input error for the first input beside a cursor that is not the one its result was asked with: the rows of
 * another question would be taken for an answer to it.
 */
function refuseOthers(tool: Tool, given: JsonObject, asked: JsonObject = {}): void {
  // What a call without a cursor needs is not needed beside one.
  const input: JsonObject = parseOutside(tool.input.partial(), filled(given), { kind: 'input' })
  const isOther = (field: string): boolean => !isDeepStrictEqual(wordless(input[field]), wordless(asked[field]))
  const field = Object.keys(filled(given)).find((each) => each !== 'cursor' && isOther(each))
  if (field === undefined) return
  const shown = shortened(wordsOf(given[field], String), 80)
  const accepted = 'cursor alone, or with the inputs of the call that returned it'
  throw new AuditError(
    'input',
    `${field}: "${shown}" is not used with cursor, which goes on with a result as it was asked for; give ${accepted}`,
    { field, value: shown, accepted, next: `For another ${field} call ${tool.name} without cursor.` },
  )
}

/** A list of nothing says no more than none. */
const wordless = (value: unknown): unknown => (Array.isArray(value) && value.length === 0 ? undefined : value)

/** The error for a name that is no tool's: names the nearest ones. */
export function unknownTool(name: string, known: readonly string[]): AuditError {
  const close = nearest(name, known)
  const accepted = (close.length > 0 ? close : known).join(', ')
  return new AuditError('input', `there is no tool "${shortened(name, 80)}"; accepted: ${accepted}`, {
    field: 'name',
    accepted,
    next: howToSwitchOn(name),
  })
}
