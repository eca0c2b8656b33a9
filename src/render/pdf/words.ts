import type { STATUS_REASONS, Statement, StatementLine } from '../../../schemas/billing-statements.ts'
import type { Lang } from '../vocabulary.ts'

/** The fields of a statement that hold a figure. */
export type FigureField = Exclude<
  {
    [Field in keyof StatementLine]: StatementLine[Field] extends number | string | null ? Field : never
  }[keyof StatementLine],
  'model_id' | 'model_name'
>

/** What a statement says in a language, besides its data. */
export interface StatementWords {
  readonly title: string
  readonly subject: string
  readonly operator: string
  readonly user: (id: string, name: string) => string
  readonly period: string
  readonly timezone: string
  readonly currency: string
  readonly status: string
  readonly statuses: Readonly<Record<Statement['status'], string>>
  readonly reasons: Readonly<Record<(typeof STATUS_REASONS)[number], string>>
  readonly settledAt: string
  readonly contentHash: string
  readonly totals: string
  readonly breakdown: string
  readonly model: string
  readonly total: string
  readonly noModels: string
  /** A figure by its field; that of costs holds the currency of the statement. */
  readonly figures: (currency: string) => Readonly<Record<FigureField, string>>
  readonly restatement: string
  readonly restated: string
  readonly restatedBasis: (settledAt: string) => string
  readonly settledHash: string
  readonly restatedLine: string
  readonly restatedField: string
  readonly restatedSettled: string
  readonly restatedNow: string
  readonly coverage: string
  readonly coverageComplete: string
  readonly coverageIncomplete: string
  readonly source: string
  readonly account: string
  readonly state: string
  readonly detail: string
  readonly sourcesRead: (count: number) => string
  readonly sourcesLeftOut: (count: number) => string
  readonly findings: string
  readonly severities: (high: number, medium: number, low: number) => string
  readonly unknown: string
  readonly basis: string
  readonly pageOf: (page: number, pages: number) => string
}

const ZH: StatementWords = {
  title: '对账单',
  subject: '对账对象',
  operator: '运营方（全部用户）',
  user: (id, name) => (name === '' ? `用户 ${id}` : `用户 ${id}（${name}）`),
  period: '账期',
  timezone: '时区',
  currency: '币种',
  status: '状态',
  statuses: { draft: '草稿', settled: '已结算' },
  reasons: {
    running: '账期尚未结束',
    incomplete: '部分来源未能完整读取',
    pending: '仍有请求未出结果',
    'not-reconciled': '尚未逐请求核对',
    unrecorded: '本地结算记录无法写入',
  },
  settledAt: '结算时间',
  contentHash: '内容摘要 (SHA-256)',
  totals: '合计',
  breakdown: '按模型明细',
  model: '模型',
  total: '合计',
  noModels: '本账期没有任务。',
  figures: (currency) => ({
    input_tokens: '输入 tokens',
    output_tokens: '输出 tokens',
    total_tokens: '合计 tokens',
    request_count: '请求数',
    charged_points: '扣费积分',
    refunded_points: '退款积分',
    net_points: '净扣积分',
    total_cost: `净费用 (${currency})`,
    fal_cost_usd: 'fal 成本 (USD)',
    margin_usd: '毛利 (USD)',
  }),
  restatement: '结算后变动',
  restated: '结算后数据有变动，见“结算后变动”；其余各处均为当前数字。',
  restatedBasis: (settledAt) => `结算于 ${settledAt}，以下各项与当时记录不同：`,
  settledHash: '结算时内容摘要 (SHA-256)',
  restatedLine: '项目',
  restatedField: '字段',
  restatedSettled: '结算时',
  restatedNow: '当前',
  coverage: '数据覆盖',
  coverageComplete: '全部来源均已完整读取。',
  coverageIncomplete: '部分来源未能完整读取，以上数字可能不完整。',
  source: '来源',
  account: '账号',
  state: '读取情况',
  detail: '说明',
  sourcesRead: (count) => `完整读取的来源：${count} 个`,
  sourcesLeftOut: (count) => `另有 ${count} 个来源未列出`,
  findings: '审计发现',
  severities: (high, medium, low) => `高 ${high}，中 ${medium}，低 ${low}`,
  unknown: '“–”表示未知：相应来源未配置或未能完整读取，并非零。',
  basis: '本对账单依据平台自身的任务记录、积分流水及匹配到的 fal 计费明细生成，并非 fal 出具的单据。',
  pageOf: (page, pages) => `第 ${page} / ${pages} 页`,
}

const EN: StatementWords = {
  title: 'Statement',
  subject: 'For',
  operator: 'Operator (all users)',
  user: (id, name) => (name === '' ? `User ${id}` : `User ${id} (${name})`),
  period: 'Period',
  timezone: 'Time zone',
  currency: 'Currency',
  status: 'Status',
  statuses: { draft: 'Draft', settled: 'Settled' },
  reasons: {
    running: 'the period is still running',
    incomplete: 'some sources could not be read whole',
    pending: 'requests are still pending',
    'not-reconciled': 'not yet reconciled request by request',
    unrecorded: 'the local settlement record cannot be written',
  },
  settledAt: 'Settled at',
  contentHash: 'Content hash (SHA-256)',
  totals: 'Totals',
  breakdown: 'By model',
  model: 'Model',
  total: 'Total',
  noModels: 'No tasks in this period.',
  figures: (currency) => ({
    input_tokens: 'Input tokens',
    output_tokens: 'Output tokens',
    total_tokens: 'Total tokens',
    request_count: 'Requests',
    charged_points: 'Points charged',
    refunded_points: 'Points refunded',
    net_points: 'Net points',
    total_cost: `Net cost (${currency})`,
    fal_cost_usd: 'fal cost (USD)',
    margin_usd: 'Margin (USD)',
  }),
  restatement: 'Changes since settlement',
  restated: 'The data has changed since it was settled: see Changes since settlement. All other figures are current.',
  restatedBasis: (settledAt) => `Settled at ${settledAt}; what differs from that record:`,
  settledHash: 'Content hash when settled (SHA-256)',
  restatedLine: 'Line',
  restatedField: 'Field',
  restatedSettled: 'When settled',
  restatedNow: 'Now',
  coverage: 'Coverage',
  coverageComplete: 'All sources were read whole.',
  coverageIncomplete: 'Some sources could not be read whole: the figures above may be incomplete.',
  source: 'Source',
  account: 'Account',
  state: 'Read',
  detail: 'Reason',
  sourcesRead: (count) => `Sources read whole: ${count}`,
  sourcesLeftOut: (count) => `${count} more sources are not listed`,
  findings: 'Audit findings',
  severities: (high, medium, low) => `high ${high}, medium ${medium}, low ${low}`,
  unknown: '– means not known: its source is not configured or was not read whole. It does not mean zero.',
  basis:
    "Made from the platform's own tasks and points ledgers and the fal billing events matched to them. Not a document of fal.",
  pageOf: (page, pages) => `Page ${page} / ${pages}`,
}

export const statementWords = (lang: Lang): StatementWords => (lang === 'zh' ? ZH : EN)
