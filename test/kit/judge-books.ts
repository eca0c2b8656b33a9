import { type Judgement, wordOutcomes } from '../../src/audit/report/findings.ts'
import type { Books, Rule } from '../../src/audit/rules/books.ts'
import type { Lang } from '../../src/render/vocabulary.ts'
import type { RuleSettings } from '../../src/settings.ts'

/** Runs the rules over books that are all in memory, and words what they found. */
export const judgeBooks = (rules: readonly Rule[], books: Books, settings: RuleSettings, lang: Lang): Judgement =>
  wordOutcomes(new Map(rules.map((rule) => [rule, rule.evaluate(books, settings)])), books, lang)
