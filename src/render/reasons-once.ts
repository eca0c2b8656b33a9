import type { NotEvaluated, SourceStatus } from '../../schemas/report.ts'

/**
 * The checks that could not be made, each of them, with why a source of an account was not read told once: twenty keys without
 * permission leave ten rules open each, and to say so two hundred times takes twelve answers. `coverage.sources` has it by account.
 */
export function reasonsOnce<Check extends NotEvaluated>(
  notEvaluated: readonly Check[],
  sources: readonly SourceStatus[],
): Check[] {
  const byAccount = new Map<number, Set<string>>()
  for (const { accountId, reason } of sources) {
    if (accountId === undefined || reason === undefined) continue
    const own = byAccount.get(accountId) ?? new Set()
    byAccount.set(accountId, own.add(reason))
  }
  const told = new Set<string>()
  return notEvaluated.map((check) => {
    const { subject, reason } = check
    const own = subject.accountId === undefined ? undefined : byAccount.get(subject.accountId)
    const why = [...(own ?? [])].find((each) => reason.length > each.length && reason.endsWith(each))
    if (why === undefined) return check
    if (told.has(why)) return { ...check, reason: reason.slice(0, -why.length).replace(/[:：]\s*$/, '') }
    told.add(why)
    return check
  })
}
