import { describe, expect, it } from 'vitest'
import type { Report } from '../../schemas/report.ts'
import { serverInstructions } from '../../src/checklist.ts'
import { AuditError } from '../../src/errors.ts'
import { LIMITS } from '../../src/limits.ts'
import { createReportStore } from '../../src/reports.ts'
import type { Dependencies, Tool } from '../../src/tool.ts'
import { type Answer, connect } from './connected-client.ts'
import { echoTool, fakeServices, reportWith, SECRET, toolThat } from './fake-tools.ts'

const failureIn = (answer: Answer): Record<string, string> => {
  expect(answer.isError).toBe(true)
  expect(answer.structuredContent).toBeUndefined()
  return JSON.parse(answer.content[0]!.text)
}

describe('initialize', () => {
  it('tells name, version and instructions', async () => {
    const { client } = await connect([echoTool])
    expect(client.getServerVersion()).toMatchObject({ name: 'fal-consumption-audit', version: '1.2.3' })
    expect(client.getInstructions()).toBe(serverInstructions())
    expect(client.getServerCapabilities()).toEqual({ tools: {}, prompts: {}, resources: {}, logging: {} })
  })

  it('and the lists touch neither configuration nor database', async () => {
    let touched = 0
    const dependencies = (): Promise<Dependencies> => {
      touched += 1
      return Promise.reject(new Error('touched'))
    }
    const { client } = await connect([echoTool], { dependencies })
    await client.listTools()
    await client.listPrompts()
    await client.listResources()
    await client.listResourceTemplates()
    expect(touched).toBe(0)
  })
})

describe('tools/list', () => {
  it('describes each tool, its input, its output and what it does not do', async () => {
    const { client } = await connect([echoTool])
    const [tool] = (await client.listTools()).tools
    expect(tool).toMatchObject({
      name: 'echo-rows',
      title: 'Echo',
      inputSchema: { type: 'object', properties: { user_ids: { type: 'array' } } },
      outputSchema: { type: 'object', required: ['given', 'rows'] },
      annotations: { readOnlyHint: true, destructiveHint: false, idempotentHint: true },
    })
  })
})

describe('tools/call', () => {
  it('returns structured content, and exactly its JSON as the one text', async () => {
    const { call } = await connect([echoTool])
    const answer = await call('echo-rows', { ids: [5, 12] })
    expect(answer.structuredContent).toMatchObject({ given: { ids: [5, 12], depth: 'requests' } })
    expect(answer.content).toEqual([{ type: 'text', text: JSON.stringify(answer.structuredContent, null, 2) }])
  })

  it('of a form that clients hold against the output that was listed', async () => {
    const broken: Tool = { ...echoTool, run: async () => ({ given: {} }) }
    const { client } = await connect([broken])
    await client.listTools()
    const answer = client.callTool({ name: 'echo-rows', arguments: {} })
    await expect(answer).rejects.toThrow(/must have required property 'rows'/)
  })

  it('takes null for an input that was left out', async () => {
    const { call } = await connect([echoTool])
    expect((await call('echo-rows', { start: null, ids: null })).structuredContent).toMatchObject({
      given: { depth: 'requests' },
    })
  })

  it('cuts a long result, and goes on with the cursor alone', async () => {
    const { call } = await connect([echoTool])
    const seen: unknown[] = []
    let answer = await call('echo-rows', { limit: 2000 })
    for (let page = 0; page < 100; page++) {
      expect(answer.content[0]!.text.length).toBeLessThanOrEqual(LIMITS.resultChars)
      seen.push(...(answer.structuredContent!.rows as unknown[]))
      const { nextCursor } = answer.structuredContent!
      if (nextCursor === undefined) break
      expect(answer.structuredContent).toMatchObject({ truncated: true, omitted: { rows: 2000 - seen.length } })
      answer = await call('echo-rows', { cursor: nextCursor })
    }
    expect(seen).toEqual(Array.from({ length: 2000 }, (_, id) => ({ id, name: `row ${id}` })))
  })

  it('blanks secrets out before it cuts: pages keep their limit, and no cut leaves a part of one', async () => {
    const rows = Array.from({ length: 200 }, (_, id) => ({ id, name: 'hunter2 '.repeat(20) }))
    const given = Object.fromEntries(rows.slice(0, 9).map(({ id }) => [id, `${'y'.repeat(390)}${SECRET.repeat(60)}`]))
    const leaking: Tool = { ...echoTool, run: async () => ({ given, rows }) }
    const { call } = await connect([leaking], fakeServices([leaking], ['hunter2']))
    const answer = await call('echo-rows')
    expect(answer.content[0]!.text.length).toBeLessThanOrEqual(LIMITS.resultChars)
    expect(answer.content[0]!.text).not.toMatch(/hunter|correct/)
  })

  it.each([
    ['a cursor that expired', { cursor: 'AAAAAAAAAAAA.7' }, 'cursor', /again without cursor/],
    ['a cursor that is no text', { cursor: 7 }, 'cursor', /nextCursor/],
    ['an unknown argument', { userids: [1] }, 'userids', /user_ids/],
    ['a name that a user would say', { since: '2026-02-01' }, 'since', /is it start\?/],
    ['a name in another spelling', { userIds: [1] }, 'userIds', /is it user_ids\?/],
    ['a value of the wrong type', { ids: 'five' }, 'ids', /a list of numbers, such as \[5, 12\]/],
    ['a value in a list', { ids: [1, -2] }, 'ids.1', /at least 0/],
    ['a word that is none of the enum', { depth: 'deep' }, 'depth', /summary, requests/],
    ['a number beyond its bound', { limit: 0 }, 'limit', /at least 1/],
  ])('refuses %s, and says what is accepted', async (_what, args, field, accepted) => {
    const { call } = await connect([echoTool])
    const failure = failureIn(await call('echo-rows', args))
    expect(failure.field).toBe(field)
    expect(JSON.stringify(failure)).toMatch(accepted)
  })

  it('names the nearest tool for one that is not there', async () => {
    const { call } = await connect([echoTool, toolThat('user-ledger', async () => ({}))])
    const failure = failureIn(await call('user_ledgr'))
    expect(failure.accepted).toBe('user-ledger')
    expect(failure.message).toContain('user_ledgr')
  })

  it('tells what to do about a failure that has a remedy', async () => {
    const broken = toolThat('broken', async () => {
      throw new AuditError('configuration', 'DATABASE_URL is not set', { field: 'DATABASE_URL', next: 'set it' })
    })
    const { call, logged } = await connect([broken])
    expect(failureIn(await call('broken'))).toEqual({
      message: 'DATABASE_URL is not set',
      field: 'DATABASE_URL',
      next: 'set it',
    })
    expect(logged).toEqual([])
  })

  it('tells a bad configuration at each call, and recovers once it is mended', async () => {
    let broken = true
    const working = fakeServices([]).dependencies
    const dependencies = async (): Promise<Dependencies> => {
      if (broken) throw new AuditError('configuration', 'AUDIT_TIMEZONE: "x" is not accepted')
      return working()
    }
    const { call } = await connect([echoTool], { dependencies })
    expect(failureIn(await call('echo-rows')).message).toContain('AUDIT_TIMEZONE')
    broken = false
    expect((await call('echo-rows')).isError).toBeUndefined()
  })

  it('calls a bug a fault of the program, logs its stack, and shows neither stack nor message', async () => {
    const buggy = toolThat('buggy', async () => {
      throw new TypeError(`cannot read ${SECRET}\u001b[2J\nGET /forged of undefined`)
    })
    const { call, logged } = await connect([buggy])
    const answer = await call('buggy')
    expect(failureIn(answer).message).toMatch(/fault of this program.*TypeError/)
    expect(answer.content[0]!.text).not.toMatch(/at |undefined|horse/)
    // Nothing steers the terminal of whoever reads the log, and no line of it is forged.
    expect(logged.join('\n')).toMatch(
      /^buggy: TypeError: cannot read \[redacted\]\n {4}GET \/forged of undefined\n {4}at /,
    )
  })

  it('lets no secret and nothing invisible out, neither in results nor in errors', async () => {
    const leaking = toolThat('leaking', async () => ({ value: [`a\u202eb\u0007 ${SECRET}`, { [SECRET]: SECRET }] }))
    const failing = toolThat('failing', async () => {
      const detail = { field: SECRET, accepted: `another than ${SECRET}`, next: `ask ${SECRET}` }
      throw new AuditError('source', `login as ${SECRET} failed\u001b[31m`, detail)
    })
    const { call } = await connect([leaking, failing])
    expect((await call('leaking')).structuredContent).toEqual({
      value: ['ab [redacted]', { '[redacted]': '[redacted]' }],
    })
    expect(failureIn(await call('failing'))).toEqual({
      message: 'login as [redacted] failed',
      field: '[redacted]',
      accepted: 'another than [redacted]',
      next: 'ask [redacted]',
    })
  })

  it('aborts a call that the client cancels', async () => {
    let aborted = false
    const slow = toolThat('slow', (_dependencies, { signal }) => {
      return new Promise((_resolve, reject) => {
        signal.addEventListener('abort', () => {
          aborted = true
          reject(new AuditError('cancelled', 'cancelled'))
        })
      })
    })
    const { call, idle } = await connect([slow])
    const abort = new AbortController()
    const answer = call('slow', {}, { signal: abort.signal }).catch((error: unknown) => error)
    setTimeout(() => abort.abort('enough'), 20)
    expect(await answer).toBeInstanceOf(Error)
    await idle()
    expect(aborted).toBe(true)
  })

  it('reports growing progress, not too often, to a client that asked for it', async () => {
    const busy = toolThat('busy', async (_dependencies, { progress }) => {
      for (let done = 0; done < 1000; done++) progress({ message: `tasks of ${SECRET}`, done, total: 1000 })
      progress({ message: 'again', done: 3 })
      return {}
    })
    const { call } = await connect([busy])
    const heard: unknown[] = []
    await call('busy', {}, { onprogress: (progress: unknown) => heard.push(progress) })
    expect(heard[0]).toEqual({ progress: 0, total: 1000, message: 'tasks of [redacted] 0/1000' })
    expect(heard.length).toBeLessThan(10)
    expect((await call('busy')).isError).toBeUndefined()
  })
})

describe('reports as resources', () => {
  it('are listed, newest first, and read whole as JSON and as Markdown', async () => {
    const { client, reports } = await connect([])
    reports.put(reportWith())
    const id = reports.put(reportWith({ coverage: { complete: false, sources: [] } }))
    const { resources } = await client.listResources()
    expect(resources.map(({ uri }) => uri).slice(0, 2)).toEqual([`audit://reports/${id}`, `audit://reports/${id}.md`])
    expect(resources).toHaveLength(4)
    const json = await client.readResource({ uri: `audit://reports/${id}` })
    expect(json.contents[0]).toMatchObject({ mimeType: 'application/json' })
    expect(JSON.parse((json.contents[0] as { text: string }).text)).toEqual(reports.get(id))
    const markdown = await client.readResource({ uri: `audit://reports/${id}.md` })
    expect(markdown.contents[0]).toMatchObject({
      mimeType: 'text/markdown',
      text: expect.stringContaining('# Fal 消耗审计'),
    })
    const english = await client.readResource({ uri: `audit://reports/${id}.en.md` })
    expect((english.contents[0] as { text: string }).text).not.toMatch(/\p{Script=Han}/u)
    const own = await client.readResource({ uri: `audit://reports/${reports.put(reportWith(), 'en')}.md` })
    expect((own.contents[0] as { text: string }).text).toMatch(/^# Fal Consumption Audit Report/)
  })

  it('too large for a message are refused with a way to read them, and the connection lives on', async () => {
    const { client, reports } = await connect([])
    const row = { rule: 'A1', subject: { accountId: 5 }, reason: '"'.repeat(60) }
    const notEvaluated = Array.from({ length: 60_000 }, () => row) as Report['notEvaluated']
    const id = reports.put(reportWith({ notEvaluated }))
    await expect(client.readResource({ uri: `audit://reports/${id}` })).rejects.toThrow(
      /sections[\s\S]*cursor[\s\S]*--output/,
    )
    expect((await client.listResources()).resources).toHaveLength(2)
  })

  it('have templates', async () => {
    const { client } = await connect([])
    const { resourceTemplates } = await client.listResourceTemplates()
    expect(resourceTemplates.map(({ uriTemplate }) => uriTemplate)).toEqual([
      'audit://reports/{id}',
      'audit://reports/{id}.md',
    ])
  })

  it('where reading one is a fault of the program, its stack is logged, without secrets, and not told', async () => {
    const get = () => {
      throw new TypeError(`bad ${SECRET}`)
    }
    const { client, logged, reports } = await connect([], { reports: { ...createReportStore(), get } })
    const uri = `audit://reports/${reports.put(reportWith())}`
    const message = expect.stringMatching(/fault of this program(?!.*bad)/)
    await expect(client.readResource({ uri })).rejects.toMatchObject({ code: -32603, message })
    expect(logged.join('\n')).toMatch(/^TypeError: bad \[redacted\]\n {4}at /)
  })

  const FOREIGN = ['audit://reports/nothing', 'audit://reports/../x', 'file:///etc/passwd', `mysql://${SECRET}`]
  it.each(FOREIGN)('%s is not found', async (uri) => {
    const { client } = await connect([])
    const ours = uri.endsWith('/nothing') ? /run audit-reconcile again/ : /give audit:\/\/reports\/\{id\}/
    await expect(client.readResource({ uri })).rejects.toMatchObject({
      code: -32002,
      message: expect.stringMatching(ours),
      data: { uri: uri.replace(SECRET, '[redacted]') },
    })
  })
})
