import { failureText, tableFailureText } from './failure-words.ts'
import { RULES_ZH_A } from './rules-zh-a.ts'
import { RULES_ZH_B } from './rules-zh-b.ts'
import { given, type ReasonParam } from './vocabulary.ts'
import type { Vocabulary } from './words-en.ts'

const LEDGERS: Readonly<Record<string, string>> = { points: '积分', cash: '现金' }

/** Several ledgers come in one parameter, with commas between them. */
const ledgers = (books: string): string =>
  books
    .split(', ')
    .map((book) => LEDGERS[book] ?? book)
    .join('、')

/** A text from outside, set apart from the sentence around it, which it cannot leave. */
const quoted = (text: string): string => `“${text.replace(/[“”]/g, "'")}”`

const tasksHold = (param: ReasonParam, what: string): string =>
  `${given(param('count'), (count) => `该时段有 ${count} 个`)}任务没有记录${what}（NULL）${given(param('tasks'), quoted)}`

const TIMED_TABLES: Readonly<Record<string, string>> = { tasks: '任务表', points: '积分流水', cash: '现金流水' }

/** Why a bill was not read; a table. */
const unread = (param: ReasonParam): string =>
  given(param('detail'), (detail) => `：${failureText(param('failure') ?? '', detail, 'zh')}`)
const tableUnread = (param: ReasonParam): string =>
  given(param('detail'), (detail) => `：${tableFailureText(param('failure') ?? '', detail, 'zh')}`)

/** The Chinese vocabulary; headings as the skill's users know them. */
export const ZH: Vocabulary = {
  title: 'Fal 消耗审计报告',
  auditDate: '审计日期',
  auditPeriod: '审计范围',
  basis: '核对依据',
  dbTimezone: '数据库时间的时区',
  snapshot: '快照',
  snapshots: {
    'per-shard': '各分片各有读取时刻，审计期间写入的行可能只出现在部分表中；FLOAT 只有 6 位有效数字',
    none: '有的表的存储引擎不支持快照，审计期间写入的行可能只出现在部分表中',
    unknown: '数据库未说明各表是否为同一时刻的数据',
  },
  readFrom: '略过的编号',
  readFromIds: (tables, sampled) => `${tables.join('，')}；按每表至多 ${sampled} 行的抽样，这些行早于审计所需的时间`,
  ledgerLink: '流水核对方式',
  ledgerLinkModes: { order: 'order（按任务关联流水）', total: 'total（按审计范围内流水总额）', none: '未读取流水' },
  linkedRatio: '已关联比例',
  depth: '审计深度',
  depths: { summary: 'summary（按用量汇总）', requests: 'requests（逐请求）' },
  filters: '筛选',
  accounts: '账号',
  users: '用户',
  accountLimit: '账号上限',
  accountsBeyondLimit: (count) => `另有 ${count} 个较早的账号未审计，用 --ids 指定`,
  modelAliases: '模型别名',
  learnedAliases: '由匹配得出的模型别名',
  pointsPerUsd: '每 USD 积分',
  thresholds: '阈值',
  incomplete: '以下内容未能核实，下面的数字不完整',
  incompleteUnnamed: '部分来源未能完整读取',
  leftOutSources: (leftOut) => `另有 ${leftOut} 个来源未列出`,
  sourceNames: {
    'fal-usage': 'fal 用量 (fal-usage)',
    'fal-events': 'fal 计费明细 (fal-events)',
    'fal-balance': 'fal 余额 (fal-balance)',
    accounts: '账号表 (accounts)',
    tasks: '任务表 (tasks)',
    users: '用户表 (users)',
    points: '积分流水 (points)',
    cash: '现金流水 (cash)',
  },
  sourceStatuses: { complete: '完整', partial: '部分读取', failed: '读取失败', 'not-configured': '未配置' },
  layer1: '第一层：Fal 官方账单',
  layer1Models: '第一层：各账号模型明细',
  layer2: '第二层：系统任务记录 (fal_tasks)',
  layer3: '第三层：用户扣费核对',
  alerts: '异常告警',
  columns: {
    accountId: '账号ID',
    falAccountId: 'fal账号ID',
    balanceUsd: '余额(USD)',
    officialUsd: '官方消耗(USD)',
    modelCount: '模型数',
    requestCount: '请求数',
    userId: '用户ID',
    userName: '用户名',
    model: '模型',
    quantity: '数量',
    unit: '单位',
    costUsd: '费用(USD)',
    taskCount: '任务数',
    chargedPoints: '收费(积分)',
    falCostUsd: 'fal成本(USD)',
    ledgerCharged: 'fal任务收费',
    pointsConsumed: '积分消耗',
    cashConsumed: '现金消耗',
    pointsRecharged: '积分充值',
    differencePoints: '差异(积分)',
    status: '状态',
  },
  ledgerStatuses: { OK: 'OK', DIFF: '差异', UNVERIFIED: '未核实' },
  total: '合计',
  someUnread: '合计只含已读取的账号',
  maybeTwice:
    '无合计：不同密钥读到的账单内容相同，其中的密钥和 fal 给出的工作区名称都不能确定地区分它们，无法判断是同一份账单还是多份',
  undivided: '未分账号',
  unattributed: '未归属',
  noRows: '无记录',
  leftOut: (shown, leftOut) => `只列出最大的 ${shown} 行，另有 ${leftOut} 行未列出；合计包含全部行`,
  omittedRows: (omitted, all) =>
    `全部 ${all} 行中，成本最低的 ${omitted} 行因数量过多未写入报告（JSON 中也没有），合计已包含。要看到这些行，请用 tasks-by-user，或缩短审计范围，或只选部分账号或用户`,
  untold: (charges, costs) => `未计入合计：${charges} 个任务没有记录收费（NULL），${costs} 个任务没有记录成本（NULL）`,
  outsideAccounts: (taskCount, points, usd) =>
    `另有 ${taskCount} 个任务属于未审计的账号，未列入：收费 ${points}，fal 成本 ${usd}`,
  requests: '请求核对',
  requestKinds: {
    matched: '已匹配',
    unrecorded: '系统无记录',
    unbilled: 'fal 未计费',
    pending: '待结算',
    mismatched: '金额不一致',
  },
  requestsOfAllUsers: '请求核对与勾稽核对包含全部用户，不只是所选用户，因为账单不分用户；第二层只列所选用户',
  requestsUnread: '请求核对：未读取 fal 计费明细',
  tieOut: '勾稽核对',
  tieOutItem: '项目',
  tieOutItems: {
    eventsTotal: '计费明细（范围内或属于范围内任务）',
    eventsMatched: '匹配到范围内的任务',
    eventsNotEvaluated: '未能评估',
    eventsCarried: '结转（属于范围外的任务）',
    eventsUnrecorded: '系统无记录',
    eventsUnattributed: '未归属（密钥不属于任何账号）',
    eventsResidual: '残差（应为 0）',
    recordedTotal: '审计范围内任务的记录成本',
    recordedMatched: '匹配到计费明细',
    recordedUnbilled: 'fal 未计费',
    recordedPending: '待结算',
    recordedFailedOrUnfinished: '失败或未完成',
    recordedWithoutId: '没有请求编号',
    recordedDuplicate: '与其他任务的请求编号重复',
    recordedNotEvaluated: '未能评估',
    recordedResidual: '残差（应为 0）',
    differenceMatched: '已匹配：计费明细 − 记录成本',
    differenceB3: '金额不一致 (B3)',
    differenceTolerated: '容差以内',
    differenceUntold: '没有记录成本的任务',
    differenceResidual: '残差（应为 0）',
    bridgeByEventTime: '桥接：按计费时间的账单',
    bridgeCarriedIn: '转入',
    bridgeCarriedOut: '转出',
    bridgeByTaskPeriod: '按任务期间的账单',
    bridgeResidual: '残差（应为 0）',
  },
  noFindings: '无异常',
  noFindingsInRead: '已核实的内容中无异常',
  moreFindings: (leftOut) => `另有 ${leftOut} 条较轻的告警未列出`,
  moreOfRule: (rule, leftOut, total, summed, isAll) =>
    `… ${rule}：另有 ${leftOut} 条${given(total || undefined, (sum) => `；${isAll ? '全部' : '最重的'} ${summed} 条合计 ${sum}`)}`,
  ofBothSigns: (sum, above, below) => `${sum}（不计正负：+${above}，-${below}）`,
  doubt: '采信以下告警之前',
  nameDoubt:
    '可能只是同一模型的不同名称：逐请求核对（depth requests）会从匹配的请求中学到这些名称，也可以设置 modelAliases',
  nameDoubtOf: (accounts) =>
    `账号 ${accounts} 的这些告警可能只是同一模型的不同名称，因为名称要从计费明细中学到，而其计费明细未能读全：请设置 modelAliases`,
  unlisted: '已计数但因数量过多未写入报告（JSON 中也没有）',
  unlistedOfRule: (rule, omitted, all) => `${rule}：${all} 条中有 ${omitted} 条未列出（较轻的部分）`,
  unlistedAdvice: '要看到这些告警，请缩短审计范围，或只选部分账号或用户',
  notEvaluated: '未能评估的检查',
  subjects: (first, count) =>
    count > first.length
      ? `（${first.join('、')} 等 ${count} 项）`
      : given(first.join('、') || undefined, (all) => `（${all}）`),
  moreReasons: (leftOut) => `另有 ${leftOut} 种原因未列出`,
  leftOutHere: '本视图未列出的内容',
  wholeAsJson: '见 JSON 格式的报告：--format json，或资源 audit://reports/{id}（不带 .md）',
  checks: '检查与阈值',
  examined: '已检查项数',
  done: '审计完成',
  doneIncomplete: '审计完成（部分来源未能核实，见报告开头）',
  summary: (ok, warning, critical) => `正常: ${ok} | 告警: ${warning} | 严重: ${critical}`,
  comma: '，',
  subject: {
    workspace: (name) => `工作区 ${quoted(name)}`,
    accountId: (id) => `账号 ${id}`,
    keyId: (id) => `密钥 ${id}`,
    userId: (id) => `用户 ${id}`,
    model: (model) => `模型 ${quoted(model)}`,
    date: (date) => date,
    taskId: (id) => `任务 ${id}`,
    requestId: (id) => `请求 ${id}`,
    rowId: (id) => `记录 ${id}`,
  },
  quoted,
  named: (subject, name) => `${subject}（${quoted(name)}）`,
  subjectSeparator: ' ',
  said: (who, sentence) => `${who} ${sentence}`,
  points: (amount) => `${amount} 积分`,
  timing: '；可由跨越审计范围边界的任务解释',
  rules: { ...RULES_ZH_A, ...RULES_ZH_B },
  reasons: {
    'bill-unread': (param) => `未能读取该账号的官方账单${unread(param)}`,
    'no-key-ids': () => '账单全部或部分没有标明密钥，而多个账号共用或可能共用该工作区，无法按账号核对',
    'billed-elsewhen': (param) =>
      `${given(param('count'), (count) => `这 ${count} 个`) || '这些'}任务的请求编号 fal 已计费，但已记在另一时段带有相同编号的任务上：用 task-trace 查该编号会列出两者`,
    'bill-maybe-twice': () =>
      '该账单与另一个密钥读到的账单内容相同，其中的密钥和 fal 给出的工作区名称都不能确定地区分两者，无法判断是同一份账单还是多份；只指定其中一个账号的 ids 则只读取一次',
    'key-ids-unmatched': () => '账单中有账号表中没有的密钥，但仍可能属于其中的账号，无法按账号核对',
    'key-ids-shared': () => '账号表有多行使用同一个密钥编号，账单无法按账号核对：请让每行使用各自的密钥',
    'insufficient-history': (param) =>
      `历史数据不足${given(param('count'), (count) => `（${count} 个用户日）`)}${given(param('activeDays'), (days) => `：此前 30 天仅 ${days} 个活跃日`)}${given(param('neededDays'), (days) => `，至少需要 ${days} 个`)}`,
    'ledger-unread': (param) => `未能完整读取${given(param('book'), ledgers)}流水`,
    'ledger-unlinked-more': (param) =>
      `未关联任务的扣费${given(param('unlinkedPaid'), (paid) => ` ${paid} 积分`)}多于没有关联流水的任务收费${given(param('unlinkedCharged'), (charged) => ` ${charged} 积分`)}，多出部分可能不属于 fal 任务`,
    'charge-negative': () => '该用户有收费为负且没有关联流水的任务，无法将实际扣费与任务收费核对',
    'ids-filter-total-link': () => '只筛选了部分账号，而流水只能按总额核对，无法区分其他账号的扣费',
    'balance-unread': () => '未能读取余额',
    'balance-untold': () => '积分流水中没有可供核对的余额（NULL）',
    'ids-repeated': (param) =>
      `积分流水有多行 id 相同${given(param('rowId'), (id) => `（首个 ${id}）`)}，无法确定先后顺序`,
    'rate-missing': () => '未配置每 USD 的积分数 (AUDIT_POINTS_PER_USD)',
    'times-unread': (param) =>
      `${given(param('table'), (table) => `${TIMED_TABLES[table] ?? table}：`)}有${given(param('rows'), (rows) => ` ${rows} `)}行的时间无法读取${given(param('firstRowId'), (id) => `（首行 id ${id}）`)}${given(param('undated'), (count) => `，另有 ${count} 行没有时间`)}，无法判断是否属于该时段`,
    'times-none': (param) =>
      `有${given(param('rows'), (rows) => ` ${rows} `)}个任务没有 created_at${given(param('firstRowId'), (id) => `（首行 id ${id}）`)}${given(param('fromRowId'), (id) => `（只查看了 id ${id} 起的行）`)}：不属于任何时段，未计入合计`,
    timezone: () => '数据库时间与 fal 时间相差固定时差，时区配置可能有误，无法跨层比较时间',
    'depth-summary': () => '只有 --depth requests 才逐请求读取账单',
    'events-unread': (param) => `未能读取该账号的计费明细${unread(param)}`,
    'requests-unanswered': () =>
      'fal 没有全部回答按请求编号对该账号的查询，或请求出现在只读到一部分的账单中，这些请求不作判断',
    'key-without-bill': () => '部分任务的密钥不在账号表中，无法读取其账单',
    'events-short': (param) =>
      `fal 的账单自相矛盾：用量汇总的费用多于计费明细${given(param('usd'), (usd) => ` ${usd} USD`)}，明细中缺少的记录不能作为依据`,
    'usage-days': () => 'fal 的用量汇总没有按审计时区的日期划分，无法逐日核对两份账单',
    'links-total': () => '流水没有标明所属任务，只能按总额核对',
    'links-unlinked': () => '该用户有部分流水未关联任务，无法判断缺少的流水是否在其中',
    'rows-to-come': (param) =>
      `该用户有任务在读取数据前${given(param('minutes'), (minutes) => ` ${minutes} 分钟内`) || '不久'}创建，其流水可能尚未写入`,
    'links-shared': () => '部分流水标明的编号属于该用户的多个任务，无法判断属于其中哪一个',
    'links-foreign': (param) =>
      `有流水从${given(param('users'), (users) => ` ${users} 个用户`) || '该用户'}扣费${given(param('points'), (points) => ` ${points} 积分`)}，订单号却是其他用户的任务（${given(param('orders'), (orders) => `${orders} 个，`)}如${quoted(param('orderId') ?? '')}）：可能扣错了用户，也可能是订单号相同的其他产品；用 task-trace 查该订单，会列出所有用户的相关流水`,
    'lookup-limit': (param) =>
      `需要查询的编号过多${given(param('limit'), (limit) => `（上限 ${limit} 个）`)}，请缩短审计范围`,
    'user-unknown': (param) =>
      `任务、积分、现金和用户表中都没有这个用户编号，可能没有这个用户${given(param('unread'), (unread) => `；有的表未能读取：${unread}`)}`,
    'prices-unread': (param) => `无法读取价格规则${tableUnread(param)}`,
    'levels-unread': (param) => `无法读取用户的会员等级${tableUnread(param)}`,
    'charge-quantity': (param) =>
      `账单和任务表都没有说明部分任务${given(param('unit'), (unit) => `按价格规则的单位 ${unit} `)}用了多少`,
    'amount-untold': () => '该用户有流水没有金额，无法合计',
    'sums-too-large': () => '该用户的金额合计超过 9007199254740991 积分，无法精确合计；请更正这些记录，或缩短审计范围',
    'kind-untold': () => '该用户有流水没有类型或类型未知，可能是扣费，也可能是退款',
    'kinds-unknown': (param) =>
      `有${given(param('rows'), (rows) => ` ${rows} `)}行带订单号或扣款的流水类型未知${given(param('words'), quoted)}，可在 AUDIT_CONFIG 中说明其含义（sourceTypes、transactionTypes）`,
    'charge-untold': (param) => `${tasksHold(param, '收费')}，不等于收费为 0`,
    'cost-untold': (param) => `${tasksHold(param, '成本')}，不等于成本为 0`,
    'end-untold': (param) =>
      `${given(param('count'), (count) => `该时段有 ${count} 个`)}任务的结束时间（completed_at）无法读取或在未来${given(param('tasks'), quoted)}，无法判断是否已结束足够久`,
    'user-untold': (param) => `${tasksHold(param, '用户')}，无法判断属于谁`,
    'owner-untold': (param) =>
      `${given(param('table'), (table) => `${TIMED_TABLES[table] ?? table}：`)}有${given(param('rows'), (rows) => ` ${rows} `)}行流水没有用户${given(param('firstRowId'), (id) => `（首行 id ${id}）`)}，无法判断属于谁`,
    'refunds-late': (param) =>
      `退款可能在审计时段之后才入账，而需要查找的流水过多${given(param('limit'), (limit) => `（上限 ${limit} 行）`)}`,
    'key-untold': (param) =>
      `${given(param('count'), (count) => `有 ${count} 个`)}任务没有记录密钥，无法判断密钥是否已知`,
    'model-untold': (param) =>
      `${given(param('count'), (count) => `有 ${count} 个`)}任务没有记录模型，无法判断属于哪个模型`,
  },
  otherReason: (code, params) => `证据不足 (${code})${given(params || undefined, (all) => `：${all}`)}`,
}
