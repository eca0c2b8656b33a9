import { join } from 'node:path'
import { describe, expect, it, vi } from 'vitest'
import { readConfig } from '../src/config.ts'

const os = vi.hoisted(() => ({ homedir: (): string => '/home/a', userInfo: () => ({ homedir: '/home/passwd' }) }))
vi.mock('node:os', async (original) => ({
  ...(await original<typeof import('node:os')>()),
  homedir: () => os.homedir(),
  userInfo: () => os.userInfo(),
}))

/** As Node tells of a user number that the system has no entry for. */
const unknownUser = (): never => {
  throw new Error('A system error occurred: uv_os_get_passwd returned ENOENT (no such file or directory)')
}
const storeOf = async (environment: Record<string, string> = {}) =>
  (await readConfig(environment, '/where/it/started', () => undefined)).billingStore
const PLACE = 'fal-consumption-audit/billing.db'

describe('the place of the billing store', () => {
  it('does not depend on where the program was started where HOME is empty', async () => {
    os.homedir = () => ''
    expect(await storeOf()).toBe(join('/home/passwd/.local/share', PLACE))
  })

  it('is where the program was started for a user without a home, who can audit all the same', async () => {
    os.homedir = unknownUser
    os.userInfo = unknownUser
    expect(await storeOf()).toBe(join('/where/it/started', PLACE))
    expect(await storeOf({ XDG_DATA_HOME: '/data' })).toBe(join('/data', PLACE))
    expect(await storeOf({ BILLING_STORE: 'file:/srv/b.db' })).toBe('/srv/b.db')
  })
})
