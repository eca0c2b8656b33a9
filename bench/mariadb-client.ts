import { accessSync, constants } from 'node:fs'
import { delimiter, join } from 'node:path'
import process from 'node:process'
import { DATABASE, type Dataset } from './dataset.ts'

/** The `mariadb` client of the PATH, or the older name of it. */
export function findClient(): string {
  for (const name of ['mariadb', 'mysql']) {
    for (const folder of (process.env.PATH ?? '').split(delimiter)) {
      const file = join(folder, name)
      try {
        accessSync(file, constants.X_OK)
        return file
      } catch {
        // Not here; look on.
      }
    }
  }
  throw new Error('the mariadb client is not installed: install the package mariadb-client')
}

/** As it is used in a script: rows as they come (--quick), in its batch form. */
export const clientArguments = ({ server }: Dataset, sql: string): string[] => [
  ...['--no-defaults', '--protocol=tcp', `--host=${server.host}`, `--port=${server.port}`, `--user=${server.user}`],
  ...['--batch', '--quick', '--skip-column-names', `--execute=${sql}`, DATABASE],
]

export const clientEnvironment = ({ server }: Dataset): Record<string, string> => ({ MYSQL_PWD: server.password })
