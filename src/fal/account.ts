import { falBilling } from '../../schemas/fal.ts'
import { type Answer, complete } from './answer.ts'
import type { Call } from './asking.ts'
import { usdOf } from './decode.ts'
import { readJson } from './json.ts'
import type { AccountBilling } from './reader.ts'

/** GET /account/billing: the workspace's name and its live credits. */
export async function askBilling(call: Call): Promise<Answer<AccountBilling>> {
  const answer = await call.transport.ask(
    {
      apiKey: call.apiKey,
      path: '/account/billing',
      params: [['expand', 'credits']],
      accept: 'application/json',
      read: readJson(falBilling),
    },
    call.signal,
  )
  if (answer.status === 'failed') return answer
  const { username, credits } = answer.value
  const balance = credits?.current_balance
  return complete({ username, balanceNanoUsd: balance == null ? null : usdOf(balance) })
}
