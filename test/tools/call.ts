import type { z } from 'zod'
import type { World } from '../../src/demo/stored-world.ts'
import { AuditError } from '../../src/errors.ts'
import { runTool } from '../../src/faces/run-tool.ts'
import type { Dependencies, Tool } from '../../src/tool.ts'
import { quietContext } from '../kit/audit-world.ts'

/** Runs a tool as a face does, and holds its result to the schema, to JSON, and to saying nothing secret of the world. */
export async function call<I extends z.ZodObject, O extends z.ZodObject>(
  tool: Tool<I, O>,
  given: Record<string, unknown>,
  dependencies: Dependencies,
  world?: World,
): Promise<z.output<O>> {
  const result = await runTool(tool, given, async () => dependencies, quietContext())
  const text = JSON.stringify(result)
  for (const secret of secretsOf(world)) if (text.includes(secret)) throw new Error(`${tool.name} tells ${secret}`)
  const parsed = tool.output.parse(result)
  if (text !== JSON.stringify(JSON.parse(text))) throw new Error('the result is no plain JSON')
  return parsed
}

/** Whole keys, their secret halves, whole key ids and logins: none of them may be shown. */
function secretsOf(world: World | undefined): string[] {
  const keys = (world?.workspaces ?? []).flatMap(({ apiKeys }) => apiKeys)
  const logins = (world?.workspaces ?? []).flatMap(({ events }) => events.flatMap(({ login }) => login ?? []))
  return [...keys.flatMap((key) => [key, ...key.split(':')]), ...logins]
}

/** The error that a call throws, in the parts that a caller sees. */
export async function refusal(
  tool: Tool,
  given: Record<string, unknown>,
  dependencies: Dependencies,
): Promise<Pick<AuditError, 'kind' | 'field' | 'message' | 'accepted'>> {
  try {
    await runTool(tool, given, async () => dependencies, quietContext())
  } catch (error) {
    if (!(error instanceof AuditError)) throw error
    const { kind, field, message, accepted } = error
    return { kind, field, message, accepted }
  }
  throw new Error(`${tool.name} accepted ${JSON.stringify(given)}`)
}
