import { z } from 'zod'
import { endInput, idsInput, langInput, startInput, userIdsInput } from '../../schemas/tool-shapes.ts'
import { boundOf, windowOf } from '../audit/plan.ts'
import { AuditError } from '../errors.ts'
import { type Instant, instant } from '../units/instant.ts'
import { parseOutside } from '../validation.ts'
import { checkFirst, type InputCheck } from './input-check.ts'

/** As the tools take them; all come as texts. */
const given = z.strictObject({
  start: startInput,
  end: endInput,
  ids: idsInput,
  user_ids: userIdsInput,
  lang: langInput.optional(),
})

type Texts = Readonly<Record<string, string>>

/** What the prompt was given: texts as they came, lists as the tools take them. */
export type PromptScope = Readonly<Record<string, string | readonly number[]>>

/** No date is too late for a checklist: whether it has come is for the tools to say, which know the zone. */
const LATEST: Instant = instant(Date.parse('9999-01-01T00:00:00Z'))

/**
 * The arguments of the prompt, held to what the tools accept, so that no checklist asks for what every one of them refuses.
 * Empty ones are none; of ids it tells the numbers, since no tool takes them in one text. Throws an input error that names the
 * argument, what was found and what is accepted.
 */
export function promptArguments(texts: Texts): PromptScope {
  const trimmed = Object.fromEntries(Object.entries(texts).map(([name, text]) => [name, text.trim()]))
  const names = Object.keys(given.shape)
  const unknown = Object.keys(trimmed).find((name) => !names.includes(name))
  if (unknown !== undefined) {
    const accepted = names.join(', ')
    const message = `${unknown}: there is no such argument; give one of: ${accepted}`
    throw new AuditError('input', message, { field: unknown, accepted })
  }
  const filled: Texts = Object.fromEntries(Object.entries(trimmed).filter(([, text]) => text !== ''))
  const { ids, user_ids: userIds, ...rest } = filled
  const lists = {
    ...(ids !== undefined && { ids: listOf(ids) }),
    ...(userIds !== undefined && { user_ids: listOf(userIds) }),
  }
  const parsed = parseOutside(given, { ...rest, ...lists }, { kind: 'input' })
  checkWindow(parsed)
  return {
    ...rest,
    ...(ids !== undefined && { ids: parsed.ids }),
    ...(userIds !== undefined && { user_ids: parsed.user_ids }),
  }
}

/** The parts of a list; what is no whole number stays as it is, for the error to name. */
const listOf = (text: string): (number | string)[] =>
  text
    .split(/[\s,，、;；]+/)
    .map((part) => (/^-?\d+$/.test(part) && Number.isSafeInteger(Number(part)) ? Number(part) : part))

function checkWindow({ start, end }: z.output<typeof given>): void {
  if (start === undefined && end === undefined) return
  const check: InputCheck = (zone, asOf) => {
    // Before what tells the time: it is not known here.
    if (start !== undefined) boundOf('start', start, zone, 0)
    if (end === undefined) return
    boundOf('end', end, zone, 1)
    windowOf({ start, end }, zone, asOf)
  }
  checkFirst(check, undefined, LATEST)
}
