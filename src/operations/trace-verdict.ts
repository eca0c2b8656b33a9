import type { SourceStatus } from '../../schemas/report.ts'
import type { TracedTask, TraceVerdict } from '../../schemas/task-trace.ts'
import type { TraceJudgement } from '../audit/report/task-trace.ts'
import type { RequestGroup } from '../audit/requests/request-group.ts'
import { requestVerdict } from '../audit/requests/verdict.ts'
import type { TaskVerdict } from '../audit/rules/facts.ts'
import { isEndUntold } from '../audit/rules/task-end.ts'
import type { TaskRow } from '../ledger/reader.ts'
import { cleanText } from '../render/clean.ts'
import { type TraceFacts, traceSentence } from '../render/trace-words.ts'
import type { Lang } from '../render/vocabulary.ts'
import type { Thresholds } from '../settings.ts'
import { shortKeyId } from '../units/api-key.ts'
import { jsonPoints } from '../units/exact.ts'
import { HOUR, type Instant, NO_REAL_TIME } from '../units/instant.ts'
import { formatUsd, subNanoUsd } from '../units/nano-usd.ts'
import type { Zone } from '../units/zone.ts'
import type { TraceBill } from './trace-bill.ts'

/** Ids are kept whole, so that they can be looked up. */
const ID_CHARS = 255

/** What a verdict is put into words with. */
export interface Told {
  readonly lang: Lang
  readonly zone: Zone
  readonly asOf: Instant
  readonly thresholds: Thresholds
  readonly bill: TraceBill
  /** Tasks of whose bill nobody can tell after all, by row, and why. */
  readonly open: ReadonlyMap<number, string>
  readonly userNames: ReadonlyMap<number, string>
}

/** The gravest first: of several tasks, what the id as a whole is said to be. */
const GRAVITY: readonly TraceVerdict[] = [
  ...(['unrecorded', 'unbilled', 'duplicate', 'failed-but-billed', 'refunded-but-billed', 'amount'] as const),
  ...(['without-id', 'not-evaluated', 'pending', 'unfinished', 'ledger-only', 'nothing-due', 'matched'] as const),
]

export const gravest = <T extends { readonly verdict: TraceVerdict }>(tasks: readonly T[]): T | undefined =>
  [...tasks].sort((a, b) => GRAVITY.indexOf(a.verdict) - GRAVITY.indexOf(b.verdict))[0]

/** A task as it is shown, with the audit's standing of it said in one word and one sentence. */
export function tracedTask(
  row: TaskRow,
  judged: TaskVerdict | undefined,
  named: boolean,
  claimedBy: string,
  told: Told,
): TracedTask {
  const { zone, lang } = told
  const isKnown = judged !== undefined && !told.open.has(row.rowId)
  const verdict = isKnown ? requestVerdict(judged, isRepeated(row, told), told.thresholds) : 'not-evaluated'
  const userName = row.userUntold === true ? undefined : told.userNames.get(row.userId)
  // Without a request id fal cannot be asked, whatever else is known of the task.
  const read = isKnown && judged.standing !== 'not-evaluated' && row.requestId !== ''
  return {
    ...(row.taskId !== '' && { taskId: cleanText(row.taskId, ID_CHARS) }),
    ...(row.requestId !== '' && { requestId: cleanText(row.requestId, ID_CHARS) }),
    rowId: row.rowId,
    named,
    accountId: judged?.accountId ?? null,
    keyId: shortKeyId(row.apiKey),
    userId: row.userUntold === true ? null : row.userId,
    ...(userName !== undefined && { userName: cleanText(userName) }),
    model: cleanText(row.model),
    status: row.status,
    chargedPoints: row.chargeUntold === true ? null : jsonPoints(row.chargedPoints),
    costUsd: row.costUntold === true ? null : formatUsd(row.costNanoUsd),
    billedUsd: read ? formatUsd(judged.billedNanoUsd) : null,
    refunded: row.refunded,
    ...(row.createdAt !== NO_REAL_TIME && { createdAt: zone.format(row.createdAt) }),
    ...(row.completedAt !== null && { completedAt: zone.format(row.completedAt) }),
    ...(row.endUntold === true && { completedAtUnread: true }),
    verdict,
    sentence: traceSentence(verdict, taskFacts(row, judged, claimedBy, told), lang),
  }
}

const isRepeated = ({ requestId }: TaskRow, { bill }: Told): boolean =>
  bill.repeated.some(({ event }) => event.requestId === requestId)

function taskFacts(row: TaskRow, judged: TaskVerdict | undefined, claimedBy: string, told: Told): TraceFacts {
  const billed = judged?.billedNanoUsd
  const { bill, thresholds } = told
  const standing = judged?.standing
  return {
    billedUsd: billed === undefined ? '0' : formatUsd(billed),
    recordedUsd: formatUsd(row.costNanoUsd),
    differenceUsd: billed === undefined ? '0' : formatUsd(subNanoUsd(row.costNanoUsd, billed)),
    events: judged?.events.length ?? 0,
    status: row.status,
    refunded: row.refunded,
    repeated: standing === 'matched' && bill.repeated.some(({ event }) => event.requestId === row.requestId),
    claimedBy,
    lagHours: thresholds.settlementLagMillis / HOUR,
    unattributed: false,
    asked: row.requestId !== '',
    allRead: bill.status === 'read',
    reason: told.open.get(row.rowId) ?? reasonOf(judged, bill),
    eventsRead: told.open.has(row.rowId),
    end: row.endUntold === true ? 'unread' : isEndUntold(row, told.asOf) ? 'ahead' : 'told',
    costUntold: row.costUntold === true && judged !== undefined && standing !== 'not-evaluated',
  }
}

/** Why nothing is said of a task's bill; '' where its key is in no account row. */
const reasonOf = (judged: TaskVerdict | undefined, { sources }: TraceBill): string =>
  (judged?.accountId ?? null) === null ? '' : unreadReason(sources, judged?.accountId)

/** Why a bill was not read: that of the account, where one is told. */
function unreadReason(sources: readonly SourceStatus[], accountId?: number | null): string {
  const unread = sources.filter(({ status }) => status !== 'complete')
  const own = unread.find((source) => source.accountId === accountId) ?? unread[0]
  return own?.reason ?? 'it was not read whole'
}

/** What is said of an id that no task bears: fal bills it, only the ledgers know it, or the bill could not be read. */
export function tasklessVerdict(
  judgement: Pick<TraceJudgement, 'groups' | 'unrecorded' | 'notEvaluated'> | undefined,
  { bill, lang, thresholds }: Told,
): { verdict: TraceVerdict; sentence: string } {
  const group = judgement?.groups[0]
  const verdict = group === undefined ? unbilledVerdict(bill) : orphanVerdict(group, judgement?.unrecorded)
  const facts: TraceFacts = {
    billedUsd: group === undefined ? '0' : formatUsd(group.costNanoUsd),
    recordedUsd: '0',
    differenceUsd: '0',
    events: group?.events.length ?? 0,
    status: null,
    refunded: false,
    repeated: false,
    claimedBy: '',
    lagHours: thresholds.settlementLagMillis / HOUR,
    unattributed: group?.owner === 'unattributed' && judgement?.unrecorded.has(group.requestId) !== true,
    asked: bill.since !== null,
    allRead: bill.status === 'read',
    reason: judgement?.notEvaluated.find(({ rule }) => rule === 'B1')?.reason ?? unreadReason(bill.sources),
    eventsRead: group !== undefined,
    end: 'told',
    costUntold: false,
  }
  return { verdict, sentence: traceSentence(verdict, facts, lang) }
}

const unbilledVerdict = ({ status }: TraceBill): TraceVerdict =>
  status === 'unread' || status === 'partial' ? 'not-evaluated' : 'ledger-only'

/** As B1 has it: what costs nothing is not unrecorded; of a key or login that no account row holds B1 says nothing. */
function orphanVerdict(
  { owner, requestId, costNanoUsd }: RequestGroup,
  unrecorded?: ReadonlySet<string>,
): TraceVerdict {
  if (unrecorded?.has(requestId) === true) return 'unrecorded'
  if (costNanoUsd <= 0n) return 'nothing-due'
  return owner === 'unattributed' ? 'unrecorded' : 'not-evaluated'
}
