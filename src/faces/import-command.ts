import { importInput, importOutcome } from '../../schemas/import.ts'
import { AuditError } from '../errors.ts'
import { parseOutside } from '../validation.ts'
import type { Command, CommandServices } from './commands.ts'
import { EXIT } from './exit-code.ts'
import { flagsOf } from './flags.ts'
import { outgoing, outgoingText } from './outgoing.ts'
import { checkOutput } from './output-file.ts'
import { progressLine } from './progress.ts'

/** Writes a file, so it is a command only, and no tool. */
export const importCommand: Command = {
  name: 'import',
  summary: 'CSV exports of the tables into a database file to audit',
  description:
    'Reads exports of the five tables (CSV, or mysqldump --tab) into a database file, which DATABASE_URL=file:PATH then audits. All or nothing: a bad line is told with its number, and nothing is written.',
  flags: () => flagsOf(importInput),
  run: runImport,
}

async function runImport(given: Record<string, unknown>, services: CommandServices): Promise<number> {
  const { terminal, signal, redact } = services
  const request = parseOutside(importInput, given, { kind: 'input' })
  const kept = await services.keptFiles()
  // The database itself may be imported anew, where --overwrite says so.
  const others = kept.filter(({ isDatabase }) => isDatabase !== true)
  await checkOutput(request.output, others)
  const outcome = await services.importTables(request, {
    signal,
    progress: (update) => terminal.status(progressLine(update)),
  })
  terminal.status('')
  if (outcome.status === 'refused') {
    const { badLines, badLineCount } = outcome
    for (const { file, line, problem } of badLines) terminal.note(outgoingText(`${file}:${line}: ${problem}`, redact))
    const more = badLineCount > badLines.length ? `, of which the first ${badLines.length} are shown` : ''
    throw new AuditError(
      'input',
      `${badLineCount} bad line${badLineCount === 1 ? '' : 's'}${more}; nothing was written`,
      {
        next: 'Correct or leave out the lines, and import again.',
      },
    )
  }
  for (const { table, sixDigitColumns = [], exportWhole } of outcome.tables) {
    if (sixDigitColumns.length === 0) continue
    const which = `${table}: ${sixDigitColumns.join(', ')}`
    const told = `note: ${which} came with six digits, as mysqldump writes a FLOAT, and may be off in the seventh; with all digits: ${exportWhole}`
    terminal.note(outgoingText(told, redact))
  }
  if (outcome.timezone === null) {
    terminal.note(
      'note: a file does not tell the zone of its times; put it in the place of ZONE, such as Asia/Shanghai',
    )
  }
  await terminal.write(`${JSON.stringify(outgoing(outcome, redact, importOutcome), null, 2)}\n`)
  return EXIT.clean
}
