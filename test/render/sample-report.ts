import type { Finding, LedgerRow, OfficialRow, Report, TaskCell } from '../../schemas/report.ts'

const official = (
  accountId: number,
  balanceUsd: string | null,
  costUsd: string | null,
  modelCount: number | null,
  requestCount: number | null,
): OfficialRow => ({ accountId, balanceUsd, balanceSource: 'table', costUsd, modelCount, requestCount })

const task = (
  accountId: number,
  userId: number,
  userName: string,
  model: string,
  figures: readonly [taskCount: number, chargedPoints: number, costUsd: string],
): TaskCell => {
  const [taskCount, chargedPoints, costUsd] = figures
  return { accountId, userId, userName, model, taskCount, chargedPoints, costUsd, refundCount: 0, refundedPoints: 0 }
}

export const ledger = (
  userId: number,
  userName: string,
  figures: readonly [charged: number, points: number | null, cash: number | null, recharged: number | null],
): LedgerRow => {
  const [chargedPoints, pointsConsumed, cashConsumed, pointsRecharged] = figures
  const paid = pointsConsumed === null || cashConsumed === null ? null : pointsConsumed + cashConsumed
  const differencePoints = paid === null ? null : paid - chargedPoints
  return {
    userId,
    userName,
    chargedPoints,
    pointsConsumed,
    cashConsumed,
    pointsRefunded: paid === null ? null : 0,
    cashRefunded: paid === null ? null : 0,
    pointsRecharged,
    cashRecharged: paid === null ? null : 0,
    differencePoints,
    status: differencePoints === null ? 'UNVERIFIED' : differencePoints === 0 ? 'OK' : 'DIFF',
  }
}

export const finding = (over: Partial<Finding>): Finding => ({
  rule: 'A1',
  severity: 'HIGH',
  classification: 'BREAK',
  subject: { accountId: 5 },
  expected: '99.92',
  actual: '33.6',
  difference: '-66.32',
  unit: 'USD',
  count: 1,
  message: '账号 5 官方消耗 99.92 USD，系统记录 33.60 USD，偏差 66.4%（阈值 10%）',
  evidence: { total: 0, ids: [] },
  fingerprint: 'f',
  ...over,
})

/** The example of report-layout.md: account 23's bill could not be read. */
export const sampleReport = (over: Partial<Report> = {}): Report => ({
  schemaVersion: 1,
  asOf: '2026-02-07T01:30:00+08:00',
  window: {
    start: '2026-02-06T00:00:00+08:00',
    end: '2026-02-07T00:00:00+08:00',
    timezone: 'Asia/Shanghai',
  },
  coverage: {
    complete: false,
    sources: [
      { source: 'tasks', status: 'complete' },
      { source: 'fal-usage', accountId: 5, status: 'complete' },
      { source: 'fal-usage', accountId: 23, status: 'failed', reason: 'fal answered 401: the key is wrong' },
    ],
  },
  official: {
    rows: [
      official(5, '12.3', '99.92', 18, 1049),
      official(12, '45.6', '8.5', 5, 120),
      official(23, '0.15', null, null, null),
    ],
    models: [
      { accountId: 5, model: 'sora-2/i2v', unit: 'second', quantity: '120.5', costUsd: '99.92' },
      { accountId: 12, model: 'flux/schnell', unit: 'image', quantity: '80', costUsd: '8.5' },
    ],
    totals: { costUsd: '108.42', requestCount: 1169 },
  },
  tasks: {
    rows: [
      task(5, 101, '张三', 'sora-2/i2v', [50, 5000, '5']),
      task(5, 102, '李四', 'kling/v2.1/i2v', [30, 8400, '28']),
      task(5, 103, '王五', 'seedream/v4/t2i', [20, 600, '0.6']),
      task(12, 101, '张三', 'flux/schnell', [80, 800, '0.8']),
    ],
    totals: {
      taskCount: 180,
      chargedPoints: 14800,
      costUsd: '34.4',
      refundCount: 0,
      refundedPoints: 0,
      outsideAccounts: { taskCount: 0, chargedPoints: 0, costUsd: '0' },
    },
  },
  ledger: {
    rows: [
      ledger(101, '张三', [5800, 5600, 200, 1000]),
      ledger(102, '李四', [8400, 8400, 0, 0]),
      ledger(103, '王五', [600, 400, 200, 0]),
    ],
  },
  requests: null,
  tieOut: null,
  settings: {
    depth: 'requests',
    dbTimezone: '+08:00',
    ledgerLink: 'order',
    ledgerLinkedRatio: '0.98',
    ledgerLookup: null,
    accountLimit: 20,
    pointsPerUsd: null,
    filters: { ids: [], userIds: [] },
    modelAliases: {},
    learnedAliases: {},
    thresholds: { a1DeviationRatio: '0.1' },
  },
  rules: [{ rule: 'A1', examined: 2, findings: 1 }],
  findings: [
    finding({}),
    finding({ rule: 'A7', severity: 'MEDIUM', subject: { userId: 103 }, count: 3, message: '用户 103 有 3 个任务' }),
    finding({ classification: 'TIMING', severity: 'LOW', subject: { accountId: 12 }, message: '账号 12' }),
  ],
  notEvaluated: [
    { rule: 'A1', subject: { accountId: 23 }, reason: '未能读取该账号的官方账单' },
    { rule: 'A1', subject: { accountId: 24 }, reason: '未能读取该账号的官方账单' },
  ],
  summary: { ok: 2, warning: 3, critical: 1, bySeverity: { high: 1, medium: 1, low: 0 }, byRule: { A1: 1, A7: 1 } },
  ...over,
})

/** Names that try to steer a terminal, a Markdown view or a reader. */
export const HOSTILE_NAMES = [
  '\u001b[2J\u001b[31mred\u001b[0m',
  '\u001b]8;;https://evil.example\u0007click\u001b]8;;\u0007',
  'line one\r\n# heading\n| cell | cell |',
  'abc\u202Egnp.exe\u2066',
  'tag\u{E0041}\u{E0042}\u{E007F}\u200B\u200D\uFEFF',
  '<img src=x onerror=alert(1)> [x](https://evil.example) `code` ![y](//e)',
  '| --- | **bold** _it_ ~~s~~ $m$ [^1]',
  '@octocat see #12 www.evil.example',
  '\uD800lone\uDC00',
  `z${'\u0301'.repeat(60)}algo`,
  '字'.repeat(200),
] as const
