import type { TableFailure } from '../errors.ts'
import type { Lang } from './vocabulary.ts'

/** What a failure to read fal means, and what to do, by its code. English reasons say so themselves. */
export const FAILURES_ZH: Readonly<Record<string, string>> = {
  unauthorized:
    '密钥错误、已被撤销，或是无权读取账单的普通密钥；请在 https://fal.ai/dashboard/keys 创建管理密钥并写入账号表',
  forbidden: '密钥没有读取账单的权限；请换用管理密钥或有账单读取权限的密钥（https://fal.ai/dashboard/keys）',
  'not-found': 'fal 上没有所请求的内容；请检查 FAL_API_BASE_URL',
  invalid: 'fal 未接受该请求',
  'rate-limited': '该密钥的请求过于频繁；请稍后重试',
  'server-error': 'fal 方面出错；请稍后重试',
  unreachable: '无法连接 fal，或 fal 未及时答复；请检查网络与 FAL_API_BASE_URL，或稍后重试',
  untrusted: '对方的证书不受信任，未发送请求；请检查网络与 FAL_API_BASE_URL，若中间有代理请设置 NODE_EXTRA_CA_CERTS',
  'proxy-refused': '代理服务器拒绝转发；请检查 HTTPS_PROXY 与 NO_PROXY',
  'bad-answer': 'fal 的答复不完整或不是预期的格式，可能被中间的代理改动',
  'repeating-cursor': 'fal 的分页游标重复，无法读到末尾',
  'page-limit': '数据页数超过上限；请缩短时间范围',
  'too-large': '答复超过大小上限；请缩短时间范围',
  'not-configured': '没有可用的密钥，未向 fal 查询',
}

/** The same of a table of the operator. */
export const TABLE_FAILURES_ZH: Readonly<Record<TableFailure, string>> = {
  'no-answer': '无法连接或登录数据库；请检查 DATABASE_URL 与网络',
  'not-allowed': '数据库用户无权读取；请由管理员授予 SELECT 权限',
  'not-there': '表或列不存在；请在 AUDIT_CONFIG 中写明其名称',
  'broken-view': '该视图无法读取：其底层的表或列不存在，或其定义者无权读取；请由管理员修正视图',
  'wrong-type': '列的类型不符；请在 AUDIT_CONFIG 中指定正确的列',
  'broken-off': '读取中途与数据库的连接中断；请重新审计',
  ended: '查询因超时、服务器限制或被管理员终止而未完成；请缩短时间范围或增加索引',
  occupied: '数据库暂时无法读取（表被锁定或修改，或连接已满）；请稍后重试',
  'bad-value': '有一行的值无法识别；请更正该行，或在 AUDIT_CONFIG 中指定正确的列',
  'too-much': '数据超过可精确处理的上限；请缩短时间范围',
  damaged: '数据库文件无法读取，可能已损坏；请检查 DATABASE_URL',
}

/** Why fal was not read, in the language of a report: in Chinese what it means, then what was seen as it was told. */
export const failureText = (failure: string, reason: string, lang: Lang): string =>
  worded(FAILURES_ZH, failure, reason, lang)

/** The same of a table; `failure` is '' where nothing more is known than what was seen. */
export const tableFailureText = (failure: string, reason: string, lang: Lang): string =>
  worded(TABLE_FAILURES_ZH, failure, reason, lang)

function worded(meanings: Readonly<Record<string, string>>, failure: string, reason: string, lang: Lang): string {
  const meaning = lang === 'zh' && Object.hasOwn(meanings, failure) ? meanings[failure] : undefined
  return meaning === undefined ? reason : `${meaning}（${reason}）`
}
