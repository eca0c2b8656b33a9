import type { ImportColumn, ImportTable } from './columns.ts'
import { forShell } from './next-command.ts'

const quoted = (name: string): string => (/^\w+$/.test(name) ? name : `\`${name.replaceAll('`', '``')}\``)

/** The command that exports a table with all digits of its amounts; DATABASE stands for the name of the database. */
export function exportCommand({ name, columns }: ImportTable, isFloat: (column: ImportColumn) => boolean): string {
  const selected = columns.map((column) => {
    const own = quoted(column.name)
    return isFloat(column) ? `${own} + 0e0 AS ${own}` : own
  })
  const select = forShell(`SELECT ${selected.join(', ')} FROM ${quoted(name)}`)
  return `mysql --batch --default-character-set=utf8mb4 -e ${select} DATABASE > ${forShell(`${name}.tsv`)}`
}

/** The command that writes the file of a table without rows: the names of its columns alone. */
export function emptyFileCommand({ columns }: ImportTable, path: string): string {
  const names = columns.map(({ name }) => (/[",\s;]/.test(name) ? `"${name.replaceAll('"', '""')}"` : name))
  return `echo ${forShell(names.join(','))} > ${forShell(path)}`
}
