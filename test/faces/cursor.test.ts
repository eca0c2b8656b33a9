import { describe, expect, it } from 'vitest'
import { z } from 'zod'
import { AuditError } from '../../src/errors.ts'
import { runToolPaged } from '../../src/faces/run-tool.ts'
import { createPager, type JsonObject } from '../../src/paging.ts'
import { quietContext } from '../kit/audit-world.ts'
import { echoTool, fakeServices } from './fake-tools.ts'

const { dependencies } = fakeServices([echoTool])
const ASKED = { limit: 2000, ids: [5, 12], start: '2026-02-01' }

/** A result of several pages, and what asks for the second of them. */
async function cut() {
  const pager = createPager()
  const call = (given: JsonObject) => runToolPaged(echoTool, given, pager, dependencies, quietContext())
  const { nextCursor: cursor } = await call(ASKED)
  return { call: (given: JsonObject) => call({ ...given, cursor }) }
}

describe('inputs beside a cursor', () => {
  it.each([
    ['none', {}],
    ['all that the result was asked with', ASKED],
    ['some of it', { ids: [5, 12] }],
    ['what is the default, and what says nothing', { start: null, user_ids: [], depth: 'requests' }],
  ])('may be %s', async (_what, given) => {
    const { call } = await cut()
    const page = await call(given)
    expect(page).toEqual(await call({}))
    expect((page.rows as { id: number }[])[0]?.id).toBeGreaterThan(0)
  })

  it.each([
    ['start', { start: '2026-02-02' }, /^start: "2026-02-02" is not used with cursor, .* give cursor alone/],
    ['user_ids', { ...ASKED, user_ids: [7] }, /"7" is not used with cursor/],
    ['ids', { ids: [12, 5] }, /not used with cursor/],
    ['limit', { limit: 2001 }, /not used with cursor/],
    ['depth', { depth: 'summary' }, /not used with cursor/],
    ['depth', { depth: 'deep' }, /give one of: summary, requests/],
    ['userIds', { userIds: [7] }, /there is no such field \(is it user_ids\?\)/],
  ])('are refused by name where they ask for something else: %s', async (field, given, told) => {
    const { call } = await cut()
    const error = await call(given).catch((cause: unknown) => cause)
    expect(error).toBeInstanceOf(AuditError)
    expect(error).toMatchObject({ kind: 'input', field, message: expect.stringMatching(told) })
  })

  it('need not be there, also those that a call without a cursor needs', async () => {
    const needing = { ...echoTool, input: echoTool.input.extend({ id: z.string() }) }
    const pager = createPager()
    const call = (given: JsonObject) => runToolPaged(needing, given, pager, dependencies, quietContext())
    const { nextCursor: cursor } = await call({ ...ASKED, id: 'a' })
    const page = await call({ cursor })
    expect(page).toEqual(await call({ cursor, id: 'a' }))
    await expect(call({ cursor, id: 'b' })).rejects.toMatchObject({ field: 'id' })
    await expect(call(ASKED)).rejects.toMatchObject({ field: 'id' })
  })

  it('are no matter where the cursor itself is unknown', async () => {
    const call = runToolPaged(echoTool, { ...ASKED, cursor: 'A.1' }, createPager(), dependencies, quietContext())
    await expect(call).rejects.toMatchObject({ field: 'cursor' })
  })
})
