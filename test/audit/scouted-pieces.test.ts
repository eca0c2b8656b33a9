import { describe, expect, it } from 'vitest'
import { RequestSpools } from '../../src/audit/request-source.ts'
import { scoutedPieces } from '../../src/audit/scouted-pieces.ts'
import { EventWords, eventRecordsOf } from '../../src/rows/event-records.ts'
import { taskRecordsOf } from '../../src/rows/task-writer.ts'
import { SpoolFile } from '../../src/spool/spool-file.ts'
import { SecondThread, type ThreadUse } from '../../src/thread/second-thread.ts'
import { billingEvent, taskRow } from '../kit/rows.ts'
import { joiningThread } from '../kit/two-threads.ts'
import { failingAfter, tellingFailures, tellingJobs } from '../kit/watched-thread.ts'

const ROWS = 600

/** Tasks and events of two lots: most bear one id each, some no other's, one that others bear too, or none. */
function spools(rows = ROWS): RequestSpools {
  const filled = new RequestSpools(new SpoolFile(), 50)
  const numbers = Array.from({ length: rows }, (_, n) => n)
  const tasks = taskRecordsOf(
    numbers.map((n) =>
      taskRow({
        rowId: n + 1,
        taskId: `task-${n}`,
        requestId: n % 17 === 0 ? '' : n % 13 === 0 ? 'shared' : `id-${n}`,
      }),
    ),
  )
  for (let task = 0; task < tasks.count; task++) filled.addTask(tasks, task)
  const words = new EventWords()
  for (const lot of [0, 1]) {
    const own = numbers.filter((n) => n % 2 === lot && n % 11 !== 0)
    const ids = own.flatMap((n) => (n % 19 === 0 ? [`id-${n}`, `id-${n}`] : n % 23 === 0 ? [`lost-${n}`] : [`id-${n}`]))
    const events = eventRecordsOf(
      ids.map((requestId) => billingEvent({ requestId, model: `model-${requestId.length}` })),
      words,
    )
    for (let event = 0; event < events.count; event++) filled.addEvent(lot, events, event)
  }
  return filled
}

async function scouted(thread: ThreadUse | undefined, lots: readonly number[] = [0, 1]) {
  const pieces = []
  for await (const { piece, pairs, ...found } of scoutedPieces(spools(), lots, thread)) {
    pieces.push({
      parts: piece.parts,
      tasks: piece.tasks.rows(),
      events: Array.from({ length: piece.events.count }, (_, event) => piece.events.event(event)),
      ...{ unrecorded: [...found.unrecorded], repeated: [...found.repeated], withoutEvent: [...found.withoutEvent] },
      ...{ pairTasks: [...pairs.tasks], pairEvents: [...pairs.events] },
    })
  }
  return pieces
}

describe('pieces that another thread scouts', () => {
  it.each([[[0, 1]], [[1]], [[]]])('are those of this one, of lots %j', async (lots) => {
    const alone = await scouted(undefined, lots)
    expect(alone.length).toBeGreaterThan(10)
    expect(alone.some(({ repeated }) => repeated.length > 0)).toBe(lots.length > 0)
    const failures: Error[] = []
    const thread = tellingFailures((await joiningThread()).thread, failures)
    expect(await scouted({ thread, rowsLeast: 0 }, lots)).toEqual(alone)
    expect(failures).toEqual([])
  })

  it('are done here where rows are few', async () => {
    const { thread } = await joiningThread()
    const told: string[] = []
    const counted = tellingJobs(thread, told)
    const { rows } = spools()
    await scouted({ thread: counted, rowsLeast: rows + 1 })
    expect(told).toEqual([])
    await scouted({ thread: counted, rowsLeast: rows })
    expect(told).toEqual(['begin scouting', 'end scouting'])
  })

  it.each([0, 1, 5])('are done here after the other has failed at piece %i', async (pieces) => {
    const { thread } = await joiningThread()
    const failing = failingAfter(thread, pieces)
    expect(await scouted({ thread: failing, rowsLeast: 0 })).toEqual(await scouted(undefined))
  })

  it('are done here where the other has no program', async () => {
    const thread = new SecondThread(new URL('nowhere.mjs', import.meta.url))
    expect(await scouted({ thread, rowsLeast: 0 })).toEqual(await scouted(undefined))
  })

  it('are let go where nobody asks for the rest', async () => {
    const { thread } = await joiningThread()
    const told: string[] = []
    for await (const _ of scoutedPieces(spools(), [0, 1], { thread: tellingJobs(thread, told), rowsLeast: 0 })) break
    expect(told).toEqual(['begin scouting', 'end scouting'])
  })
})
