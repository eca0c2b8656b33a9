import { describe, expect, it } from 'vitest'
import { createMetrics } from '../../src/faces/http/metrics.ts'
import type { OpenApiDocument } from '../../src/faces/http/openapi.ts'
import { TOOLS } from '../../tools/registry.ts'
import { echoTool } from './fake-tools.ts'
import { ask, postJson, serveFakes } from './http-calls.ts'

const documentOf = async (restUrl: string): Promise<OpenApiDocument> =>
  (await ask(`${restUrl}/openapi.json`)).json as unknown as OpenApiDocument

describe('/openapi.json', () => {
  it('describes every route that is there, and none that is not', async () => {
    const { restUrl } = await serveFakes(TOOLS)
    const { openapi, paths } = await documentOf(restUrl)
    expect(openapi).toBe('3.1.0')
    for (const [path, methods] of Object.entries(paths)) {
      const { status, headers } = await ask(`${restUrl}${path}`, { method: 'DELETE' })
      const allowed = String(headers.allow).replace(', HEAD', '').toLowerCase().split(', ')
      expect([path, status, allowed]).toEqual([path, 405, Object.keys(methods)])
    }
    for (const { name } of TOOLS) expect(paths).toHaveProperty([`/v1/tools/${name}`, 'post'])
    for (const path of ['usage', 'invoices', 'balance']) expect(paths).toHaveProperty([`/v1/billing/${path}`, 'get'])
    expect(paths).toHaveProperty(['/v1/billing/estimate', 'post'])
    expect(paths).toHaveProperty(['/api/config/falai-usage', 'post'])
  })

  it('has the inputs and the result of each tool, with what they mean', async () => {
    const { restUrl } = await serveFakes([echoTool])
    const operation = (await documentOf(restUrl)).paths['/v1/tools/echo-rows']?.post
    const body = operation?.requestBody?.content['application/json']?.schema
    expect(body).toMatchObject({
      additionalProperties: false,
      properties: { depth: { enum: ['summary', 'requests'] }, start: { description: 'first day' } },
    })
    const { 200: result, 422: refusal } = operation!.responses as Record<number, { content: object }>
    expect(result?.content).toMatchObject({
      'application/json': { schema: { properties: { rows: { type: 'array' } } } },
    })
    expect(refusal?.content).toEqual({ 'application/json': { schema: { $ref: '#/components/schemas/Error' } } })
  })

  it('resolves each of its references, and names each operation once', async () => {
    const { restUrl } = await serveFakes(TOOLS)
    const document = await documentOf(restUrl)
    const references = [...JSON.stringify(document).matchAll(/"\$ref":"#\/([^"]+)"/g)].map(([, path = '']) => path)
    for (const path of new Set(references)) {
      const target = path
        .split('/')
        .reduce<unknown>((at, key) => (at as Record<string, unknown> | undefined)?.[key], document)
      expect(target, path).toBeDefined()
    }
    const ids = Object.values(document.paths).flatMap((methods) =>
      Object.values(methods).map((each) => each.operationId),
    )
    expect(new Set(ids).size).toBe(ids.length)
  })

  it('asks for a token where one is needed', async () => {
    const { restUrl } = await serveFakes([echoTool], { tokens: { serve: 'reading-token', admin: undefined } })
    const { json } = await ask(`${restUrl}/openapi.json`, { headers: { authorization: 'Bearer reading-token' } })
    expect(json.security).toEqual([{ bearer: [] }])
    expect(await documentOf((await serveFakes([echoTool])).restUrl)).not.toHaveProperty('security')
  })

  it('tells the refusals of the routes that are no tool, and which of them needs no token', async () => {
    const { restUrl } = await serveFakes([echoTool], { tokens: { serve: 'reading-token', admin: undefined } })
    const { json } = await ask(`${restUrl}/openapi.json`, { headers: { authorization: 'Bearer reading-token' } })
    const { paths } = json as unknown as OpenApiDocument
    for (const path of ['/v1/tools', '/healthz', '/readyz', '/metrics', '/openapi.json', '/docs']) {
      const { status } = await ask(`${restUrl}${path}`)
      const rebound = await ask(`${restUrl}${path}`, { headers: { host: 'evil.example' } })
      const { responses, security } = paths[path]?.get ?? { responses: {}, security: undefined }
      expect([path, Object.keys(responses)]).toEqual([
        path,
        expect.arrayContaining([String(status), '403', '429', '500']),
      ])
      expect([path, rebound.status, status, security]).toEqual([
        ...[path, 403],
        ...(path === '/healthz' ? [200, []] : [401, undefined]),
      ])
    }
  })
})

describe('/docs', () => {
  it('is a page that names every route and loads nothing', async () => {
    const { restUrl } = await serveFakes(TOOLS)
    const { status, text, headers } = await ask(`${restUrl}/docs`)
    expect([status, headers['content-type']]).toEqual([200, 'text/html; charset=utf-8'])
    expect(headers['content-security-policy']).toContain("default-src 'none'")
    expect(headers['referrer-policy']).toBe('no-referrer')
    expect(text).not.toMatch(/<script|<link|<img|src=|@import|url\(|https?:\/\/(?!fal\.ai)/)
    for (const path of Object.keys((await documentOf(restUrl)).paths)) expect(text).toContain(`${path}</code>`)
  })

  it('shows markup in descriptions as text', async () => {
    const { restUrl } = await serveFakes([{ ...echoTool, description: '<script>alert("x")</script>' }])
    const { text } = await ask(`${restUrl}/docs`)
    expect(text).not.toContain('<script')
    expect(text).toContain('&lt;script&gt;')
  })
})

describe('/v1/tools', () => {
  it('lists every tool with its path and schemas', async () => {
    const { restUrl } = await serveFakes(TOOLS)
    const { tools } = (await ask(`${restUrl}/v1/tools`)).json as { tools: Record<string, unknown>[] }
    expect(tools.map(({ name, path }) => [name, path])).toEqual(TOOLS.map(({ name }) => [name, `/v1/tools/${name}`]))
    for (const tool of tools) expect(tool.inputSchema).toMatchObject({ type: 'object' })
  })
})

describe('/readyz', () => {
  it('says what is not configured', async () => {
    const { restUrl } = await serveFakes([])
    expect(await ask(`${restUrl}/readyz`)).toMatchObject({
      status: 503,
      json: { ready: false, configuration: { status: 'ok' }, database: { status: 'not-configured' } },
    })
  })

  it('says that the configuration cannot be read', async () => {
    const dependencies = () => Promise.reject(new Error('broken'))
    const { restUrl } = await serveFakes([], { dependencies })
    expect(await ask(`${restUrl}/readyz`)).toMatchObject({ status: 503, json: { configuration: { status: 'failed' } } })
  })
})

describe('/metrics', () => {
  it('counts requests and operations, and measures how long they took', async () => {
    const { restUrl } = await serveFakes([echoTool])
    await postJson(`${restUrl}/v1/tools/echo-rows`, {})
    await postJson(`${restUrl}/v1/tools/echo-rows`, { nonsense: 1 })
    await ask(`${restUrl}/${'x'.repeat(50)}`)
    const { text, headers } = await ask(`${restUrl}/metrics`)
    expect(headers['content-type']).toBe('text/plain; version=0.0.4; charset=utf-8')
    expect(text).toContain('fal_audit_http_requests_total{route="/v1/tools/echo-rows",method="POST",status="200"} 1\n')
    expect(text).toContain('fal_audit_http_requests_total{route="/v1/tools/echo-rows",method="POST",status="422"} 1\n')
    expect(text).toContain('fal_audit_http_requests_total{route="none",method="GET",status="404"} 1\n')
    expect(text).toContain('fal_audit_http_request_duration_seconds_count{route="/v1/tools/echo-rows"} 2\n')
    expect(text).toContain('fal_audit_operations_total{tool="echo-rows",outcome="done"} 1\n')
    expect(text).toMatch(/^process_resident_memory_bytes 1$/m)
    for (const line of text.trimEnd().split('\n')) {
      expect(line).toMatch(/^(# (HELP|TYPE) \w+ .+|\w+(\{\w+="[^"\n]*"(,\w+="[^"\n]*")*\})? [\d.e+-]+)$/)
    }
  })

  it('puts durations into growing buckets', () => {
    const metrics = createMetrics('1')
    for (const seconds of [0.001, 0.2, 100]) metrics.request('/x', 'PROPFIND', 200, seconds)
    const text = metrics.text({ residentBytes: 1, heapUsedBytes: 1, cpuSeconds: 1 })
    const bucket = (bound: string): string => `_bucket{route="/x",le="${bound}"}`
    expect(text).toContain(`${bucket('0.005')} 1\n`)
    expect(text).toContain(`${bucket('0.25')} 2\n`)
    expect(text).toContain(`${bucket('60')} 2\n`)
    expect(text).toContain(`${bucket('+Inf')} 3\n`)
    expect(text).toContain('method="other"')
  })
})
