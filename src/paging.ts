import { randomBytes } from 'node:crypto'
import type { z } from 'zod'
import { AuditError, shortened } from './errors.ts'
import { LIMITS } from './limits.ts'

/** A JSON object as a tool returns it. */
export type JsonObject = Readonly<Record<string, unknown>>

/** Cuts whole results to pages, and keeps what was cut for the calls that come back with its cursor. */
export interface Pager {
  /** The first page of a whole result; the result itself where it fits. */
  first(tool: string, whole: JsonObject, lists: readonly string[], more?: ResultParts): JsonObject
  /** The page that a cursor names. Throws AuditError of kind 'input' where the cursor is unknown. */
  next(tool: string, cursor: string): JsonObject
  /** Keeps beside a first page what was asked for, as long as its cursor is good. */
  remember(firstPage: JsonObject, asked: JsonObject): void
  /** What the result of a cursor was asked with; undefined where that is not known. */
  askedWith(cursor: string): JsonObject | undefined
}

export interface ResultParts {
  /** What its tool holds the result to. */
  readonly output?: z.ZodType
  /** Fields that are told on the first page alone; none of the lists. */
  readonly firstPageOnly?: readonly string[]
}

export interface PagerOptions {
  /** Most characters of a page, as JSON with two blanks of indent. */
  readonly resultChars?: number
  /**
   * Makes a result fit to leave, secrets blanked out: before it is cut, as half of one is hardly known, and a page would grow. It is
   * given the fields that are no list, and the items of lists as they come on a page, each where it stands in the result.
   */
  readonly clean?: (part: JsonObject, output: z.ZodType | undefined) => JsonObject
  readonly resultsKept?: number
  /** List items kept in memory over all results. */
  readonly itemsKept?: number
}

const RESULTS_KEPT = 16
const ITEMS_KEPT = 1_000_000
/** How hard a text or list that is too large alone is cut, mildest first. No enum, amount or instant reaches 64 characters. */
const CUTS: readonly Cut[] = [
  { textChars: 1000, items: 50 },
  { textChars: 400, items: 10 },
  { textChars: 160, items: 3 },
  { textChars: 64, items: 0 },
]
/** Share of a page that the fields outside the lists may take. */
const HEAD_SHARE = 0.75
/** A result of so many items is made fit to leave in one go, and looked at whether it is one page. */
const FEW_ITEMS = 64

interface Cut {
  readonly textChars: number
  readonly items: number
}

interface Item {
  readonly path: string
  readonly value: unknown
}

interface Kept {
  readonly tool: string
  /** The fields that are no list, with empty lists in place. */
  readonly head: JsonObject
  /** What the head itself lost, by path; every page says so. */
  readonly headOmitted: Readonly<Record<string, number>> | undefined
  /** The same of the pages behind the first. */
  readonly later: Pick<Kept, 'head' | 'headOmitted'>
  /** As the tool returned them: a month may have millions, and hardly anyone asks for all pages. */
  readonly items: readonly Item[]
  readonly clean: (item: Item) => Item
  readonly lists: readonly string[]
  /** How many items each list has; one list comes after another. */
  readonly counts: ReadonlyMap<string, number>
  /** Where the pages begin that a cursor was given for. */
  readonly starts: Set<string>
}

/**
 * Makes a pager. The lists of a result count as one sequence, in the order given; a page repeats the fields that are no
 * list, but for those of the first page alone, and holds as many items as fit. An item too large for a page of its own is cut in its texts and lists.
 */
export function createPager(options: PagerOptions = {}): Pager {
  const resultChars = options.resultChars ?? LIMITS.resultChars
  const resultsKept = options.resultsKept ?? RESULTS_KEPT
  const itemsKept = options.itemsKept ?? ITEMS_KEPT
  const kept = new Map<string, Kept>()
  const asked = new WeakMap<Kept, JsonObject>()

  const keep = (id: string, entry: Kept): void => {
    kept.delete(id)
    kept.set(id, entry)
    let itemCount = [...kept.values()].reduce((sum, each) => sum + each.items.length, 0)
    for (const [oldId, old] of kept) {
      if (oldId === id || (kept.size <= resultsKept && itemCount <= itemsKept)) break
      kept.delete(oldId)
      itemCount -= old.items.length
    }
  }

  return {
    first(tool, result, lists, { output, firstPageOnly = [] } = {}) {
      const cleaned = (part: JsonObject): JsonObject => options.clean?.(part, output) ?? part
      const clean = ({ path, value }: Item): Item => ({ path, value: onlyItem(cleaned(alone(path, value)), path) })
      const items = itemsOf(result, lists)
      if (mayFit(items, clean, resultChars)) {
        const whole = cleaned(result)
        if (charsOf(whole) <= resultChars) return whole
      }
      const id = randomBytes(9).toString('base64url')
      const head = cleaned(lists.reduce((part, path) => withList(part, path.split('.'), []), result))
      const later = fitHead(without(head, firstPageOnly), resultChars)
      const starts = new Set(['0'])
      const counts = new Map(lists.map((path) => [path, listAt(result, path)?.length ?? 0]))
      const entry: Kept = { tool, ...fitHead(head, resultChars), later, items, clean, lists, counts, starts }
      keep(id, entry)
      return cutPage(entry, id, 0, resultChars)
    },
    next(tool, cursor) {
      const [, id = '', offset = ''] = /^([\w-]{12})\.(\d{1,9})$/.exec(cursor) ?? []
      const entry = kept.get(id)
      // Of a cursor that was copied badly, rows would be skipped, or told twice.
      if (entry === undefined || entry.tool !== tool || !entry.starts.has(offset)) throw unknownCursor(tool, cursor)
      keep(id, entry)
      return cutPage(offset === '0' ? entry : { ...entry, ...entry.later }, id, Number(offset), resultChars)
    },
    remember({ nextCursor }, input) {
      const entry = kept.get(idOf(nextCursor))
      if (entry !== undefined) asked.set(entry, input)
    },
    askedWith(cursor) {
      const entry = kept.get(idOf(cursor))
      return entry === undefined ? undefined : asked.get(entry)
    },
  }
}

const idOf = (cursor: unknown): string => String(cursor).split('.')[0] ?? ''

function unknownCursor(tool: string, cursor: string): AuditError {
  const shown = shortened(cursor, 80)
  return new AuditError('input', `cursor: "${shown}" is unknown or has expired`, {
    field: 'cursor',
    value: shown,
    accepted: `a nextCursor that ${tool} returned a short while ago`,
    next: `Call ${tool} again without cursor, with the inputs of the first call.`,
  })
}

const charsOf = (value: unknown): number => JSON.stringify(value, null, 2).length

/** Whether a result of these items may be one page: not where the items alone are more. */
function mayFit(items: readonly Item[], clean: Kept['clean'], resultChars: number): boolean {
  if (items.length <= FEW_ITEMS) return true
  let chars = 0
  for (const item of items) {
    chars += JSON.stringify(clean(item).value)?.length ?? 0
    if (chars > resultChars) return false
  }
  return true
}

/** The page that starts at an item. At least one item goes on it, so that following the cursors ends. */
function cutPage(entry: Kept, id: string, offset: number, resultChars: number): JsonObject {
  const { items } = entry
  const left = items.length - offset
  const cleaned: Item[] = []
  const upTo = (count: number): Item[] => {
    for (const item of items.slice(offset + cleaned.length, offset + count)) cleaned.push(entry.clean(item))
    return cleaned.slice(0, count)
  }
  // The trailer as large as it can get: measured with it, a page only grows with its items, so that search is sound.
  const reserve = trailer(entry, offset, `${id}.${items.length}`)
  const fits = (count: number): boolean => charsOf(assemble(entry, upTo(count), reserve)) <= resultChars

  let enough = Math.min(1, left)
  let tooMany = 2
  while (tooMany <= left && fits(tooMany)) {
    enough = tooMany
    tooMany *= 2
  }
  tooMany = Math.min(tooMany, left + 1)
  while (tooMany - enough > 1) {
    const middle = Math.floor((enough + tooMany) / 2)
    if (fits(middle)) enough = middle
    else tooMany = middle
  }

  if (left - enough <= ROOM_OF_TRAILER) {
    const last = assemble(entry, upTo(left), trailer(entry, items.length))
    if (charsOf(last) <= resultChars) return last
  }
  const rest = offset + enough
  if (rest < items.length) entry.starts.add(String(rest))
  const end = trailer(entry, rest, rest < items.length ? `${id}.${rest}` : undefined)
  const page = upTo(enough)
  return enough !== 1 || fits(1) ? assemble(entry, page, end) : oversized(entry, page, end, resultChars)
}

/** Items that the space of a trailer could hold, at the very least; only then is the page without one worth a try. */
const ROOM_OF_TRAILER = 200

/** A page whose single item does not fit: its texts and lists are cut until it does, or can be cut no further. */
function oversized(entry: Kept, page: readonly Item[], end: JsonObject, resultChars: number): JsonObject {
  const marked = { ...end, truncated: true }
  let cut = assemble(entry, page, marked)
  for (const each of CUTS) {
    if (charsOf(cut) <= resultChars) break
    const smaller = page.map((item) => ({ path: item.path, value: cutValue(item.value, each, item.path, {}) }))
    cut = assemble(entry, smaller, marked)
  }
  return cut
}

/** What a page says of the items from `rest` on, and of a head that was cut. Empty where nothing was left out. */
function trailer(entry: Kept, rest: number, nextCursor?: string): JsonObject {
  const omitted: Record<string, number> = { ...entry.headOmitted }
  let end = 0
  for (const path of entry.lists) {
    const start = end
    end += entry.counts.get(path) ?? 0
    const count = end - Math.max(start, rest)
    if (count > 0) omitted[path] = count
  }
  const cut = entry.headOmitted !== undefined || rest < entry.items.length
  return {
    ...(cut && { truncated: true }),
    ...(Object.keys(omitted).length > 0 && { omitted }),
    ...(nextCursor !== undefined && { nextCursor }),
  }
}

function assemble(entry: Kept, page: readonly Item[], end: JsonObject): JsonObject {
  const byPath = new Map<string, unknown[]>(entry.lists.map((path) => [path, []]))
  for (const item of page) byPath.get(item.path)?.push(item.value)
  let whole = entry.head
  for (const [path, values] of byPath) whole = withList(whole, path.split('.'), values)
  return { ...whole, ...end }
}

const without = (whole: JsonObject, keys: readonly string[]): JsonObject =>
  Object.fromEntries(Object.entries(whole).filter(([key]) => !keys.includes(key)))

function itemsOf(whole: JsonObject, lists: readonly string[]): Item[] {
  return lists.flatMap((path) => (listAt(whole, path) ?? []).map((value) => ({ path, value })))
}

/** A result that holds one item and nothing else. */
const alone = (path: string, value: unknown): JsonObject =>
  path.split('.').reduceRight<unknown>((held, key) => ({ [key]: held }), [value]) as JsonObject

const onlyItem = (part: JsonObject, path: string): unknown => listAt(part, path)?.[0]

function listAt(whole: JsonObject, path: string): readonly unknown[] | undefined {
  let value: unknown = whole
  for (const key of path.split('.')) value = isObject(value) ? value[key] : undefined
  return Array.isArray(value) ? value : undefined
}

/** A copy with another list at the path. Where the result has no such list, none appears. */
function withList(whole: JsonObject, path: readonly string[], values: readonly unknown[]): JsonObject {
  const [key, ...rest] = path
  if (key === undefined) return whole
  const held = whole[key]
  if (rest.length === 0) return Array.isArray(held) ? { ...whole, [key]: values } : whole
  return isObject(held) ? { ...whole, [key]: withList(held, rest, values) } : whole
}

/** The fields that are no list, cut themselves where they leave too little of a page to the items. */
function fitHead(
  emptied: JsonObject,
  resultChars: number,
): { head: JsonObject; headOmitted: Record<string, number> | undefined } {
  let head = emptied
  let headOmitted: Record<string, number> | undefined
  for (const cut of CUTS) {
    if (charsOf(head) <= resultChars * HEAD_SHARE) break
    headOmitted = {}
    head = cutValue(emptied, cut, '', headOmitted) as JsonObject
  }
  return { head, headOmitted }
}

/** A copy whose texts and lists are no longer than the cut allows; counts by dotted path what the lists lost. */
function cutValue(value: unknown, cut: Cut, path: string, omitted: Record<string, number>): unknown {
  if (typeof value === 'string') return shortened(value, cut.textChars)
  if (Array.isArray(value)) {
    const left = value.length - cut.items
    if (left > 0) omitted[path] = (omitted[path] ?? 0) + left
    return value.slice(0, cut.items).map((each) => cutValue(each, cut, path, omitted))
  }
  if (!isObject(value)) return value
  const under = (key: string): string => (path === '' ? key : `${path}.${key}`)
  return Object.fromEntries(Object.entries(value).map(([key, each]) => [key, cutValue(each, cut, under(key), omitted)]))
}

const isObject = (value: unknown): value is JsonObject =>
  typeof value === 'object' && value !== null && !Array.isArray(value)
