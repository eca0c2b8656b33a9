/** Tools that are only there where a setting of AUDIT_CONFIG is true, by name. */
const SETTINGS: ReadonlyMap<string, string> = new Map([['billing-rules-write', 'billing.allowWrite']])

/** What to do where a tool is asked for that is there, but switched off; undefined: no such tool is. */
export function howToSwitchOn(name: string): string | undefined {
  const setting = SETTINGS.get(name)
  return setting && `It writes, and is there once ${setting} is true in the file of AUDIT_CONFIG.`
}
