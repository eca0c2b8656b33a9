// What the second thread runs: see SecondThread.
import { parentPort } from 'node:worker_threads'
import { beginLinking, LINKING } from './audit/link-job.ts'
import { beginScouting, SCOUTING } from './audit/scout-job.ts'
import { serveJobs, skill } from './thread/serve-jobs.ts'

if (parentPort === null) throw new Error('this file is run by a thread of the program')

serveJobs(parentPort, [skill(LINKING, beginLinking), skill(SCOUTING, beginScouting)])
