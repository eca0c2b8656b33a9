import type { PriceReader } from '../audit/collect.ts'
import { known, unknown } from '../audit/rules/books.ts'
import { NO_PRICES } from '../audit/rules/prices.ts'
import { priceBook } from '../billing/price-book.ts'
import type { RuleVersion } from '../billing/rule.ts'
import { AuditError, throwIfAborted } from '../errors.ts'
import type { CallContext, Dependencies } from '../tool.ts'

const UNREADABLE: ReadonlySet<AuditError['kind']> = new Set(['configuration', 'source'])

/**
 * Reads the price rules, once, and the levels of the users who are judged by them. What cannot be read is a reason, and
 * the audit goes on without it.
 */
export function priceReader({ billing, settings }: Dependencies, { signal }: Pick<CallContext, 'signal'>): PriceReader {
  let rules: Promise<readonly RuleVersion[]> | undefined
  return async (snapshot, userIds) => {
    let read: 'prices' | 'levels' = 'prices'
    try {
      rules ??= billing.rules()
      const versions = await rules
      if (versions.length === 0) return known(NO_PRICES)
      read = 'levels'
      const levels = await snapshot.userLevels(userIds)
      return known(
        priceBook(versions, levels, {
          defaultLevel: settings.billing.defaultMembershipLevel,
          aliases: settings.modelAliases,
          pointsPerUsd: settings.pointsPerUsd,
        }),
      )
    } catch (cause) {
      throwIfAborted(signal)
      if (!(cause instanceof AuditError) || !UNREADABLE.has(cause.kind)) throw cause
      return unknown(read === 'prices' ? 'prices-unread' : 'levels-unread', {
        detail: cause.message,
        failure: cause.failure ?? '',
      })
    }
  }
}
