import { describe, expect, it } from 'vitest'
import { checklistPrompt } from '../../src/checklist.ts'
import { connect } from './connected-client.ts'

describe('the prompt', () => {
  it('is listed with its title and optional arguments', async () => {
    const { client } = await connect([])
    const { prompts } = await client.listPrompts()
    expect(prompts).toMatchObject([{ name: 'consumption-audit', title: '消耗审计' }])
    expect(prompts[0]!.arguments!.map(({ name, required }) => [name, required])).toEqual(
      ['start', 'end', 'ids', 'user_ids', 'lang'].map((name) => [name, false]),
    )
  })

  it('is the checklist with the given scope', async () => {
    const { client } = await connect([])
    const args = { start: '2026-02-01', user_ids: '101', lang: 'en' }
    const { messages } = await client.getPrompt({ name: 'consumption-audit', arguments: args })
    const text = checklistPrompt({ ...args, user_ids: [101] })
    expect(messages).toEqual([{ role: 'user', content: { type: 'text', text } }])
  })

  it('refuses other names and arguments', async () => {
    const { client } = await connect([])
    await expect(client.getPrompt({ name: 'audit' })).rejects.toThrow('consumption-audit')
    await expect(client.getPrompt({ name: 'consumption-audit', arguments: { from: 'x' } })).rejects.toThrow(
      'start, end',
    )
  })

  it.each([
    [{ start: '2026-02-30' }, /start: "2026-02-30" is not accepted/],
    [{ start: '2026-02-07', end: '2026-02-01' }, /end: "2026-02-01" is not accepted; give a time after start/],
    [{ end: '2026-02-01' }, /start/],
    [{ start: '2026-02-01', end: 'tomorrow' }, /end: "tomorrow" is not accepted; give YYYY-MM-DD/],
    [{ start: '2026-02-01', end: '2028-02-01' }, /end: .*at most 367 days/],
    [{ ids: '5, abc' }, /ids\.1: "abc" is not accepted; give a number/],
    [{ user_ids: '--1' }, /user_ids\.0: "--1" is not accepted/],
    [{ lang: 'fr' }, /lang: "fr" is not accepted; give one of: zh, en/],
    [{ depth: 'summary' }, /depth: there is no such argument; give one of: start, end, ids, user_ids, lang/],
  ])('refuses %j as the tools would, and says what is accepted', async (args, message) => {
    const { client, logged } = await connect([])
    const asked = client.getPrompt({ name: 'consumption-audit', arguments: args as Record<string, string> })
    await expect(asked).rejects.toMatchObject({ code: -32602, message: expect.stringMatching(message) })
    await expect(client.getPrompt({ name: 'nonsense' })).rejects.toThrow('there is no prompt "nonsense"')
    expect(logged).toEqual([])
  })

  it.each<Record<string, string>>([
    { start: '2026-02-06', end: '2026-02-06', ids: '5，12 7', lang: 'zh' },
    { start: '2026-02-06', end: '2026-02-05T20:00:00Z' },
    { start: '2026-02-06T00:00:00+08:00', end: '2026-02-06T01:00:00+08:00' },
    { start: '2999-01-01' },
    { user_ids: '9007199254740991' },
    { ids: '5、12；7', user_ids: '101, -7' },
    { user_ids: Array.from({ length: 1000 }, (_, id) => 900_000_000_000 + id).join(',') },
  ])('takes %j whole', async (args) => {
    const { client } = await connect([])
    const { messages } = await client.getPrompt({
      name: 'consumption-audit',
      arguments: { ...args, end: args.end ?? '' },
    })
    const { content } = messages[0]!
    const { lang: _, ids, user_ids, ...scope } = args
    for (const value of Object.values(scope))
      expect(content).toMatchObject({ text: expect.stringContaining(`"${value}"`) })
    for (const [name, value] of Object.entries({ ids, user_ids })) {
      const told = `- ${name} = [${value?.replace(/[\s,，、;；]+/g, ',')}]\n`
      if (value !== undefined) expect(content).toMatchObject({ text: expect.stringContaining(told) })
    }
  })
})
