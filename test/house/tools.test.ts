import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { Client } from '@modelcontextprotocol/sdk/client/index.js'
import { InMemoryTransport } from '@modelcontextprotocol/sdk/inMemory.js'
import { describe, expect, it } from 'vitest'
import { z } from 'zod'
import { PROMPT_ARGUMENTS, serverInstructions } from '../../src/checklist.ts'
import type { Tool } from '../../src/tool.ts'
import { TOOLS, WRITE_TOOLS } from '../../tools/registry.ts'
import { fakeServices, mcpFaceOf } from '../faces/fake-tools.ts'
import { ROOT, sourcesIn } from './sources.ts'

const LIST_CHARS_MAX = 16_000
/** Scanners of tool descriptions take these for an attempt to steer a model. */
const SHOUTING = [/\b(important|must|critical|ignore)\b/i, /\b(NEVER|ALWAYS)\b/]
const FIRST_TOOLS = ['fal-get-usage', 'fal-list-invoices', 'tasks-by-user', 'user-ledger', 'audit-reconcile']

const ALL = [...TOOLS, ...WRITE_TOOLS]

const files = sourcesIn(['tools'], ['.ts'])
  .map(({ path }) => path.replace(/^tools\/|\.ts$/g, ''))
  .filter((name) => name !== 'registry')

describe('the registry', () => {
  it('holds the tools of the contract, in the order of an audit', () => {
    expect(TOOLS.map(({ name }) => name).filter((name) => FIRST_TOOLS.includes(name))).toEqual(FIRST_TOOLS)
  })

  it('is frozen', () => {
    expect(Object.isFrozen(TOOLS)).toBe(true)
    expect(Object.isFrozen(WRITE_TOOLS)).toBe(true)
  })

  it('keeps tools that write apart', () => {
    expect(TOOLS.filter(({ writes }) => writes === true)).toEqual([])
    expect(WRITE_TOOLS.filter(({ writes }) => writes !== true)).toEqual([])
  })

  it('has one file a tool, and its schema under the same name', async () => {
    expect(ALL.map(({ name }) => name).sort()).toEqual(files.sort())
    for (const name of files) {
      expect(existsSync(join(ROOT, 'schemas', `${name}.ts`)), `schemas/${name}.ts`).toBe(true)
      const exported = Object.values((await import(`../../tools/${name}.ts`)) as Record<string, unknown>)
      expect(exported.filter((value) => (value as Tool).name === name)).toHaveLength(1)
    }
  })
})

describe.each(ALL.map((tool) => [tool.name, tool] as const))('%s', (name, tool) => {
  it('has a short name and a plain ASCII description', () => {
    expect(name).toMatch(/^[a-z]+(-[a-z]+)*$/)
    expect(name.length).toBeLessThanOrEqual(36)
    expect(tool.title).not.toBe('')
    expect(tool.description.length).toBeGreaterThan(40)
    expect(tool.description.length).toBeLessThanOrEqual(1000)
  })

  it('takes flat, described, optional or required inputs, and no others', () => {
    expect(tool.input._zod.def.catchall).toBeInstanceOf(z.ZodNever)
    const schema = z.toJSONSchema(tool.input, { io: 'input' })
    for (const [key, property] of Object.entries(schema.properties ?? {})) {
      expect(key).toMatch(/^[a-z][a-z0-9]*(_[a-z0-9]+)*$/)
      expect(property, key).toHaveProperty('description')
      expect((property as { type?: string }).type, key).not.toBe('object')
    }
  })

  it('promises a strict output with paging, whose lists are there', () => {
    expect(tool.output._zod.def.catchall).toBeInstanceOf(z.ZodNever)
    for (const key of ['truncated', 'omitted', 'nextCursor', 'next'])
      expect(Object.keys(tool.output.shape)).toContain(key)
    if (tool.lists.length > 0) expect(Object.keys(tool.input.shape)).toContain('cursor')
    for (const path of tool.lists) {
      const at = path.split('.').reduce<unknown>((schema, key) => inside(schema)[key], tool.output)
      expect(unwrapped(at), path).toBeInstanceOf(z.ZodArray)
    }
  })
})

const unwrapped = (schema: unknown): unknown =>
  schema instanceof z.ZodOptional || schema instanceof z.ZodNullable ? unwrapped(schema.unwrap()) : schema

function inside(schema: unknown): Record<string, unknown> {
  const object = unwrapped(schema)
  return object instanceof z.ZodObject ? object.shape : {}
}

describe('what a client is told', () => {
  it.each(['audit-reconcile', 'fal-list-invoices', 'user-ledger'])('of %s: that it quotes untrusted text', (name) => {
    expect(TOOLS.find((tool) => tool.name === name)?.description).toMatch(/untrusted text/)
  })

  const descriptionsIn = (value: unknown): string[] => {
    if (typeof value !== 'object' || value === null) return []
    return Object.entries(value).flatMap(([key, each]) =>
      key === 'description' && typeof each === 'string' ? [each] : descriptionsIn(each),
    )
  }

  const listed = async () => {
    const { server } = mcpFaceOf(fakeServices(ALL))
    const client = new Client({ name: 'house', version: '1' })
    const [near, far] = InMemoryTransport.createLinkedPair()
    await Promise.all([client.connect(near), server.connect(far)])
    const tools = await client.listTools()
    await client.close()
    return tools
  }

  it(`lists all tools in at most ${LIST_CHARS_MAX} characters`, async () => {
    expect(JSON.stringify(await listed()).length).toBeLessThanOrEqual(LIST_CHARS_MAX)
  })

  it('is plain ASCII and shouts nowhere', async () => {
    const prompt = PROMPT_ARGUMENTS.map(({ description }) => description)
    for (const text of [...descriptionsIn(await listed()), ...prompt, serverInstructions()]) {
      expect(text).toMatch(/^[\x20-\x7e\n]*$/)
      for (const word of SHOUTING) expect(text).not.toMatch(word)
    }
  })
})
