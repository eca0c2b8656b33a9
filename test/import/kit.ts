import { spawnSync } from 'node:child_process'
import { chmodSync, mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, onTestFinished } from 'vitest'
import type { ImportOutcome, ImportRequest } from '../../schemas/import.ts'
import { type ImportParts, importTables } from '../../src/import/run.ts'
import { openEmbeddedHandle } from '../../src/ledger/embedded-handle.ts'
import { DEFAULT_MAPPING } from '../../src/ledger/mapping.ts'
import type { CallContext } from '../../src/tool.ts'
import { openZone } from '../../src/units/zone.ts'
import type { TestDatabase } from '../kit/mariadb.ts'

export const HEADERS = {
  accounts: 'id,name,api_key,balance,status',
  tasks: 'id,user_id,task_id,online_task_id,app_name,api_key,status,money,cost_money,is_refund,created_at,completed_at',
  users: 'id,username',
  points: 'id,user_id,points,order_id,title,source_type,balance_before,balance_after,created_at',
  cash: 'id,user_id,money,order_id,title,time,transaction_type',
}

const TASK = {
  id: '1',
  user_id: '101',
  task_id: 't1',
  online_task_id: 'r1',
  app_name: 'fal-ai/flux/dev',
  api_key: 'key-1:secret',
  status: 'completed',
  money: '40',
  cost_money: '0.1',
  is_refund: '0',
  created_at: '2026-02-03 12:00:00',
  completed_at: '2026-02-03 12:00:30',
}

/** One line of a task file, with some fields replaced by what is to be written in their place. */
export const taskLine = (id: number, changes: Partial<typeof TASK> = {}): string =>
  Object.values({ ...TASK, id: String(id), task_id: `t${id}`, ...changes }).join(',')

export const taskFile = (...lines: readonly string[]): string => `${[HEADERS.tasks, ...lines].join('\n')}\n`

export interface Workshop {
  readonly folder: string
  path(name: string): string
  write(name: string, content: string | Buffer): string
  files(): string[]
  /** Imports into out.db. An accounts file with one account is there unless the request says otherwise. */
  run(
    request: Partial<ImportRequest>,
    parts?: Partial<ImportParts>,
    context?: Partial<CallContext>,
  ): Promise<ImportOutcome>
  /** The rows of a table of out.db, in order of id. */
  rows(table: string, columns?: string): Promise<unknown[][]>
}

/** A folder of its own for one test. */
export function workshop(): Workshop {
  const folder = mkdtempSync(join(tmpdir(), 'fal-audit-import-'))
  onTestFinished(() => rmSync(folder, { recursive: true }))
  const path = (name: string): string => join(folder, name)
  const write = (name: string, content: string | Buffer): string => {
    writeFileSync(path(name), content)
    return path(name)
  }
  write('accounts.csv', `${HEADERS.accounts}\n5,main,key-5:secret,12.3,1\n`)
  return {
    folder,
    path,
    write,
    files: () => readdirSync(folder).sort(),
    run: (request, parts = {}, context = {}) =>
      importTables(
        { output: path('out.db'), accounts: [path('accounts.csv')], usd_type: 'auto', ...request },
        {
          mapping: DEFAULT_MAPPING,
          dbZone: openZone('Asia/Shanghai'),
          auditZone: undefined,
          now: () => 0,
          onExit: () => () => undefined,
          ...parts,
        },
        { signal: new AbortController().signal, progress: () => undefined, ...context },
      ),
    async rows(table, columns = '*') {
      const handle = await openEmbeddedHandle(path('out.db'))
      try {
        const iterator = handle.prepare(`SELECT ${columns} FROM "${table}" ORDER BY 1`).raw().iterate()
        const rows: unknown[][] = []
        for (let step = iterator.next(); step.done !== true; step = iterator.next()) rows.push(step.value as unknown[])
        return rows
      } finally {
        handle.close()
      }
    },
  }
}

/** Has the server and its own program export a database, <table>.txt and <table>.sql; all tables where `more` names none. */
export function dumpTab({ options }: TestDatabase, folder: string, more: readonly string[] = []): void {
  mkdirSync(folder)
  // The server may run as another user than this test.
  chmodSync(folder, 0o777)
  const { host, port, user, password, database } = options
  const args = [
    '--no-defaults',
    // Of which MySQL tells only under another sql_mode than that of an ANSI dump.
    '--no-tablespaces',
    `--host=${host}`,
    `--port=${port}`,
    `--user=${user}`,
    `--tab=${folder}`,
    database,
    ...more,
  ]
  const run = (program: string) =>
    spawnSync(program, args, { env: { PATH: process.env.PATH, MYSQL_PWD: password }, encoding: 'utf8' })
  const dumped = run('mariadb-dump')
  const { status, stderr } = dumped.error === undefined ? dumped : run('mysqldump')
  expect([status, stderr]).toEqual([0, ''])
}
