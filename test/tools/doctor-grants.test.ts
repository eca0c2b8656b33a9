import { describe, expect, it } from 'vitest'
import { asUser, lineOf, READING } from '../kit/doctor-case.ts'
import { WORDS } from '../kit/server-words.ts'

describe('the grants', () => {
  it('of a user who may only read are enough', async () => {
    const diagnosis = await asUser(READING)
    expect(lineOf(diagnosis, 'database-grants')).toMatchObject({ status: 'ok', seen: 'this user may only read' })
    expect(diagnosis.lines.filter(({ status }) => status !== 'ok')).toEqual([])
  })

  it('to write are a warning that names them', async () => {
    const diagnosis = await asUser([...READING, 'GRANT INSERT, UPDATE ON {db}.ts_fal_tasks TO {user}'])
    expect(lineOf(diagnosis, 'database-grants')).toMatchObject({
      status: 'warning',
      seen: 'this user may do more than read: INSERT, UPDATE',
    })
    expect(diagnosis.counts.failure).toBe(0)
  })

  it('to write a table whose name has a blank are a warning too', async () => {
    const table = ['CREATE TABLE `my log` (line TEXT)']
    const diagnosis = await asUser([...READING, 'GRANT INSERT ON {db}.`my log` TO {user}'], 'only-reads', table)
    expect(lineOf(diagnosis, 'database-grants')).toMatchObject({
      status: 'warning',
      seen: 'this user may do more than read: INSERT',
    })
  })

  it('of a role that is in force are listed; of another one that the user has they are not', async () => {
    const role = (name: string, privilege: string) => [
      `CREATE ROLE \`${name}_{db}\``,
      `GRANT ${privilege} ON {db}.* TO \`${name}_{db}\``,
      `GRANT \`${name}_{db}\` TO {user}`,
    ]
    const reading = [...role('reads', 'SELECT'), `SET DEFAULT ROLE \`reads_{db}\` ${WORDS.defaultRoleOf} {user}`]
    const line = async (...more: readonly string[]) => lineOf(await asUser([...reading, ...more]), 'database-grants')
    expect(await line()).toMatchObject({ status: 'ok', seen: 'this user may only read' })
    expect(await line(...role('writes', 'INSERT'))).toMatchObject({
      status: 'unverified',
      seen: expect.stringMatching(/has the roles writes_\w+(?:@%)?, whose grants are not listed$/),
    })
    expect(await line('GRANT INSERT ON {db}.* TO `reads_{db}`')).toMatchObject({
      status: 'warning',
      seen: 'this user may do more than read: INSERT',
    })
  })

  it('that lack a table are told with the GRANT to run', async () => {
    const diagnosis = await asUser(READING.filter((grant) => !grant.includes('ts_fal_account')))
    expect(lineOf(diagnosis, 'table', 'ts_fal_account')).toMatchObject({
      status: 'failure',
      seen: expect.stringMatching(/may not read ts_fal_account/),
      todo: expect.stringMatching(/GRANT SELECT ON/),
    })
    expect(lineOf(diagnosis, 'accounts').status).toBe('unverified')
  })

  it('on some columns show what is missing', async () => {
    const columns = 'GRANT SELECT (id, username) ON {db}.ts_users TO {user}'
    const healthy = [...READING.filter((grant) => !grant.includes('ts_users')), columns]
    expect(lineOf(await asUser(healthy), 'columns', 'ts_users').status).toBe('ok')
    const short = healthy.map((grant) => grant.replace('(id, username)', '(id)'))
    expect(lineOf(await asUser(short), 'columns', 'ts_users')).toMatchObject({
      status: 'warning',
      seen: expect.stringMatching(/none this user may read: username/),
    })
  })

  it('that lack columns are told with the GRANT to run, and users who may read all with the setting alone', async () => {
    const some = READING.map((grant) =>
      grant.includes('ts_fal_account') ? 'GRANT SELECT (id, name, balance) ON {db}.ts_fal_account TO {user}' : grant,
    )
    const diagnosis = await asUser(some)
    expect(lineOf(diagnosis, 'columns', 'ts_fal_account')).toMatchObject({
      status: 'failure',
      seen: expect.stringMatching(/none this user may read: api_key, status;/),
      todo: expect.stringMatching(
        /^let an administrator run: GRANT SELECT \(`api_key`, `status`\) ON `\w+`\.`ts_fal_account` TO 'u_\w+'@'<this host>'; or name the column for api_key in AUDIT_CONFIG/,
      ),
    })
    expect(lineOf(diagnosis, 'accounts')).toMatchObject({
      status: 'unverified',
      seen: expect.stringMatching(/may not read the column api_key of ts_fal_account/),
      todo: expect.stringMatching(/GRANT SELECT \(`api_key`\) ON/),
    })
    const gone = ['ALTER TABLE ts_fal_account DROP COLUMN api_key']
    expect(lineOf(await asUser(READING, 'only-reads', gone), 'columns', 'ts_fal_account')).toMatchObject({
      status: 'failure',
      todo: 'name the column for api_key in AUDIT_CONFIG: columns.accounts.apiKey',
    })
  })
})

describe('a view of the tasks', () => {
  const view = (select: string) => ['RENAME TABLE ts_fal_tasks TO raw_tasks', `CREATE VIEW ts_fal_tasks AS ${select}`]

  it('is looked into without its plan, which is told to those who may look beneath it', async () => {
    const diagnosis = await asUser(READING, 'only-reads', view('SELECT * FROM raw_tasks'))
    for (const id of ['time-zone', 'request-ids', 'ledger-link', 'status-words'] as const) {
      expect(lineOf(diagnosis, id).status).toBe('ok')
    }
    const line = lineOf(diagnosis, 'index', 'ts_fal_tasks (created_at)')
    expect(line).toMatchObject({
      status: 'unverified',
      seen: expect.stringMatching(/^ts_fal_tasks is a view, and the server tells how it is read only to/),
      todo: expect.stringMatching(/the tables beneath it have the index, or .* SHOW VIEW/),
    })
    expect(JSON.stringify(diagnosis)).not.toContain('cannot be read')
    const beneath = ['GRANT SHOW VIEW ON {db}.ts_fal_tasks TO {user}', 'GRANT SELECT ON {db}.raw_tasks TO {user}']
    const told = await asUser([...READING, ...beneath], 'only-reads', view('SELECT * FROM raw_tasks'))
    expect(lineOf(told, 'index', 'ts_fal_tasks (created_at)').status).toBe('ok')
  })

  it('that takes too long without a plan is unverified, and the rest is looked at', async () => {
    const slow = 'SELECT * FROM raw_tasks WHERE SLEEP(0.2) = 0'
    const diagnosis = await asUser(READING, 'only-reads', view(slow))
    expect(lineOf(diagnosis, 'request-ids')).toMatchObject({
      status: 'unverified',
      seen: 'the server ended the query on ts_fal_tasks, since it took too long',
    })
    expect(lineOf(diagnosis, 'ledger-words', 'ts_points_detail').status).toBe('ok')
  })
})
