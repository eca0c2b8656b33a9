import { afterEach, describe, expect, test } from 'vitest'
import { BACKENDS, reading, type Stored, task, uuid } from './backends.ts'

describe.each(BACKENDS)('look-ups of tasks on $name', (backend) => {
  let stored: Stored | undefined
  afterEach(async () => {
    await stored?.remove()
    stored = undefined
  })

  test('finds a request id in any stored form', async () => {
    const forms = [
      uuid(0),
      uuid(1).toUpperCase().replaceAll('0', 'a'),
      `fal-ai/x#${uuid(2)}`,
      `https://queue.fal.run/fal-ai/x/requests/${uuid(3)}`,
      `https://queue.fal.run/fal-ai/x/requests/${uuid(4)}/status?logs=1`,
      `https://queue.fal.run/fal-ai/x/requests/${uuid(5)}/response`,
      ` ${uuid(6)} `,
      'fal-ai/x#req_7',
      'req_8',
      'null',
    ]
    forms[1] = 'ABCDEF00-0000-4000-8000-000000000001'
    stored = await backend.create({ tasks: forms.map((onlineTaskId, id) => task(id, { onlineTaskId })) })
    const wanted = [uuid(0), forms[1]!.toLowerCase(), ...[2, 3, 4, 5, 6].map(uuid), 'req_7', 'req_8']
    const many = [...wanted, ...Array.from({ length: 6000 }, (_, index) => uuid(1000 + index))]
    await reading(stored, async (snapshot) => {
      for (const lookUp of [snapshot.tasksByRequestIds, snapshot.tasksByEitherId]) {
        const idsOf = async (ids: readonly string[]) => (await lookUp(ids)).map(({ rowId }) => rowId)
        for (const ids of [wanted, many]) expect(await idsOf(ids)).toEqual([0, 1, 2, 3, 4, 5, 6, 7, 8])
        expect(await idsOf(['REQ_8', 'null', '', 'T9', uuid(99)])).toEqual([])
      }
      expect((await snapshot.tasksByEitherId(['t9', uuid(0)])).map(({ rowId }) => rowId)).toEqual([0, 9])
    })
  })
})
