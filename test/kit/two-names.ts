import { apiKeyOf } from '../../src/demo/mini-world.ts'
import type { World } from '../../src/demo/stored-world.ts'

/** A world of accounts 5 and 7 in which fal tells the bill of each under the name of a person, with the events that it is left. */
export const twoNames = (
  world: World,
  keep: (accountId: number, keyId: string | undefined) => boolean = () => true,
): World => ({
  ...world,
  workspaces: world.workspaces.flatMap((workspace) =>
    [5, 7].map((accountId) => ({
      ...workspace,
      username: `person-${accountId}`,
      apiKeys: [apiKeyOf(accountId)],
      events: workspace.events.filter(({ keyId }) => keep(accountId, keyId)),
    })),
  ),
})
