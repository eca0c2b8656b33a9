import type { Statement, StatementLine } from '../../schemas/billing-statements.ts'

/** The line of a model; its figures follow from the number, so that each is found once. */
export function statementLine(number: number, more: Partial<StatementLine> = {}): StatementLine {
  return {
    model_id: `fal-ai/model-${number}`,
    model_name: `model-${number}`,
    input_tokens: null,
    output_tokens: null,
    total_tokens: null,
    request_count: 7 * number,
    charged_points: 1340 * number,
    refunded_points: 3 * number,
    net_points: 1337 * number,
    total_cost: `${13 * number}.40`,
    fal_cost_usd: `${number}.123456789`,
    margin_usd: `-${number}.000000001`,
    ...more,
  }
}

/** A settled statement of the operator, with a line for each model. */
export function sampleStatement(breakdown: readonly StatementLine[], more: Partial<Statement> = {}): Statement {
  const { model_id: _id, model_name: _name, ...totals } = statementLine(9001)
  return {
    invoice_id: 'inv_202401',
    kind: 'operator',
    user_id: null,
    user_name: null,
    period: '2024-01',
    timezone: 'Asia/Shanghai',
    currency: 'CNY',
    ...totals,
    status: 'settled',
    status_reason: null,
    settled_at: '2024-02-01T00:00:00.000Z',
    breakdown: [...breakdown],
    coverage: { complete: true, sources: [{ source: 'tasks', status: 'complete' }] },
    findings: { high: 4001, medium: 4002, low: 4003 },
    content_hash: '9f86d081884c7d659a2feaa0c55ad015'.repeat(2),
    restatement: null,
    ...more,
  }
}
