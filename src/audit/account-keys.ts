import type { AccountRow } from '../ledger/reader.ts'
import { keyIdOf } from '../units/api-key.ts'

/** The form in which whole keys are compared: as the database's own joins do, without case and surrounding blanks. */
const keyForm = (apiKey: string): string => apiKey.trim().toLowerCase()

/** Which account a task's key belongs to: the one way to ask. An empty key belongs to nobody. */
export function accountFinder(
  accounts: readonly Pick<AccountRow, 'accountId' | 'apiKey'>[],
): (apiKey: string) => number | undefined {
  const byKey = new Map<string, number>()
  for (const { apiKey, accountId } of accounts) {
    const form = keyForm(apiKey)
    if (form !== '' && !byKey.has(form)) byKey.set(form, accountId)
  }
  // Tasks name the same few keys millions of times.
  const seen = new Map<string, number | undefined>()
  return (apiKey) => {
    if (!seen.has(apiKey)) seen.set(apiKey, byKey.get(keyForm(apiKey)))
    return seen.get(apiKey)
  }
}

/** Which account a key id of the bill belongs to; null where several accounts have it, so that it tells none of them. */
export function keyIdOwners(accounts: readonly AccountRow[]): Map<string, number | null> {
  const owners = new Map<string, number | null>()
  for (const { apiKey, accountId } of accounts) {
    const keyId = keyIdOf(apiKey)
    if (keyId !== null) owners.set(keyId, owners.has(keyId) ? null : accountId)
  }
  return owners
}
