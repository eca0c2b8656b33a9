import { AuditError, inputError, shortened } from '../errors.ts'
import type { JsonObject, Pager } from '../paging.ts'
import type { CallContext, OpenDependencies, Tool } from '../tool.ts'
import { parseOutside } from '../validation.ts'
import { nearest } from './nearest.ts'

/** Validates the arguments of a call and runs the tool. Returns its whole result. */
export async function runTool(
  tool: Tool,
  given: JsonObject,
  dependencies: OpenDependencies,
  context: CallContext,
): Promise<JsonObject> {
  // Agents fill optional inputs with null; it says the same as leaving them out.
  const filled = Object.fromEntries(Object.entries(given).filter(([, value]) => value !== null))
  const input = parseOutside(tool.input, filled, { kind: 'input' })
  return tool.run(input, await dependencies({ despiteProblems: tool.diagnoses === true }), context)
}

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
    return pager.next(tool.name, cursor)
  }
  return pager.first(tool.name, await runTool(tool, given, dependencies, context), tool.lists, tool)
}

/** The error for a name that is no tool's: names the nearest ones. */
export function unknownTool(name: string, known: readonly string[]): AuditError {
  const close = nearest(name, known)
  const accepted = (close.length > 0 ? close : known).join(', ')
  return new AuditError('input', `there is no tool "${shortened(name, 80)}"; accepted: ${accepted}`, {
    field: 'name',
    accepted,
  })
}
