import { type Clock, instant } from '../units/instant.ts'
import { UTC } from '../units/zone.ts'
import type { MysqlAddress } from './database-url.ts'
import type { Guard } from './guard.ts'
import type { ServerFacts } from './inspection.ts'
import { briefly, farewell, watched } from './mysql.ts'
import { isOtherServer } from './mysql-begin.ts'
import { mysqlFailure } from './mysql-failure.ts'
import { ask, connected, linkTo, loadMysql } from './mysql-link.ts'

/** Logs in, asks a server who it is and what time it has, and leaves. */
export async function probeMysql(address: MysqlAddress, guard: Guard, clock: Clock): Promise<ServerFacts> {
  const create = await loadMysql()
  guard.check()
  const link = linkTo(address, create)
  const asking = async (): Promise<ServerFacts> => {
    await connected(link)
    const [facts = []] = await ask(link, 'SELECT VERSION(), @@version_comment')
    const [version, comment] = facts.map(String)
    const askedAt = clock()
    const [time = []] = await ask(link, 'SELECT UTC_TIMESTAMP(3)')
    const here = instant((askedAt + clock()) / 2)
    const there = UTC.fromNaive(String(time[0]))
    return {
      engine: engineOf(version ?? '', comment ?? ''),
      version: version ?? '',
      clockAhead: there === undefined ? null : there - here,
    }
  }
  try {
    const facts = await watched(guard, asking())
    await briefly(farewell(link))
    return facts
  } catch (cause) {
    throw mysqlFailure(cause, address, `the database "${address.database}"`)
  } finally {
    link.drop()
  }
}

function engineOf(version: string, comment: string): ServerFacts['engine'] {
  if (isOtherServer(version, comment)) return 'other'
  if (/mariadb/i.test(`${version} ${comment}`)) return 'mariadb'
  return /^\d+\.\d+\.\d+/.test(version) ? 'mysql' : 'other'
}
