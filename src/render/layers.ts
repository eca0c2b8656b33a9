import type { LedgerRow, OfficialModel, OfficialRow, Report, TaskCell } from '../../schemas/report.ts'
import { parseUsd } from '../units/nano-usd.ts'
import { cleanText } from './clean.ts'
import { countCell, sumPointsCell, sumUsdCell, usdCell } from './money.ts'
import type { Column, Table } from './table.ts'
import { requestBlocks } from './tie-out.ts'
import type { Block } from './view.ts'
import { joined } from './vocabulary.ts'
import type { Vocabulary } from './words-en.ts'

const OWNER_WIDTH_MAX = 32
const NAME_WIDTH_MAX = 24
const MODEL_WIDTH_MAX = 60
const NOTE_CHARS = 300

const right = (title: string): Column => ({ title, align: 'right' })
const left = (title: string, widthMax: number): Column => ({ title, align: 'left', widthMax })

/** A size to rank rows by: first the class, then the amount, both larger first. */
interface Rank {
  readonly tier: number
  readonly amount: bigint
}

const UNKNOWN_RANK: Rank = { tier: -1, amount: 0n }

function rankOfUsd(amount: string | null): Rank {
  const parsed = amount === null ? undefined : parseUsd(amount)
  return parsed === undefined ? UNKNOWN_RANK : { tier: 0, amount: parsed }
}

const isLarger = (a: Rank, b: Rank): boolean => (a.tier === b.tier ? a.amount > b.amount : a.tier > b.tier)

/** All rows in their order where they fit, otherwise the largest ones, largest first; of equal ones those that come first. */
function largest<Row>(rows: readonly Row[], rowsMax: number, rankOf: (row: Row) => Rank): readonly Row[] {
  if (rows.length <= rowsMax) return rows
  const kept: { readonly row: Row; readonly rank: Rank }[] = []
  for (const row of rows) {
    const rank = rankOf(row)
    const last = kept.at(-1)
    if (kept.length === rowsMax && (last === undefined || !isLarger(rank, last.rank))) continue
    if (kept.length === rowsMax) kept.pop()
    const place = kept.findLastIndex((other) => !isLarger(rank, other.rank)) + 1
    kept.splice(place, 0, { row, rank })
  }
  return kept.map(({ row }) => row)
}

interface Layer<Row> {
  readonly heading: string
  readonly columns: readonly Column[]
  readonly rows: readonly Row[]
  readonly rankOf: (row: Row) => Rank
  readonly cellsOf: (row: Row) => readonly string[]
  readonly footer: readonly string[]
  /** Rows that are not in the report, and what to say of them; the footer counts them. */
  readonly omitted?: { readonly rows: number; readonly lead: string }
}

function layerBlocks<Row>(layer: Layer<Row>, words: Vocabulary, rowsMax: number): Block[] {
  const heading: Block = { kind: 'heading', text: layer.heading }
  if (layer.rows.length === 0) return [heading, note(words.noRows)]
  const shown = largest(layer.rows, rowsMax, layer.rankOf)
  const table: Table = { columns: layer.columns, rows: shown.map(layer.cellsOf), footer: layer.footer }
  const blocks: Block[] = [heading, { kind: 'table', table }]
  const leftOut = layer.rows.length + (layer.omitted?.rows ?? 0) - shown.length
  if (leftOut > 0) {
    const lead = words.leftOut(shown.length, leftOut)
    const isInReport = layer.rows.length > shown.length
    blocks.push({ kind: 'list', title: '', lines: [{ lead, text: '', ...(isInReport && { standsForMore: true }) }] })
  }
  return layer.omitted === undefined ? blocks : [...blocks, note(layer.omitted.lead)]
}

const note = (lead: string): Block => ({ kind: 'list', title: '', lines: [{ lead, text: '' }] })

/** An account's id; what belongs to none, or to none alone, is named as such, with its workspace where known. */
function ownerCell(row: Pick<OfficialRow, 'accountId' | 'workspace' | 'undivided'>, words: Vocabulary): string {
  if (row.accountId !== null) return String(row.accountId)
  return joined([row.undivided ? words.undivided : words.unattributed, cleanText(row.workspace ?? '')], ' ')
}

/** Layer 1: what fal billed, per account and, on request, per model. */
export function officialBlocks(report: Report, words: Vocabulary, rowsMax: number, withModels: boolean): Block[] {
  const { rows, models, totals } = report.official
  const { columns } = words
  // A sum over some of the accounts must not look like a sum over all of them.
  const someUnread = rows.some((row) => row.costUsd === null && row.undivided !== true)
  const noSum = totals.costUsd === null && rows.some((row) => row.costUsd !== null)
  const unreadNote = noSum ? [note(words.maybeTwice)] : someUnread ? [note(words.someUnread)] : []
  const accounts: Layer<OfficialRow> = {
    heading: words.layer1,
    columns: [
      { title: columns.accountId, align: 'right', widthMax: OWNER_WIDTH_MAX },
      right(columns.balanceUsd),
      right(columns.officialUsd),
      right(columns.modelCount),
      right(columns.requestCount),
    ],
    rows,
    rankOf: (row) => rankOfUsd(row.costUsd),
    cellsOf: (row) => [
      ownerCell(row, words),
      usdCell(row.balanceUsd),
      usdCell(row.costUsd),
      countCell(row.modelCount),
      countCell(row.requestCount),
    ],
    // No sum of balances: accounts of one workspace share theirs. No sum of models: they overlap.
    footer: [words.total, '', usdCell(totals.costUsd), '', countCell(totals.requestCount)],
  }
  const ofNoneAlone = new Set(rows.flatMap((row) => (row.accountId === null && row.undivided ? row.workspace : [])))
  const blocks = [...layerBlocks(accounts, words, rowsMax), ...unreadNote]
  if (!withModels) return blocks
  const perModel: Layer<OfficialModel> = {
    heading: words.layer1Models,
    columns: [
      { title: columns.accountId, align: 'right', widthMax: OWNER_WIDTH_MAX },
      left(columns.model, MODEL_WIDTH_MAX),
      right(columns.quantity),
      left(columns.unit, NAME_WIDTH_MAX),
      right(columns.costUsd),
    ],
    rows: models,
    rankOf: (row) => rankOfUsd(row.costUsd),
    cellsOf: (row) => [
      ownerCell(ofNoneAlone.has(row.workspace) ? { ...row, undivided: true } : row, words),
      cleanText(row.model),
      cleanText(row.quantity),
      cleanText(row.unit),
      usdCell(row.costUsd),
    ],
    footer: [words.total, '', '', '', noSum ? usdCell(null) : sumUsdCell(models.map((row) => row.costUsd))],
  }
  return [...blocks, ...layerBlocks(perModel, words, rowsMax), ...unreadNote]
}

/** Layer 2: what the system recorded, with what lies outside the audited accounts and how the requests match. */
export function taskBlocks(report: Report, words: Vocabulary, rowsMax: number): Block[] {
  const { rows, totals } = report.tasks
  const { columns } = words
  const { omittedRows = 0 } = totals
  const layer: Layer<TaskCell> = {
    heading: words.layer2,
    columns: [
      right(columns.falAccountId),
      right(columns.userId),
      left(columns.userName, NAME_WIDTH_MAX),
      left(columns.model, MODEL_WIDTH_MAX),
      right(columns.taskCount),
      right(columns.chargedPoints),
      right(columns.falCostUsd),
    ],
    rows,
    rankOf: (row) => rankOfUsd(row.costUsd),
    cellsOf: (row) => [
      ownerCell(row, words),
      row.userId === null ? countCell(null) : String(row.userId),
      cleanText(row.userName ?? ''),
      cleanText(row.model),
      countCell(row.taskCount),
      ...sumCells(row),
    ],
    footer: [words.total, '', '', '', countCell(totals.taskCount), ...sumCells(totals)],
    ...(omittedRows > 0 && {
      omitted: { rows: omittedRows, lead: words.omittedRows(omittedRows, rows.length + omittedRows) },
    }),
  }
  const blocks = layerBlocks(layer, words, rowsMax)
  blocks.push(...untoldNote(totals, words))
  const undated = report.coverage.sources.find(({ source, status }) => source === 'tasks' && status === 'complete')
  if (undated?.reason !== undefined) blocks.push(note(cleanText(undated.reason, NOTE_CHARS)))
  const outside = totals.outsideAccounts
  if (outside.taskCount > 0) {
    const [charged, cost] = sumCells(outside)
    blocks.push(
      note(words.outsideAccounts(outside.taskCount, words.points(charged), `${cost} USD`)),
      ...untoldNote(outside, words),
    )
  }
  return [...blocks, ...requestBlocks(report, words)]
}

type TaskSums = Pick<TaskCell, 'taskCount' | 'chargedPoints' | 'costUsd' | 'untoldCharges' | 'untoldCosts'>

const untoldNote = ({ untoldCharges = 0, untoldCosts = 0 }: Partial<TaskSums>, words: Vocabulary): Block[] =>
  untoldCharges + untoldCosts > 0 ? [note(words.untold(untoldCharges, untoldCosts))] : []

/** What tasks charged and cost by themselves; of tasks that all hold none (NULL) that is not known, and no 0. */
function sumCells(sums: TaskSums): [charged: string, cost: string] {
  const { taskCount, untoldCharges = 0, untoldCosts = 0 } = sums
  const noneTold = (untold: number): boolean => untold > 0 && untold >= taskCount
  return [
    countCell(noneTold(untoldCharges) ? null : sums.chargedPoints),
    usdCell(noneTold(untoldCosts) ? null : sums.costUsd),
  ]
}

const LEDGER_TIERS: Readonly<Record<LedgerRow['status'], number>> = { DIFF: 2, UNVERIFIED: 1, OK: 0 }

/** Differences first, the largest of them first; then what could not be verified, then what agrees, by charge. */
function rankOfLedger(row: LedgerRow): Rank {
  const difference = BigInt(row.differencePoints ?? 0)
  const amount = row.status === 'DIFF' ? difference : BigInt(row.chargedPoints)
  return { tier: LEDGER_TIERS[row.status], amount: amount < 0n ? -amount : amount }
}

/** What users were charged together; where nothing is told of it but that some tasks hold no charge (NULL), no 0. */
function chargedCell(rows: readonly Pick<LedgerRow, 'chargedPoints' | 'untoldCharges'>[]): string {
  const isNoneTold =
    rows.every(({ chargedPoints }) => chargedPoints === 0) && rows.some(({ untoldCharges = 0 }) => untoldCharges > 0)
  return isNoneTold ? countCell(null) : sumPointsCell(rows.map(({ chargedPoints }) => chargedPoints))
}

/** Layer 3: what each user was charged against what the user paid. */
export function ledgerBlocks(report: Report, words: Vocabulary, rowsMax: number): Block[] {
  const { rows } = report.ledger
  const { columns } = words
  const layer: Layer<LedgerRow> = {
    heading: words.layer3,
    columns: [
      right(columns.userId),
      left(columns.userName, NAME_WIDTH_MAX),
      right(columns.ledgerCharged),
      right(columns.pointsConsumed),
      right(columns.cashConsumed),
      right(columns.pointsRecharged),
      right(columns.differencePoints),
      { title: columns.status, align: 'left' },
    ],
    rows,
    rankOf: rankOfLedger,
    cellsOf: (row) => [
      String(row.userId),
      cleanText(row.userName ?? ''),
      chargedCell([row]),
      countCell(row.pointsConsumed),
      countCell(row.cashConsumed),
      countCell(row.pointsRecharged),
      countCell(row.differencePoints),
      words.ledgerStatuses[row.status],
    ],
    footer: [
      words.total,
      '',
      chargedCell(rows),
      sumPointsCell(rows.map((row) => row.pointsConsumed)),
      sumPointsCell(rows.map((row) => row.cashConsumed)),
      sumPointsCell(rows.map((row) => row.pointsRecharged)),
      sumPointsCell(rows.map((row) => row.differencePoints)),
      '',
    ],
  }
  return layerBlocks(layer, words, rowsMax)
}
