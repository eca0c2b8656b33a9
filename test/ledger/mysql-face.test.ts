import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest'
import { SAMPLE_DATE, SAMPLE_NOW, sampleWorld } from '../../src/demo/sample-world.ts'
import { DEFAULT_MAPPING } from '../../src/ledger/mapping.ts'
import { openLedgerInspector } from '../../src/ledger/open-inspector.ts'
import { openLedgerStore } from '../../src/ledger/open-store.ts'
import { DOCTOR } from '../../src/limits.ts'
import { runAudit } from '../../src/operation.ts'
import { auditInput, quietContext } from '../kit/audit-world.ts'
import { examined } from '../kit/doctor-case.ts'
import { type MysqlFace, startMysqlFace } from '../kit/mysql-face.ts'
import { openWorld, type RealWorld } from '../kit/real-audit.ts'
import { WORDS } from '../kit/server-words.ts'
import { openSnapshot, reading } from './backends.ts'

const READER = { user: 'face_reader', password: 'face-s3cr3t-pass' }

let face: MysqlFace
let world: RealWorld

beforeAll(async () => {
  face = await startMysqlFace(inject('mariadb'))
  world = await openWorld(sampleWorld(), { store: 'mariadb' })
  // As MySQL 8 has them unless told otherwise.
  for (const table of Object.values(DEFAULT_MAPPING.tables)) {
    await world.exec(`ALTER TABLE ${table} CONVERT TO CHARACTER SET utf8mb4 COLLATE ${WORDS.noPadCollation}`)
  }
  await world.exec(`CREATE USER '${READER.user}'@'%' IDENTIFIED BY '${READER.password}'`)
  await world.exec(`GRANT SELECT ON ${new URL(world.url).pathname.slice(1)}.* TO '${READER.user}'@'%'`)
})
afterAll(async () => {
  // With it go its connections, whose locks would hold up what follows.
  await face.close()
  await world.exec(`DROP USER '${READER.user}'@'%'`)
  await world.close()
})

/** The same database by way of the face. */
function faceUrl({ user, password } = READER): string {
  const { pathname } = new URL(world.url)
  return `mysql://${user}:${password}@127.0.0.1:${face.port}${pathname}`
}

const clock = () => SAMPLE_NOW

describe('a server that looks like MySQL 8', () => {
  it.each(['summary', 'requests'] as const)('gives the same report at depth %s, to the byte', async (depth) => {
    const dependencies = world.dependencies({ now: SAMPLE_NOW })
    const input = auditInput({ depth, start: SAMPLE_DATE, end: SAMPLE_DATE })
    const reportOver = async (url: string) => {
      const ledger = openLedgerStore({ url, mapping: DEFAULT_MAPPING, clock })
      return JSON.stringify(await runAudit(input, { ...dependencies, ledger }, quietContext()))
    }
    const logins = face.logins()
    expect(await reportOver(faceUrl())).toBe(await reportOver(world.url))
    expect(face.logins()).toBe(logins + 2)
  })

  it('is known by its name, and every line of doctor is ok', async () => {
    const inspector = openLedgerInspector({
      ...{ url: faceUrl(), mapping: DEFAULT_MAPPING, deadlineMs: DOCTOR.deadline },
      clock: () => SAMPLE_NOW,
    })
    expect(await inspector.server(new AbortController().signal)).toMatchObject({
      engine: 'mysql',
      version: expect.stringMatching(/^(?:[89]|\d\d)\.\d/),
    })
    const { lines } = await examined({ url: faceUrl() })
    const database = lines.filter(({ id }) => /^(?:database|table|columns?|index)/.test(id))
    expect(database.filter(({ status }) => status !== 'ok')).toEqual([])
  })

  it('refuses a wrong password with what to do', async () => {
    await expect(openSnapshot({ url: faceUrl({ ...READER, password: 'wrong' }) })).rejects.toMatchObject({
      message: expect.stringMatching(/refuses the user "face_reader"/),
    })
  })

  it('ends a query that takes too long by a number of its own, which is told', async () => {
    const { accounts } = DEFAULT_MAPPING.tables
    await world.exec(`RENAME TABLE ${accounts} TO kept_accounts`)
    await world.exec(`CREATE VIEW ${accounts} AS SELECT * FROM kept_accounts WHERE SLEEP(20) = 0`)
    const { soon, never } = WORDS.endQueries(READER.user)
    await world.exec(soon)
    try {
      await expect(reading({ url: faceUrl() }, (snapshot) => snapshot.accounts())).rejects.toMatchObject({
        message: expect.stringMatching(/since it took too long$/),
      })
    } finally {
      await world.exec(never)
      await world.exec(`DROP VIEW ${accounts}`)
      await world.exec(`RENAME TABLE kept_accounts TO ${accounts}`)
    }
  })
})
