import { inject } from 'vitest'

/** What MariaDB and MySQL say or have each in its own way. A list is without what the server has nothing like. */
interface ServerWords {
  /** Blanks at the end of a text count in it, case and accents do not. */
  readonly noPadCollation: string
  /** Of utf8mb4, that it alone has. */
  readonly ownCollations: readonly string[]
  /** Of an index that no query uses. */
  readonly hiddenIndex: string
  /** Between the role and the user of SET DEFAULT ROLE. */
  readonly defaultRoleOf: string
  /** Takes up the files of the certificate and of its key. */
  readonly reloadTls: string
  /** Seconds after which a session is ended that says nothing. */
  readonly idleLimits: readonly string[]
  /** That it alone has. */
  readonly ownSqlModes: readonly string[]
  /** Ends each query of a user without privileges after a second, and lets them run again. */
  readonly endQueries: (user: string) => { readonly soon: string; readonly never: string }
  /** How a user is made to log in so that no driver for Node knows it. */
  readonly strangeLogins: ReadonlyArray<{
    readonly plugin: string
    readonly install: string
    readonly identified: string
  }>
}

const MARIADB: ServerWords = {
  noPadCollation: 'utf8mb4_uca1400_nopad_ai_ci',
  ownCollations: [
    ...['utf8mb4_nopad_bin', 'utf8mb4_unicode_nopad_ci', 'utf8mb4_uca1400_nopad_ai_ci', 'utf8mb4_uca1400_as_cs'],
  ],
  hiddenIndex: 'IGNORED',
  defaultRoleOf: 'FOR',
  reloadTls: 'FLUSH SSL',
  idleLimits: ['wait_timeout', 'idle_transaction_timeout', 'idle_readonly_transaction_timeout'],
  ownSqlModes: ['EMPTY_STRING_IS_NULL,STRICT_ALL_TABLES', 'ORACLE,EMPTY_STRING_IS_NULL'],
  endQueries: (user) => ({
    soon: `ALTER USER '${user}'@'%' WITH MAX_STATEMENT_TIME 1`,
    never: `ALTER USER '${user}'@'%' WITH MAX_STATEMENT_TIME 0`,
  }),
  strangeLogins: [
    {
      plugin: 'client_ed25519',
      install: "INSTALL SONAME 'auth_ed25519'",
      identified: "IDENTIFIED VIA ed25519 USING PASSWORD('s3cr3t-pass')",
    },
  ],
}

const MYSQL: ServerWords = {
  noPadCollation: 'utf8mb4_0900_ai_ci',
  ownCollations: ['utf8mb4_0900_ai_ci', 'utf8mb4_0900_as_cs', 'utf8mb4_0900_bin', 'utf8mb4_zh_0900_as_cs'],
  hiddenIndex: 'INVISIBLE',
  defaultRoleOf: 'TO',
  reloadTls: 'ALTER INSTANCE RELOAD TLS',
  idleLimits: ['wait_timeout'],
  ownSqlModes: ['PAD_CHAR_TO_FULL_LENGTH', 'ANSI,NO_BACKSLASH_ESCAPES', 'TRADITIONAL,TIME_TRUNCATE_FRACTIONAL'],
  // It has no such limit of one user; this setting spares those who may do all.
  endQueries: () => ({
    soon: "SET GLOBAL init_connect = 'SET SESSION max_execution_time = 1000'",
    never: "SET GLOBAL init_connect = ''",
  }),
  strangeLogins: [],
}

/** Those of the server of this test run. */
export const WORDS: ServerWords = inject('mariadb').isMariaDb ? MARIADB : MYSQL
