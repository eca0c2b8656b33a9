import { type Books, type Payment, type Reading, type RuleOutcome, unknown } from './books.ts'

/** Tells of a charge whether a refund row of its user that names no order is large enough to be its refund. */
export function unlinkedRefunds({ users }: Pick<Books, 'users'>): (userId: number, charge: bigint) => boolean {
  const payments = new Map<number, Reading<Payment>>(users.map(({ userId, payment }) => [userId, payment]))
  return (userId, charge) => {
    const payment = payments.get(userId)
    return payment?.known === true && charge > 0n && payment.value.unlinkedRefundedPoints >= charge
  }
}

/** What a rule says of users whose rows without an order leave it open. */
export const leftOpen = (userIds: Iterable<number>): RuleOutcome['notEvaluated'] =>
  [...userIds].map((userId) => ({ subject: { userId }, reason: unknown('links-unlinked').reason }))
