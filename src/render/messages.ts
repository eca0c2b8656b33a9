import type { Finding, RuleId, Severity } from '../../schemas/report.ts'
import { shortenKeyId } from '../units/api-key.ts'
import { cleanText } from './clean.ts'
import { usdCell } from './money.ts'
import { joined, type Lang, type SpokenFacts } from './vocabulary.ts'
import { EN, type NotEvaluatedCode, type Vocabulary } from './words-en.ts'
import { ZH } from './words-zh.ts'

export type Subject = Finding['subject']

/** What a rule found out, before it is put into words. Amounts follow `unit`, as in the report. */
export interface FindingFacts {
  readonly rule: RuleId
  readonly severity: Severity
  readonly classification: Finding['classification']
  readonly subject: Subject
  readonly expected: string | null
  readonly actual: string | null
  readonly difference: string | null
  readonly unit: Finding['unit']
  readonly count: number
  /** Extras of the rule, such as deviationPercent. USD as exact decimals, percentages and multiples as plain decimals. */
  readonly detail: Readonly<Record<string, string | number>>
}

/** Parameters of a reason may quote an error message, which is longer than a name. */
const REASON_PARAM_CHARS = 200
const IDS_CHARS = 200

const VOCABULARIES: Readonly<Record<Lang, Vocabulary>> = { zh: ZH, en: EN }

/** Every word of a language. */
export const vocabulary = (lang: Lang): Vocabulary => VOCABULARIES[lang]

const SUBJECT_KEYS = [
  'workspace',
  'accountId',
  'keyId',
  'userId',
  'model',
  'date',
  'taskId',
  'requestId',
  'rowId',
] as const satisfies readonly (keyof Subject)[]

const OWNER_KEYS = ['workspace', 'accountId', 'userId', 'model'] as const satisfies readonly (keyof Subject)[]

/** A subject whose values are only to be read. */
type SubjectTexts = { readonly [Key in keyof Subject]: string | number | undefined }

/** Names a subject, such as "account 5, model sora-2". '' for a subject without keys. Keys are shown shortened. */
export function subjectText(subject: SubjectTexts, lang: Lang, userName?: string): string {
  const words = vocabulary(lang)
  const parts: string[] = []
  for (const key of SUBJECT_KEYS) {
    const value = subject[key]
    if (value === undefined) continue
    const text = cleanText(String(value))
    const shown = key === 'keyId' ? shownKeyId(text) : text
    const part = words.subject[key](isId(key) ? setApart(shown, PLAIN_ID, words) : shown)
    parts.push(key === 'userId' && userName !== undefined ? words.named(part, userName) : part)
  }
  return parts.join(words.subjectSeparator)
}

/** Names of workspaces and models stand in quotes always. */
const isId = (key: keyof Subject): boolean => key === 'keyId' || key === 'taskId' || key === 'requestId'

// What can be no sentence of its own: an id, a few words, the mark of a list that was cut, wherever the room for it ended.
const PLAIN_ID = /^[\w.:/?&#@%~+=-]*(?:,?…)?$/
const PLAIN_WORDS = /^[\p{L}\p{N}_./-]+(?: [\p{L}\p{N}_./-]+){0,2}…?$/u
const MORE_IDS = /^… ?(?:\(\d+\)|\(?\d*…)$/

/** An id or word of the data as it is, and in quotes where it is more than that: whoever chose it may forge a sentence. */
const setApart = (text: string, plain: RegExp, words: Vocabulary): string =>
  plain.test(text) ? text : words.quoted(text)

/** A stored name of a model and the endpoints, joined by ', ', that it stands for; both as they are told, cleaned. */
export const aliasApart = (stored: string, endpoints: string, words: Vocabulary): string =>
  `${setApart(cleanText(stored), PLAIN_ID, words)} → ${idsApart(cleanText(endpoints), words)}`

const idsApart = (ids: string, words: Vocabulary): string =>
  ids
    .split(', ')
    .map((id) => (MORE_IDS.test(id) ? id : setApart(id, PLAIN_ID, words)))
    .join(', ')

/** A digest stands for a key without id; it is short already, and shorter ones would look alike. */
const shownKeyId = (keyId: string): string => (/^sha256:[0-9a-f]{8}$/.test(keyId) ? keyId : shortenKeyId(keyId))

/** The subject, with whose it is where the rule knows that besides, so that a task or request is said of someone. */
function withOwner({ subject, detail }: FindingFacts): SubjectTexts {
  const named: Partial<Record<keyof Subject, string | number>> = { ...subject }
  for (const key of OWNER_KEYS) if (named[key] === undefined && Object.hasOwn(detail, key)) named[key] = detail[key]
  return named
}

/**
 * Puts a finding into one plain sentence: what does not agree, for whom, by how much. What is not known is left out.
 * `detail.userName`, where given, stands beside the user's id. All text is cleaned.
 */
export function findingMessage(facts: FindingFacts, lang: Lang): string {
  const words = vocabulary(lang)
  const rule = words.rules[facts.rule]
  const spoken = spokenFacts(facts, lang)
  const sentence = joined(rule.phrases(spoken), words.comma) || rule.name
  const message = spoken.who === '' ? sentence : words.said(spoken.who, sentence)
  return facts.classification === 'TIMING' ? message + (rule.timing ?? words.timing) : message
}

function spokenFacts(facts: FindingFacts, lang: Lang): SpokenFacts {
  const words = vocabulary(lang)
  const text = (name: string, maxChars?: number): string | undefined => {
    // Own properties only: a detail may be asked for by any name.
    const value = Object.hasOwn(facts.detail, name) ? facts.detail[name] : undefined
    return value === undefined ? undefined : cleanText(String(value), maxChars) || undefined
  }
  const mapped = (value: string | undefined, phrase: (value: string) => string): string | undefined =>
    value === undefined ? undefined : phrase(value)
  const usd = (amount: string): string => `${usdCell(amount)} USD`
  const amount = (value: string | null): string | undefined => {
    if (value === null) return undefined
    if (facts.unit === 'USD') return usd(value)
    return facts.unit === 'points' ? words.points(cleanText(value)) : cleanText(value)
  }
  return {
    who: subjectText(withOwner(facts), lang, text('userName')),
    expected: amount(facts.expected),
    actual: amount(facts.actual),
    difference: amount(facts.difference),
    unit: facts.unit,
    count: facts.count,
    text: (name) => text(name),
    usd: (name) => mapped(text(name), usd),
    points: (name) => mapped(text(name), words.points),
    percent: (name) => mapped(text(name), (value) => `${value.replace(/ ?%$/, '')}%`),
    ids: (name) => mapped(text(name, IDS_CHARS), (ids) => idsApart(ids, words)),
    word: (name) => mapped(text(name), (value) => setApart(value, PLAIN_WORDS, words)),
  }
}

/**
 * Says why a check could not be made. Another code than those is printed as it is, with its
 * parameters, so that no reason is ever lost.
 */
export function notEvaluatedText(
  reasonCode: NotEvaluatedCode | (string & {}),
  params: Readonly<Record<string, string | number>>,
  lang: Lang,
): string {
  const words = vocabulary(lang)
  const param = (name: string): string | undefined =>
    Object.hasOwn(params, name) ? cleanText(String(params[name]), REASON_PARAM_CHARS) || undefined : undefined
  if (isKnown(reasonCode)) return words.reasons[reasonCode](param)
  const shown = Object.keys(params).map((name) => `${cleanText(name)} ${param(name) ?? ''}`)
  return words.otherReason(cleanText(reasonCode), shown.join(', '))
}

const isKnown = (code: string): code is NotEvaluatedCode => Object.hasOwn(EN.reasons, code)
