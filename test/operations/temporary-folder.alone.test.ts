import { mkdtempSync, readdirSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, describe, expect, it, onTestFinished, vi } from 'vitest'
import type { Sample } from '../../src/operations/doctor/sample.ts'
import { temporaryFolderLine } from '../../src/operations/doctor/temporary-folder.ts'
import { type CaseParts, examined, lineOf, openCase } from '../kit/doctor-case.ts'

afterEach(() => {
  vi.unstubAllEnvs()
})

describe('the folder for temporary files', () => {
  it('is written as an audit writes it, and nothing stays there', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'fal-audit-doctor-'))
    onTestFinished(() => rmSync(folder, { recursive: true }))
    vi.stubEnv('TMPDIR', folder)
    const line = lineOf(await examined({}), 'temporary-folder')
    expect(line).toMatchObject({ status: 'ok', seen: expect.stringContaining(`${folder} can be written, and has `) })
    expect(line.seen).toMatch(/the newest 30 days take about 1 MB \(31 tasks, 31 ledger rows\)$/)
    expect(readdirSync(folder)).toEqual([])
  })

  it.each<CaseParts>([{}, { setup: { inspector: undefined } }])('that is not there is a failure: %j', async (parts) => {
    const opened = await openCase(parts)
    onTestFinished(() => opened.close())
    vi.stubEnv('TMPDIR', '/nonexistent/x')
    const diagnosis = await opened.diagnose()
    expect(lineOf(diagnosis, 'temporary-folder')).toEqual({
      id: 'temporary-folder',
      subject: 'TMPDIR',
      status: 'failure',
      seen: 'the folder for temporary files, /nonexistent/x, cannot be written (ENOENT)',
      todo: 'set TMPDIR to a folder that this user may write',
    })
    expect(diagnosis.lines[0]?.status).toBe('failure')
  })
})

const MINUTES_OF_MONTH = 30 * 24 * 60

/** So many rows, one a minute up to noon, the newest of this id; the oldest as if from years ago. */
function sampleOf(count: number, timeKey: string, newestId: number, cut = true): Sample {
  const rows = Array.from({ length: count }, (_, at) => {
    const time = at === count - 1 ? '2019-01-01 00:00:00' : new Date(Date.UTC(2026, 1, 3, 12, -at)).toISOString()
    return new Map([
      ['id', String(newestId - at)],
      [timeKey, time.slice(0, 19).replace('T', ' ')],
    ])
  })
  return { rows, cut, keys: new Set(['id', timeKey]) }
}

describe('the room for an audit', () => {
  const line = (freeBytes: number, tasks: Sample | { unread: string }, points = sampleOf(500, 'createdAt', 1e9)) =>
    temporaryFolderLine({
      room: () => ({ folder: '/tmp', freeBytes }),
      tasks,
      points,
      cash: { unread: 'no such table' },
      zone: undefined,
    })
  // A task, its event and a ledger row a minute.
  const wantedBytes = 3 * MINUTES_OF_MONTH * 125

  it('is held against the newest 30 days by the pace of the newest rows, one wrong date aside', () => {
    const tasks = sampleOf(500, 'createdAt', 1e9)
    expect(line(wantedBytes * 1.01, tasks)).toMatchObject({
      status: 'ok',
      seen: '/tmp can be written, and has 17 MB free; the newest 30 days take about 17 MB (43,200 tasks, 43,200 ledger rows)',
    })
    expect(line(wantedBytes * 0.99, tasks)).toMatchObject({
      subject: 'TMPDIR',
      status: 'warning',
      todo: expect.stringMatching(/^make room there, or set TMPDIR/),
    })
  })

  it('takes no more rows than ids were counted up to, nor than a small table has', () => {
    expect(line(1, sampleOf(500, 'createdAt', 700)).seen).toContain('(700 tasks, ')
    expect(line(1, sampleOf(500, 'createdAt', 1e9, false)).seen).toContain('(500 tasks, ')
  })

  it('is not known where the tasks cannot be read', () => {
    expect(line(1e12, { unread: 'gone' })).toMatchObject({
      status: 'unverified',
      seen: '/tmp can be written, and has 1000.0 GB free; what an audit takes is not known without the tasks',
    })
  })
})
