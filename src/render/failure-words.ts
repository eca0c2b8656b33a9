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
  'proxy-refused': '代理服务器拒绝转发；请检查 HTTPS_PROXY 与 NO_PROXY',
  'bad-answer': 'fal 的答复不完整或不是预期的格式，可能被中间的代理改动',
  'repeating-cursor': 'fal 的分页游标重复，无法读到末尾',
  'page-limit': '数据页数超过上限；请缩短时间范围',
  'too-large': '答复超过大小上限；请缩短时间范围',
  'not-configured': '没有可用的密钥，未向 fal 查询',
}

/** Why fal was not read, in the language of a report: in Chinese what it means, then what was seen as it was told. */
export function failureText(failure: string, reason: string, lang: Lang): string {
  const meaning = lang === 'zh' && Object.hasOwn(FAILURES_ZH, failure) ? FAILURES_ZH[failure] : undefined
  return meaning === undefined ? reason : `${meaning}（${reason}）`
}
