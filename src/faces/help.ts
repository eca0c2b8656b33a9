import type { Flag } from './flags.ts'

/** What help says of one command. */
export interface CommandHelp {
  readonly name: string
  readonly summary: string
  readonly description: string
  /** Derived when they are needed: most runs need those of one command, and a server none. */
  readonly flags: () => readonly Flag[]
}

const PROGRAM = 'fal-consumption-audit'
const WIDTH = 100

export function programHelp(commands: readonly CommandHelp[], version: string): string {
  const names = commands.map(({ name, summary }): [string, string] => [name, summary])
  return `${[
    `${PROGRAM} ${version}: billing audit for fal.ai resellers, read-only`,
    '',
    `Usage: ${PROGRAM} COMMAND [flags]`,
    '',
    'Commands:',
    ...table(names),
    '',
    'Without a command: the MCP server where stdin is no terminal, else this help.',
    `Help for a command: ${PROGRAM} COMMAND --help`,
    '',
    'Environment:',
    ...table(ENVIRONMENT),
    '',
    'Exit codes of audit:',
    ...table(EXIT_CODES),
    '',
    `To see it work, with nothing to configure: ${PROGRAM} demo`,
  ].join('\n')}\n`
}

export function commandHelp({ name, summary, description, flags }: CommandHelp): string {
  const rows = flags().map((flag): [string, string] => [flagTitle(flag), flagText(flag)])
  return `${[
    `${PROGRAM} ${name}: ${summary}`,
    '',
    ...(description === '' ? [] : [...wrap(description, WIDTH), '']),
    `Usage: ${PROGRAM} ${name}${rows.length === 0 ? '' : ' [flags]'}`,
    ...(rows.length === 0 ? [] : ['', 'Flags:', ...table(rows)]),
  ].join('\n')}\n`
}

const VALUES = {
  text: ' TEXT',
  number: ' N',
  switch: '',
  texts: ' TEXT...',
  numbers: ' N...',
  paths: ' FILE...',
} as const

function flagTitle(flag: Flag): string {
  const [first = flag.key, ...others] = flag.names
  const aliases = others.filter((name) => !name.includes('_')).map((name) => `, --${name}`)
  return `--${first}${aliases.join('')}${flag.values.length > 0 ? ` ${flag.values.join('|')}` : VALUES[flag.kind]}`
}

const flagText = (flag: Flag): string =>
  flag.fallback === undefined ? flag.description : `${flag.description} (default ${flag.fallback})`.trim()

const ENVIRONMENT: readonly [string, string][] = [
  ['DATABASE_URL', 'mysql://user:password@host:3306/database, or file:PATH'],
  ['FAL_KEY', 'a fal key, for fal-get-usage and friends without the account table'],
  ['FAL_API_BASE_URL', 'fal Platform API (default https://api.fal.ai/v1)'],
  ['HTTPS_PROXY, NO_PROXY', 'HTTP proxy through which fal is asked, and hosts asked without it (HTTP_PROXY for http:)'],
  ['AUDIT_TIMEZONE', "zone of the audit's days, such as Asia/Shanghai (default: the database's own)"],
  ['DB_TIMEZONE', 'zone of the stored times (default: AUDIT_TIMEZONE, otherwise that of the call or the database)'],
  ['AUDIT_ACCOUNT_LIMIT', 'newest accounts audited (default 20)'],
  ['AUDIT_POINTS_PER_USD', 'points that one USD is worth, for margins'],
  ['SERVE_TOKEN', 'bearer token that clients of serve send; needed off loopback'],
  ['ADMIN_TOKEN', 'bearer token of serve for writing'],
  ['AUDIT_CONFIG', 'JSON file: thresholds, model aliases, names of tables and columns'],
  ['BILLING_STORE', 'file:PATH of billing rules and settled statements'],
]

const EXIT_CODES: readonly [string, string][] = [
  ['0', 'complete, nothing at or above --fail-on'],
  ['1', 'complete, with such findings'],
  ['2', 'wrong usage or configuration, or the operation failed'],
  ['3', 'a report was made, but some source could not be verified'],
]

/** Two columns; a title too long for its column has its text on the next line. */
function table(rows: readonly (readonly [string, string])[]): string[] {
  const column = Math.min(30, Math.max(...rows.map(([title]) => title.length)))
  const indent = ' '.repeat(column + 4)
  return rows.flatMap(([title, text]) => {
    const [first = '', ...rest] = wrap(text, WIDTH - indent.length)
    const head = title.length <= column ? [`  ${title.padEnd(column)}  ${first}`] : [`  ${title}`, `${indent}${first}`]
    return [...head, ...rest.map((line) => `${indent}${line}`)].map((line) => line.trimEnd())
  })
}

function wrap(text: string, width: number): string[] {
  const lines: string[] = []
  let line = ''
  for (const word of text.split(/\s+/)) {
    if (line !== '' && line.length + 1 + word.length > width) {
      lines.push(line)
      line = word
    } else {
      line = line === '' ? word : `${line} ${word}`
    }
  }
  return line === '' ? lines : [...lines, line]
}
