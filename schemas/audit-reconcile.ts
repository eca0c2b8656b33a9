import { z } from 'zod'
import { cursorInput, pagedOutput } from './paging.ts'
import { report } from './report.ts'
import { endInput, idsInput, startInput, timezoneInput, userIdsInput } from './tool-shapes.ts'

export const SECTIONS = ['findings', 'official', 'tasks', 'ledger', 'not_evaluated'] as const

const threshold = z.string().max(20).optional()

export const input = z.strictObject({
  start: startInput,
  end: endInput,
  timezone: timezoneInput,
  ids: idsInput,
  user_ids: userIdsInput,
  depth: z.enum(['summary', 'requests']).default('requests').describe('summary skips single billing events'),
  sections: z.array(z.enum(SECTIONS)).max(SECTIONS.length).optional().describe('parts to return; default all'),
  lang: z.enum(['zh', 'en']).default('zh').describe('language of messages'),
  a1_deviation_ratio: threshold.describe('A1, share such as "0.1"'),
  a5_refund_ratio: threshold.describe('A5, share such as "0.3"'),
  a6_multiple: threshold.describe('A6, multiple such as "5"'),
  a6_active_days: z.int().min(1).max(30).optional().describe('A6, days needed'),
  a8_balance_usd: threshold.describe('A8, USD such as "1.00"'),
  settlement_lag_hours: z.int().min(0).max(720).optional().describe('hours until a bill is due'),
  cursor: cursorInput,
})

const { official, tasks, ledger, findings, notEvaluated, settings, ...always } = report.shape

export const output = pagedOutput({
  ...always,
  unverified: z.array(z.string()).optional().describe('what could not be read, the first few'),
  settings: settings.partial({ modelAliases: true }),
  findings: findings.optional(),
  notEvaluated: notEvaluated.optional(),
  official: official.optional(),
  ledger: ledger.optional(),
  tasks: tasks.optional(),
  reportId: z.string(),
  reportUri: z.string().describe('resource with the whole report'),
})
