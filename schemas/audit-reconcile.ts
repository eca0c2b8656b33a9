import { z } from 'zod'
import { cursorInput, pagedOutput } from './paging.ts'
import { countInt, idInt, report, severity, severityCounts } from './report.ts'
import { endInput, idsInput, langInput, startInput, timezoneInput, userIdsInput } from './tool-shapes.ts'

export const SECTIONS = ['findings', 'official', 'tasks', 'ledger', 'not_evaluated'] as const

const threshold = z.string().max(20).optional()

export const input = z.strictObject({
  start: startInput,
  end: endInput,
  timezone: timezoneInput,
  ids: idsInput,
  user_ids: userIdsInput,
  depth: z.enum(['summary', 'requests']).default('requests').describe('summary: no single events'),
  sections: z.array(z.enum(SECTIONS)).max(SECTIONS.length).optional().describe('default as told'),
  lang: langInput,
  report_id: z.string().max(64).optional().describe('earlier reportId: its findings, no new audit'),
  rule: z.string().max(20).optional().describe('filter, such as B1'),
  severity: severity.optional().describe('filter'),
  account_id: idInt.optional().describe('filter'),
  user_id: idInt.optional().describe('filter'),
  date: z.string().max(10).optional().describe('filter, YYYY-MM-DD'),
  fingerprint: z.string().max(64).optional().describe('filter'),
  a1_deviation_ratio: threshold.describe('such as 0.1'),
  a5_refund_ratio: threshold.describe('such as 0.3'),
  a6_multiple: threshold.describe('such as 5'),
  a6_active_days: z.int().min(1).max(30).optional().describe('days needed'),
  a8_balance_usd: threshold.describe('such as 1.00'),
  settlement_lag_hours: z.int().min(0).max(720).optional().describe('until a bill is due'),
  cursor: cursorInput,
})

const { official, tasks, ledger, findings, notEvaluated, settings, rules, tieOut, ...always } = report.shape

export const output = pagedOutput({
  ...always,
  unverified: z.array(z.string()).optional().describe('what could not be read, the first few'),
  matching: z
    .strictObject({
      findings: countInt,
      ofFindings: countInt,
      ...severityCounts.shape,
      unlisted: countInt.optional().describe('findings that the report counts and does not list: some may match'),
    })
    .optional()
    .describe('listed findings that the filter left, of how many; summary counts all'),
  settings: settings.partial({ modelAliases: true }).optional(),
  rules: rules.optional(),
  tieOut: tieOut.optional(),
  findings: findings.optional(),
  notEvaluated: notEvaluated.optional(),
  official: official.optional(),
  ledger: ledger.optional(),
  tasks: tasks.optional(),
  reportId: z.string(),
  reportUri: z.string().describe('resource with the whole report'),
})
