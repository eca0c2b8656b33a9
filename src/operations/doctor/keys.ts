import type { Line } from '../../../schemas/doctor.ts'
import type { AccountBilling, FalReader, Fetched, FetchFailure } from '../../fal/reader.ts'
import { shortKeyId } from '../../units/api-key.ts'
import { HOUR, type Instant, MINUTE, plus } from '../../units/instant.ts'
import type { Zone } from '../../units/zone.ts'
import { checked, counted, failure, ok, unverified, warning } from './lines.ts'

/** A key that audits will use. */
export interface CheckedKey {
  /** Such as "account 5". */
  readonly holder: string
  readonly apiKey: string
  /** The account is switched off; its key may be revoked with good reason. */
  readonly disabled: boolean
}

export interface KeyParts {
  readonly fal: FalReader
  /** Host and port of the proxy that fal is asked through. */
  readonly proxy: string | undefined
  readonly zone: Zone
  readonly now: Instant
  readonly signal: AbortSignal
}

const RIGHTS = ['usage', 'billing events', 'balance'] as const
type Right = (typeof RIGHTS)[number]

/** What fal answered one key; short stretches, asked only to see whether the key may. */
type Answers = Readonly<Record<Right, Fetched<unknown>>> & { readonly balance: Fetched<AccountBilling> }

const REFUSED: ReadonlySet<FetchFailure> = new Set(['unauthorized', 'forbidden'])
/** Fal heard nothing, or nobody heard its answer. */
const NOT_REACHED: ReadonlySet<FetchFailure> = new Set(['unreachable', 'untrusted', 'proxy-refused'])
/** Answers that fal does not give: somebody else answers at that address. */
const NOT_FAL: ReadonlySet<FetchFailure> = new Set(['not-found', 'bad-answer'])

/** One line whether fal can be reached at all, and one a key: what it may read. */
export async function examineKeys(keys: readonly CheckedKey[], parts: KeyParts): Promise<readonly Line[]> {
  const asked = new Map<CheckedKey, Answers>()
  const unasked = await Promise.all(
    keys.map((key) =>
      checked('fal-key', subjectOf(key), async () => {
        asked.set(key, await askRights(key.apiKey, parts))
        return []
      }),
    ),
  )
  const lines = keys.flatMap((key, index) => {
    const answers = asked.get(key)
    return answers === undefined ? (unasked[index] ?? []) : keyLine(key, answers, standInFor(answers, asked))
  })
  return [reachLine([...asked.values()], keys.length, parts.proxy), ...lines]
}

const subjectOf = ({ holder, apiKey }: CheckedKey): string => `${holder}, key ${shortKeyId(apiKey)}`

/** Who holds another key of the same workspace that may read what this one may not: an audit of both reads it by that one. */
function standInFor(own: Answers, asked: ReadonlyMap<CheckedKey, Answers>): string | undefined {
  const name = workspaceOf(own)
  if (name === undefined) return undefined
  const reads = (other: Answers): boolean =>
    RIGHTS.every((right) => own[right].status !== 'failed' || other[right].status === 'complete')
  return [...asked].find(([, other]) => other !== own && workspaceOf(other) === name && reads(other))?.[0].holder
}

const workspaceOf = ({ balance }: Answers): string | undefined =>
  balance.status === 'failed' ? undefined : balance.value.username

async function askRights(apiKey: string, { fal, zone, now, signal }: KeyParts): Promise<Answers> {
  const hour = { start: plus(now, -HOUR), end: now }
  const minute = { start: plus(now, -MINUTE), end: now }
  const [balance, usage, events] = await Promise.all([
    fal.billing(apiKey, signal),
    fal.usage(apiKey, { range: hour, zone, timeframe: 'day' }, signal),
    fal.events(apiKey, { range: minute }, signal),
  ])
  return { usage, 'billing events': events, balance }
}

function keyLine(key: CheckedKey, answers: Answers, standIn: string | undefined): Line {
  const subject = subjectOf(key)
  const failed = RIGHTS.flatMap((right) => {
    const answer = answers[right]
    return answer.status === 'failed' ? [{ right, ...answer }] : []
  })
  const may = RIGHTS.filter((right) => answers[right].status !== 'failed')
  const refused = failed.filter((each) => REFUSED.has(each.failure))
  const reads = may.length === 0 ? 'may read nothing' : `may read ${may.join(', ')}`
  if (failed.length === 0) return ok('fal-key', { subject, seen: reads })
  const told = [...new Set(failed.map(({ reason }) => reason))].join('; ')
  const read = standIn === undefined ? '' : `, which the key of ${standIn} reads for the workspace of both`
  // A key that nobody answered may read all, for what was seen.
  const unseen = may.length === 0 && refused.length === 0
  const seen = unseen
    ? `not known what it may read: ${told}`
    : `${reads}; not ${failed.map(({ right }) => right).join(', ')}${read}: ${told}`
  if (refused.length === 0) return unverified('fal-key', { subject, seen })
  const withoutUsage = failed.some(({ right }) => right === 'usage')
  const remedy = `${ADMIN_KEY}; until then ${standIn === undefined ? 'this account' : 'an audit of this account alone'} is reported as unverified`
  const todo = refused.length === failed.length ? remedy : `${remedy}; then look again, since not all was answered`
  if (key.disabled) return warning('fal-key', { subject, seen: `of a disabled account: ${seen}`, todo })
  return (withoutUsage && standIn === undefined ? failure : warning)('fal-key', { subject, seen, todo })
}

const ADMIN_KEY = 'store an admin key, or a key with billing read permission, made at https://fal.ai/dashboard/keys'

// Somebody is reached there: no firewall has to be opened.
const CERTIFICATE =
  'see that FAL_API_BASE_URL and the clock of this machine are right; where a proxy or filter in between is meant to answer for fal, name its authority in NODE_EXTRA_CA_CERTS'

function reachLine(answers: readonly Answers[], keyCount: number, proxy: string | undefined): Line {
  const through = proxy === undefined ? '' : `, through the proxy ${proxy}`
  const all = answers.flatMap((answer) => RIGHTS.map((right) => answer[right]))
  const failures = all.flatMap((answer) => (answer.status === 'failed' ? [answer] : []))
  const only = (kinds: (failure: FetchFailure) => boolean): boolean =>
    all.length > 0 && failures.length === all.length && failures.every((each) => kinds(each.failure))
  const [first] = failures
  if (all.length === 0) return unverified('fal-api', { seen: keyCount === 0 ? NO_KEY : 'fal was not asked to the end' })
  if (only((kind) => NOT_REACHED.has(kind))) {
    return failure('fal-api', {
      seen: first?.reason ?? 'fal cannot be reached',
      todo:
        proxy !== undefined
          ? `fal is asked through the proxy ${proxy}: mend what the line says of it, or the variable that names it`
          : first?.failure === 'untrusted'
            ? CERTIFICATE
            : 'let this machine reach the address in FAL_API_BASE_URL (HTTPS, port 443), by a firewall rule, another network or a proxy that HTTPS_PROXY names',
    })
  }
  if (only((kind) => NOT_FAL.has(kind))) {
    return failure('fal-api', {
      seen: `no answer is one of fal${through}: ${first?.reason}`,
      todo: 'mend FAL_API_BASE_URL',
    })
  }
  const answered = answers.filter((answer) => RIGHTS.some((right) => isOfFal(answer[right]))).length
  if (answered === 0) return unverified('fal-api', { seen: first?.reason ?? NO_KEY })
  return ok('fal-api', { seen: `fal answered ${answered} of ${counted(keyCount, 'key')}${through}` })
}

/** Whether fal said something; a key of a wrong form is never sent. */
const isOfFal = (answer: Fetched<unknown>): boolean =>
  answer.status !== 'failed' || (!NOT_REACHED.has(answer.failure) && answer.reason.startsWith('fal '))

const NO_KEY = 'there is no key to ask with'
