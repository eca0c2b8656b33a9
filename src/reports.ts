import { randomBytes } from 'node:crypto'
import type { Report } from '../schemas/report.ts'
import { LIMITS } from './limits.ts'
import type { ReportStore } from './tool.ts'

/** Keeps the newest reports of this process in memory. Ids are random, so that one caller cannot guess another's. */
export function createReportStore(kept: number = LIMITS.reportsKept): ReportStore {
  const reports = new Map<string, { readonly report: Report; readonly lang: 'zh' | 'en' }>()
  return {
    kept,
    put(report, lang = 'zh') {
      const id = randomBytes(9).toString('base64url')
      reports.set(id, { report, lang })
      for (const oldest of reports.keys()) {
        if (reports.size <= kept) break
        reports.delete(oldest)
      }
      return id
    },
    get: (id) => reports.get(id)?.report,
    langOf: (id) => reports.get(id)?.lang,
    list: () => [...reports].reverse().map(([id, { report }]) => ({ id, title: titleOf(report) })),
  }
}

function titleOf(report: Report): string {
  const count = report.rules.reduce((total, { omitted = 0 }) => total + omitted, report.findings.length)
  const findings = `${count} finding${count === 1 ? '' : 's'}`
  const incomplete = report.coverage.complete ? '' : ', incomplete'
  return `${report.window.start} to ${report.window.end}: ${findings}${incomplete}`
}
