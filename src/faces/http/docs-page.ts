import type { OpenApiDocument, OpenApiOperation } from './openapi.ts'

type Json = Readonly<Record<string, unknown>>

/** The page loads nothing: no script, and styles of its own alone. */
export const DOCS_POLICY = "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; frame-ancestors 'none'"

const STYLE = `body{font:16px/1.5 system-ui,sans-serif;margin:0 auto;max-width:60rem;padding:1rem;color:#1a1a1a;background:#fff}
h1{font-size:1.6rem}h2{margin-top:2.5rem;border-bottom:1px solid #ccc}h3{font-size:1.1rem;margin:2rem 0 .3rem}
code,pre{font:14px/1.4 ui-monospace,monospace}pre{background:#f4f4f4;padding:.6rem;overflow:auto}
table{border-collapse:collapse;width:100%}th,td{text-align:left;vertical-align:top;padding:.25rem .6rem .25rem 0;border-bottom:1px solid #e5e5e5}
.method{display:inline-block;min-width:3.2rem;font-weight:600}summary{cursor:pointer;color:#444}
@media(prefers-color-scheme:dark){body{color:#e6e6e6;background:#161616}pre{background:#242424}h2,th,td{border-color:#3a3a3a}summary,a{color:#9ab}}`

/** The OpenAPI document as a page for people. */
export function docsPage(document: OpenApiDocument): string {
  const { info, paths } = document
  const operations = Object.entries(paths).flatMap(([path, methods]) =>
    Object.entries(methods).map(([method, operation]) => ({ path, method: method.toUpperCase(), operation })),
  )
  const tags = [...new Set(operations.flatMap(({ operation }) => operation.tags))]
  const sections = tags.map((tag) => {
    const own = operations.filter(({ operation }) => operation.tags.includes(tag))
    return `<h2>${html(tag)}</h2>\n${own.map(section).join('\n')}`
  })
  const contents = operations.map(
    ({ path, method, operation }) =>
      `<tr><td><a href="#${html(operation.operationId)}"><code><span class="method">${method}</span>${html(path)}</code></a></td><td>${html(operation.summary)}</td></tr>`,
  )
  return `<!doctype html>
<html lang="en">
<head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">
<title>${html(info.title)} ${html(info.version)}</title><style>${STYLE}</style></head>
<body>
<h1>${html(info.title)} ${html(info.version)}</h1>
<p>${html(info.description)}</p>
<p>The same for programs: <a href="openapi.json">openapi.json</a>.</p>
<table>${contents.join('\n')}</table>
${sections.join('\n')}
</body>
</html>
`
}

interface Shown {
  readonly path: string
  readonly method: string
  readonly operation: OpenApiOperation
}

function section({ path, method, operation }: Shown): string {
  const { operationId, summary, description, parameters = [], requestBody, responses } = operation
  const [type, body] = Object.entries(requestBody?.content ?? {})[0] ?? []
  const inputs = [
    ...Object.entries((body?.schema.properties ?? {}) as Record<string, Json>).map(([name, schema]) =>
      inputRow(name, schema, 'body'),
    ),
    ...parameters.map(({ name, in: place, schema, description: told }) =>
      inputRow(name, told === undefined ? schema : { ...schema, description: told }, place),
    ),
  ]
  return [
    `<h3 id="${html(operationId)}"><code><span class="method">${method}</span>${html(path)}</code></h3>`,
    `<p><b>${html(summary)}</b>${description === undefined ? '' : `<br>${html(description)}`}</p>`,
    inputs.length === 0
      ? ''
      : `<table><tr><th>input</th><th>in</th><th>type</th><th></th></tr>${inputs.join('')}</table>`,
    type === undefined
      ? ''
      : `<p>Content type: ${Object.keys(requestBody?.content ?? {})
          .map(code)
          .join(' or ')}</p>`,
    answers(responses),
  ].join('\n')
}

const inputRow = (name: string, schema: Json, place: string): string =>
  `<tr><td>${code(name)}</td><td>${place}</td><td>${html(typeOf(schema))}</td><td>${html(String(schema.description ?? ''))}${
    schema.default === undefined ? '' : ` (default ${code(String(schema.default))})`
  }</td></tr>`

function typeOf(schema: Json): string {
  if (Array.isArray(schema.enum)) return schema.enum.map(String).join(' | ')
  if (schema.type === 'array') return `list of ${typeOf((schema.items ?? {}) as Json)}`
  return typeof schema.type === 'string' ? schema.type : ''
}

function answers(responses: Json): string {
  const rows = Object.entries(responses).map(([status, response]) => {
    const { description = '', content = {} } = response as { description?: string; content?: Record<string, Json> }
    return { status, description, schema: Object.values(content)[0]?.schema as Json | undefined }
  })
  const result = rows.find(({ status, schema }) => status === '200' && schema !== undefined)
  return [
    `<table>${rows.map(({ status, description }) => `<tr><td>${code(status)}</td><td>${html(description)}</td></tr>`).join('')}</table>`,
    result === undefined
      ? ''
      : `<details><summary>Schema of the result</summary><pre>${html(JSON.stringify(result.schema, null, 2))}</pre></details>`,
  ].join('\n')
}

const ENTITIES: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&#39;',
}

const html = (text: string): string => text.replace(/[&<>"']/g, (character) => ENTITIES[character] ?? '')
const code = (text: string): string => `<code>${html(text)}</code>`
