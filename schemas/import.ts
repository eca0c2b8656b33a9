import { z } from 'zod'
import { countInt } from './report.ts'
import { timezoneInput } from './tool-shapes.ts'

const FILES_MAX = 1000

/** A path on the command line is taken as it stands: commas and blanks in it belong to it. */
const path = z.string().min(1).max(4096).meta({ format: 'path' })

const files = (table: string) =>
  z.array(path).min(1).max(FILES_MAX).optional().describe(`CSV files, or files of mysqldump --tab, of ${table}`)

/** The input of the command `import`. */
export const importInput = z.strictObject({
  output: path.describe('database file to write'),
  accounts: files('the accounts (ts_fal_account)'),
  tasks: files('the tasks (ts_fal_tasks)'),
  users: files('the users (ts_users)'),
  points: files('the points ledger (ts_points_detail)'),
  cash: files('the cash ledger (ts_financial_transactions)'),
  dir: path.optional().describe('folder with <table>.csv, .tsv or .txt for each table that no flag gives'),
  backslash_escapes: z
    .boolean()
    .optional()
    .describe('in CSV a backslash escapes the next character (SELECT ... INTO OUTFILE with ENCLOSED BY)'),
  usd_type: z
    .enum(['auto', 'float', 'decimal'])
    .default('auto')
    .describe('type of balance and cost_money where the file does not tell; auto: decimal where no FLOAT prints so'),
  timezone: timezoneInput.describe(
    'zone of the stored times, such as Asia/Shanghai (default DB_TIMEZONE, else AUDIT_TIMEZONE)',
  ),
  overwrite: z.boolean().optional().describe('replace the database file where there is one'),
})
export type ImportRequest = z.output<typeof importInput>

/** One bad line: its number counts from 1, and is that on which its record begins. */
const badLine = z.strictObject({ file: z.string(), line: countInt, problem: z.string() })
export type BadLine = Readonly<z.output<typeof badLine>>

const importedTable = z.strictObject({
  table: z.string(),
  rows: countInt,
  files: z.array(z.string()),
  skippedColumns: z
    .array(z.string())
    .describe('columns of the files that the audit does not read; they are not stored'),
  sixDigitColumns: z
    .array(z.string())
    .optional()
    .describe(
      'FLOATs of which mysqldump wrote six digits and MySQL holds more: each amount may be off by half of its sixth digit. Absent: none',
    ),
  exportWhole: z.string().optional().describe('command that exports the table with all digits of them'),
})
export type ImportedTable = Readonly<z.output<typeof importedTable>>

/** What an import came to. With bad lines nothing was written. */
export const importOutcome = z.discriminatedUnion('status', [
  z.strictObject({
    status: z.literal('written'),
    output: z.string(),
    tables: z.array(importedTable),
    missingTables: z
      .array(z.string())
      .describe(
        'that no file was given for; they are not in the database, so the audit says that it could not read them',
      ),
    taskTimes: z
      .strictObject({ first: z.string(), last: z.string() })
      .nullable()
      .describe('first and last time of creation among the tasks; null where no task has a real one'),
    bytesRead: countInt,
    seconds: z.number(),
    timezone: z
      .string()
      .nullable()
      .describe('of the stored times where it was told; null: the next command has a placeholder for it'),
    next: z.string(),
  }),
  z.strictObject({
    status: z.literal('refused'),
    badLines: z.array(badLine).describe('the first ones'),
    badLineCount: countInt,
  }),
])
export type ImportOutcome = Readonly<z.output<typeof importOutcome>>
