import { describe, expect, it } from 'vitest'
import { z } from 'zod'
import { idsInput, userIdsInput } from '../../schemas/tool-shapes.ts'
import { run } from './command-line.ts'
import { echoTool } from './fake-tools.ts'

const input = z.strictObject({ ids: idsInput, user_ids: userIdsInput, id: z.string().optional() })
const tool = { ...echoTool, input, run: async (given: z.output<typeof input>) => ({ given, rows: [] }) }

const answerTo = (...flags: string[]) => run([tool.name, ...flags], [tool as unknown as typeof echoTool])

describe('words of a command line that begin with -', () => {
  it.each<[string[], object]>([
    [['--user-ids', '-7'], { user_ids: [-7] }],
    [['--user-ids', '101', '-7', '-12,3', '--ids', '5'], { user_ids: [101, -7, -12, 3], ids: [5] }],
    [['--user-ids=-7', '-8', '--user-ids', '9'], { user_ids: [-7, -8, 9] }],
    [['--id', '-7'], { id: '-7' }],
    [['--id=--7', '--ids=-1'], { id: '--7', ids: [-1] }],
    [['--id=--ids', '--ids', '5'], { id: '--ids', ids: [5] }],
  ])('%j are values', async (flags, given) => {
    const { code, stdout, stderr } = await answerTo(...flags)
    expect([stderr, code]).toEqual(['', 0])
    expect(JSON.parse(stdout).given).toEqual(given)
  })

  it.each<[string[], RegExp]>([
    [['--user-ids', '101', '-x'], /there is no flag -x/],
    [['--user-ids', '101', '-7x'], /--user-ids: "-7x" is not accepted; give one or more whole numbers/],
    [['--user-ids', '101', '-9007199254740993'], /"-9007199254740993" is not accepted \(it is beyond/],
    [['-7'], /there is no flag -7/],
    [['--id', 'a', '-7'], /there is no flag -7/],
    [['--id', '--ids', '5'], /--id: has no value/],
  ])('%j are none', async (flags, message) => {
    const { code, stderr } = await answerTo(...flags)
    expect([code, stderr]).toEqual([2, expect.stringMatching(message)])
  })
})
