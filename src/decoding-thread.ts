// What the second thread runs: see SecondThread.
import { parentPort } from 'node:worker_threads'
import { beginPages, PAGES } from './fal/pages-job.ts'
import { beginRows, ROWS } from './ledger/rows-job.ts'
import { createSecrets } from './secrets.ts'
import { serveJobs, skill } from './thread/serve-jobs.ts'

if (parentPort === null) throw new Error('this file is run by a thread of the program')

const redactOf = (known: readonly string[]) => {
  const secrets = createSecrets()
  for (const secret of known) secrets.add(secret)
  return secrets.redact
}

serveJobs(parentPort, [skill(ROWS, beginRows), skill(PAGES, beginPages(redactOf))])
