import type { Report, Severity } from '../../schemas/report.ts'

export const FAIL_ON = ['high', 'medium', 'low', 'none'] as const
export type FailOn = (typeof FAIL_ON)[number]

export const EXIT = {
  /** Complete, and nothing at or above --fail-on. */
  clean: 0,
  /** Complete, with such findings. */
  findings: 1,
  /** Wrong usage, configuration, or an operation that failed. */
  failed: 2,
  /** A report was made, but some source could not be verified, whatever was found. */
  unverified: 3,
} as const

const RANK: Readonly<Record<Severity, number>> = { LOW: 1, MEDIUM: 2, HIGH: 3 }
const LEAST_RANK: Readonly<Record<FailOn, number>> = { low: 1, medium: 2, high: 3, none: Number.POSITIVE_INFINITY }

/** The exit code of a report. TIMING is information and never counts. */
export function exitCodeOf(report: Pick<Report, 'coverage' | 'findings'>, failOn: FailOn): number {
  if (!report.coverage.complete) return EXIT.unverified
  const counts = report.findings.some(
    (finding) => finding.classification !== 'TIMING' && RANK[finding.severity] >= LEAST_RANK[failOn],
  )
  return counts ? EXIT.findings : EXIT.clean
}
