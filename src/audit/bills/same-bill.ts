import type { UsageRow } from '../../fal/reader.ts'

/** A line of a bill, as far as it tells whose bill it is. */
export interface BillLine {
  /** A key belongs to one workspace alone; null: the line names none. */
  readonly keyId: string | null
  /** What stays of the line while it grows: all but its quantity and cost. */
  readonly mark: string
  /** Its quantity and cost; absent: they are not held against those of other lines. */
  readonly amount?: string
}

/** What one reading of a bill tells of the workspace whose bill it is. */
export interface BillEvidence {
  /** The workspace; null: fal did not tell. */
  readonly name: string | null
  /** Accounts whose keys open the bill. */
  readonly members: readonly number[]
  /** What the lines are of: those of two kinds cannot be held against each other. */
  readonly kind: 'usage' | 'serverless' | 'focus'
  /** Called where the name does not tell, which is seldom. */
  readonly lines: () => readonly BillLine[]
  /** The keys that the lines name; absent: names of workspaces are not held against them. */
  readonly keyIds?: () => ReadonlySet<string>
  /** Whether these are all of its lines. */
  readonly whole: boolean
  /** Requests it bills, each as it bills it, whole or sampled alike in every reading of one bill; absent: not read. */
  readonly requests?: { readonly ids: ReadonlySet<string>; readonly whole: boolean }
}

/** Readings of one bill. */
export interface BillGroup<Reading> {
  /** Of them the named one first, if there is one. */
  readonly readings: readonly Reading[]
  /** Whether it is certain that no other group holds the same bill. Where not, the two must not be added up. */
  readonly sure: boolean
}

/** Which account a key id belongs to; null: several have it. */
type Owners = ReadonlyMap<string, number | null>

/**
 * Sorts readings by workspace: the one way to tell whether two bills are one. fal's own names decide, unless one bill stands
 * under two of them; where it told none, what the bills hold does. Groups with a name come first, each kind in the order given.
 */
export function groupBills<Reading>(
  readings: readonly Reading[],
  evidenceOf: (reading: Reading) => BillEvidence,
  owners: Owners,
): BillGroup<Reading>[] {
  const faces = readings.map((reading): Face<Reading> => new Face(reading, evidenceOf(reading)))
  faces.sort((a, b) => Number(a.told.name === null) - Number(b.told.name === null))
  const groups: Group<Reading>[] = []
  for (const face of faces) {
    const same = groups.filter((group) => group.faces.some((other) => sameness(other, face, owners) === 'same'))
    const [first, ...others] = same
    if (first === undefined) {
      groups.push({ faces: [face], sure: true })
      continue
    }
    first.faces.push(face)
    for (const other of others) join(groups, first, other)
  }
  for (const [index, a] of groups.entries()) {
    for (const b of groups.slice(index + 1)) {
      if (!a.faces.some((one) => b.faces.some((other) => sameness(one, other, owners) === 'doubtful'))) continue
      a.sure = false
      b.sure = false
    }
  }
  return groups.map(({ faces: each, sure }) => ({ readings: each.map(({ reading }) => reading), sure }))
}

interface Group<Reading> {
  readonly faces: Face<Reading>[]
  sure: boolean
}

/** A reading that is one with two groups makes them one, unless fal gave them two names. */
function join<Reading>(groups: Group<Reading>[], first: Group<Reading>, other: Group<Reading>): void {
  if (other.faces[0]?.told.name !== null) {
    first.sure = false
    other.sure = false
    return
  }
  first.faces.push(...other.faces)
  groups.splice(groups.indexOf(other), 1)
}

/** A reading, and what its lines tell, taken once. */
class Face<Reading> {
  readonly reading: Reading
  readonly told: BillEvidence
  #lines: readonly BillLine[] | undefined
  #keyIds: ReadonlySet<string> | undefined
  #marks: ReadonlySet<string> | undefined
  #amounts: ReadonlySet<string> | undefined

  constructor(reading: Reading, told: BillEvidence) {
    this.reading = reading
    this.told = told
  }

  get #all(): readonly BillLine[] {
    this.#lines ??= this.told.lines()
    return this.#lines
  }

  get keyIds(): ReadonlySet<string> {
    this.#keyIds ??= this.told.keyIds?.() ?? new Set(this.#all.flatMap(({ keyId }) => keyId ?? []))
    return this.#keyIds
  }

  get marks(): ReadonlySet<string> {
    this.#marks ??= new Set(this.#all.map(({ mark }) => mark))
    return this.#marks
  }

  /** Lines with what they amount to now, of those that tell it. */
  get amounts(): ReadonlySet<string> {
    this.#amounts ??= new Set(
      this.#all.flatMap(({ mark, amount }) => (amount === undefined ? [] : [`${mark} ${amount}`])),
    )
    return this.#amounts
  }
}

/**
 * Same: one names a key of the other, or a key or request of both. Different: fal named both as two, or each names keys or requests and
 * none in common. A few requests may be billed to two workspaces, but not half of them: where both were read whole, one in common says
 * nothing, nor does any where keys tell the two apart. Otherwise their lines decide: those of one bill, read twice within moments, are
 * all the same but for a few that came or grew meanwhile. So bills that share less than half of the lines of the shorter one are two;
 * others may be one.
 */
function sameness(a: Face<unknown>, b: Face<unknown>, owners: Owners): 'same' | 'different' | 'doubtful' {
  if (a.told.name !== null && b.told.name !== null) {
    if (isOneByTwoNames(a, b, owners)) return 'same'
    return mayBeOneByTwoNames(a, b) ? 'doubtful' : 'different'
  }
  if (isOneByKeys(a, b, owners)) return areOfRequests(a, b) && !shareRequests(a, b) ? 'doubtful' : 'same'
  const isOneKind = a.told.kind === b.told.kind
  if (isOneKind && areOfKeys(a, b)) return 'different'
  if (areOfRequests(a, b)) return shareRequests(a, b) ? 'same' : 'different'
  if (sharedOf(requestsOf(a), requestsOf(b)) > 0) return 'same'
  const shorter = Math.min(a.marks.size, b.marks.size)
  if (shorter === 0) return 'different'
  return !isOneKind || shareLines(a, b) ? 'doubtful' : 'different'
}

/**
 * That the username is the workspace's is inferred; it may be that of the person whose key it is. A key belongs to one
 * workspace: where both bills name one, or one names a key that opens the other, and both hold the same lines, it is one bill.
 * So it is where they hold the same lines and the same requests; and the same requests alone tell it where one of them shows no
 * line, since its usage could not be read: else each of these would be billed twice. Bills of other requests are two, whatever
 * key both name, and so are two that were read whole, of which one holds twice the lines of the other.
 */
function isOneByTwoNames(a: Face<unknown>, b: Face<unknown>, owners: Owners): boolean {
  if (a.told.keyIds === undefined || b.told.keyIds === undefined) return false
  if (areOfRequests(a, b) && !shareRequests(a, b)) return false
  if (Math.min(a.marks.size, b.marks.size) === 0) return areOfRequests(a, b)
  return (isOneByKeys(a, b, owners) || shareRequests(a, b)) && shareMost(a.marks, b.marks, lengthOf(a, b))
}

/**
 * Nor do two workspaces bill the same quantities at the same cost, but by chance: one of few lines may, beside one of many. Where
 * keys or requests tell them apart they do.
 */
const mayBeOneByTwoNames = (a: Face<unknown>, b: Face<unknown>): boolean =>
  a.told.keyIds !== undefined &&
  b.told.keyIds !== undefined &&
  !areOfKeys(a, b) &&
  !areOfRequests(a, b) &&
  shareMost(a.marks, b.marks, lengthOf(a, b)) &&
  shareMost(a.amounts, b.amounts)

/** Of two lists that were read whole the longer one must be shared; of one that breaks off no more is known than it holds. */
const lengthOf = (a: Face<unknown>, b: Face<unknown>) => (a.told.whole && b.told.whole ? Math.max : Math.min)

/** Whether both bills are known to name keys. */
const areOfKeys = (...both: readonly [Face<unknown>, Face<unknown>]): boolean =>
  both.every(({ told, keyIds }) => told.whole && keyIds.size > 0)

/** Whether the requests of both bills are known. */
const areOfRequests = (...both: readonly [Face<unknown>, Face<unknown>]): boolean =>
  both.every(({ told: { requests } }) => requests?.whole === true && requests.ids.size > 0)

/**
 * Readings of which one holds the same lines as the other, or names a key that opens it, and which no keys tell apart: where
 * groupBills takes them for two they are so by their names alone. Each two once.
 */
export function alikeReadings<Reading>(
  readings: readonly Reading[],
  evidenceOf: (reading: Reading) => BillEvidence,
  owners: Owners,
): [Reading, Reading][] {
  const faces = readings.map((reading): Face<Reading> => new Face(reading, evidenceOf(reading)))
  return faces.flatMap((a, index) =>
    faces
      .slice(index + 1)
      .flatMap((b): [Reading, Reading][] => (isAlike(a, b, owners) ? [[a.reading, b.reading]] : [])),
  )
}

function isAlike(a: Face<unknown>, b: Face<unknown>, owners: Owners): boolean {
  const isKeyless = [a, b].some(({ keyIds, told }) => keyIds.size === 0 || !told.whole)
  // What holds nothing cannot be counted twice.
  if (!isKeyless || Math.min(a.marks.size, b.marks.size) === 0) return false
  return isOneByKeys(a, b, owners) || shareLines(a, b)
}

const isOneByKeys = (a: Face<unknown>, b: Face<unknown>, owners: Owners): boolean =>
  sharedOf(a.keyIds, b.keyIds) > 0 || namesMember(a, b, owners) || namesMember(b, a, owners)

const shareLines = (a: Face<unknown>, b: Face<unknown>): boolean => shareMost(a.marks, b.marks)

/** Of a bill that holds few requests one may be billed elsewhere too: where both are known, half of all that the longer one holds. */
const shareRequests = (a: Face<unknown>, b: Face<unknown>): boolean =>
  shareMost(requestsOf(a), requestsOf(b), areOfRequests(a, b) ? Math.max : Math.min)

/** Whether two lists have half of the shorter one, or by Math.max of the longer one, in common, and anything at all. */
function shareMost(a: ReadonlySet<string>, b: ReadonlySet<string>, longerOf = Math.min): boolean {
  const length = longerOf(a.size, b.size)
  return Math.min(a.size, b.size) > 0 && sharedOf(a, b) * 2 >= length
}

const requestsOf = ({ told: { requests } }: Face<unknown>): ReadonlySet<string> => requests?.ids ?? NOTHING

const NOTHING: ReadonlySet<string> = new Set()

const namesMember = (a: Face<unknown>, b: Face<unknown>, owners: Owners): boolean =>
  [...a.keyIds].some((keyId) => b.told.members.some((accountId) => accountId === owners.get(keyId)))

function sharedOf(a: ReadonlySet<string>, b: ReadonlySet<string>): number {
  const [small, large] = a.size < b.size ? [a, b] : [b, a]
  let shared = 0
  for (const each of small) if (large.has(each)) shared += 1
  return shared
}

/** The keys that rows of usage name. */
export function keyIdsIn(rows: readonly UsageRow[]): Set<string> {
  const keyIds = new Set<string>()
  for (const { keyId } of rows) if (keyId !== null) keyIds.add(keyId)
  return keyIds
}

/** The lines of a bill of usage. */
export const usageLines = (rows: readonly UsageRow[]): (BillLine & { readonly amount: string })[] =>
  rows.map(({ bucketStart, model, unit, unitPrice, percentDiscount, keyId, login, quantity, costNanoUsd }) => ({
    keyId,
    mark: JSON.stringify([bucketStart, model, unit, unitPrice, percentDiscount, keyId, login]),
    amount: `${quantity} ${costNanoUsd}`,
  }))
