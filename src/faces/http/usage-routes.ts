import { z } from 'zod'
import * as statements from '../../../schemas/billing-statements.ts'
import { routeInput, usageByGroup, usageWhole } from '../../../schemas/billing-usage.ts'
import { listStatements, readStatement, requireStatement } from '../../operations/billing-statements.ts'
import { billingUsage } from '../../operations/billing-usage.ts'
import { renderStatementPdf } from '../../render/statement-pdf.ts'
import type { CallContext, Dependencies } from '../../tool.ts'
import { isoInstant } from '../../units/instant.ts'
import { parseOutside } from '../../validation.ts'
import { outgoing } from '../outgoing.ts'
import type { Admission } from './admission.ts'
import { type BillingOperation, billingRoute, operation, queryOf } from './billing-operation.ts'
import { FileAnswer } from './file-answer.ts'
import type { Route } from './routes.ts'
import { createLinkSigner, expiryOf, type LinkSigner } from './signed-link.ts'

type UsageInput = z.output<typeof routeInput>

const NO_STATEMENT = { 404: 'There is no such statement' }

/** Usage told apart by one thing, under the seed's own paths. */
const groupedUsage = (path: string, by: 'day' | 'model' | 'key', summary: string, description: string) =>
  operation({
    name: 'billing-usage',
    method: 'GET',
    path: `/api/v1/billing/usage/${path}`,
    summary,
    description,
    input: routeInput,
    output: usageByGroup,
    run: async (given: UsageInput, dependencies: Dependencies, context: CallContext) => {
      const {
        totals: _totals,
        items = [],
        next: _next,
        ...told
      } = await billingUsage({ ...given, group_by: by }, dependencies, context)
      return { ...told, items }
    },
  })

const USAGE: readonly BillingOperation[] = [
  operation({
    name: 'billing-usage',
    method: 'GET',
    path: '/api/v1/billing/usage',
    summary: 'What users were charged, what fal cost, and the margin',
    description: 'All tasks of the period that the filters leave. Null was not read, and coverage names it.',
    input: routeInput,
    output: usageWhole,
    run: async (given: UsageInput, dependencies: Dependencies, context: CallContext) => {
      const {
        totals,
        items: _items,
        next: _next,
        ...told
      } = await billingUsage({ ...given, group_by: 'none' }, dependencies, context)
      return { ...told, ...totals }
    },
  }),
  groupedUsage('daily', 'day', 'The same by day', 'Every date of the period up to today, in the audit zone.'),
  groupedUsage('by-model', 'model', 'The same by model', "By fal's endpoint id where it is known."),
  groupedUsage('by-apikey', 'key', 'The same by key', 'Keys are shortened; keys in no account row stand apart.'),
]

const STATEMENTS: readonly BillingOperation[] = [
  operation({
    name: 'billing-statements',
    method: 'GET',
    path: '/api/v1/billing/invoices',
    summary: 'Monthly statements',
    description:
      'Newest first, of all users together or of one. They are statements of the operator, no invoices of fal.',
    input: statements.listInput,
    output: statements.listOutput,
    run: (given, dependencies, context) => listStatements(given, dependencies, context),
  }),
  operation({
    name: 'billing-statements',
    method: 'GET',
    path: '/api/v1/billing/invoices/{invoice_id}',
    summary: 'One monthly statement by model',
    description:
      'The same data give the same content and hash. What changed since it was settled is shown line by line.',
    statuses: NO_STATEMENT,
    input: statements.idInput,
    output: statements.statement,
    run: async ({ invoice_id: id }, dependencies, context) =>
      (await readStatement(id, dependencies, context)).statement,
  }),
]

const FILES_PATH = '/api/v1/billing/files'

const download = (signer: LinkSigner) =>
  operation({
    name: 'billing-statements',
    method: 'GET',
    path: '/api/v1/billing/invoices/{invoice_id}/download',
    summary: 'A link to the PDF of a statement',
    description: 'Opens without a token for ten minutes, as long as this server runs.',
    statuses: NO_STATEMENT,
    input: statements.downloadInput,
    output: statements.downloadOutput,
    run: async ({ invoice_id: id, lang }, dependencies, context, origin) => {
      await requireStatement(id, dependencies, context)
      const link = signer.sign(`${FILES_PATH}/${id}.pdf`, lang, dependencies.clock())
      const query = new URLSearchParams({ lang, expires: link.expires, signature: link.signature })
      return { download_url: `${origin}${link.path}?${query}`, expires_at: isoInstant(expiryOf(link)) }
    },
  })

/** Usage and statements in the shape of the seed "计费模块". */
export function usageRoutes(admission: Admission): readonly Route[] {
  const signer = createLinkSigner()
  const told = [...USAGE, ...STATEMENTS, download(signer)].map((each) => billingRoute(each, admission))
  return [...told, fileRoute(admission, signer)]
}

const fileRoute = (admission: Admission, signer: LinkSigner): Route => ({
  method: 'GET',
  path: `${FILES_PATH}/{file}`,
  tag: 'rules',
  summary: 'The PDF of a statement, by its link',
  description: 'The signature in the link stands for a token.',
  takes: 'query',
  paged: false,
  access: 'open',
  mediaType: 'application/pdf',
  statuses: { ...NO_STATEMENT, 403: 'The link was altered or has expired' },
  input: statements.fileInput,
  output: z.string(),
  run: async (given, { dependencies, context, redact }) => {
    const { file, lang: wanted, ...link } = queryOf(statements.fileInput, given)
    const open = await dependencies()
    signer.check({ path: `${FILES_PATH}/${file}`, lang: wanted ?? '', ...link }, open.clock())
    const invoiceId = file.replace(/\.pdf$/, '')
    const { lang } = parseOutside(statements.downloadInput, { invoice_id: invoiceId, lang: wanted }, { kind: 'input' })
    const bytes = await admission.run('billing-statements', context, async (within) => {
      const { statement } = await readStatement(invoiceId, open, within)
      // The same texts as in the JSON, where no secret of the database leaves either.
      return renderStatementPdf(statements.statement.parse(outgoing(statement, redact, statements.statement)), lang)
    })
    return new FileAnswer('application/pdf', `${invoiceId}.pdf`, bytes)
  },
})
