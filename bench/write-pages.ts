import { closeSync, mkdirSync, openSync, writeFileSync, writeSync } from 'node:fs'
import { join } from 'node:path'
import { createUsage, eventJson, usageJson, walkEvents } from './world/events.ts'
import { ACCOUNTS, type Shape } from './world/shape.ts'
import { apiKeyOf, type Task, workspaceOf } from './world/tasks.ts'

/** What the double must know of an account, besides its events. */
export interface PagesIndex {
  readonly shape: Shape
  readonly accounts: readonly {
    readonly apiKey: string
    readonly username: string
    readonly usage: readonly { readonly date: string; readonly json: string }[]
  }[]
}

export const eventsFile = (folder: string, account: number): string => join(folder, `${account}.events`)
/** Of each event, in order: its time and where its text begins, both as 8-byte floats. */
export const placesFile = (folder: string, account: number): string => join(folder, `${account}.places`)
export const indexFile = (folder: string): string => join(folder, 'index.json')

/** Between two events; so that any run of them is the inside of a JSON array. */
export const BETWEEN = ',\n'

/** Writes fal's bill as it will be sent: events as text, one after another, and where each begins. */
export function writePages(shape: Shape, folder: string): { events: number; eventBytes: number; usageRows: number } {
  mkdirSync(folder, { recursive: true })
  const files = Array.from({ length: ACCOUNTS }, (_, account) => ({
    events: openSync(eventsFile(folder, account), 'w'),
    places: openSync(placesFile(folder, account), 'w'),
    bytes: 0,
    count: 0,
  }))
  const usage = createUsage()
  const sink = (account: number, tasks: readonly Task[]): void => {
    const file = files[account]
    if (file === undefined) throw new RangeError(`no account ${account}`)
    const places = new Float64Array(tasks.length * 2)
    let text = ''
    tasks.forEach((task, at) => {
      usage.add(account, task)
      places[at * 2] = task.billedAt
      // The texts are ASCII: characters are bytes.
      places[at * 2 + 1] = file.bytes + text.length
      text += eventJson(shape, task) + BETWEEN
    })
    writeSync(file.events, text)
    writeSync(file.places, new Uint8Array(places.buffer))
    file.bytes += text.length
    file.count += tasks.length
  }
  for (const _ of walkEvents(shape, sink));
  for (const { events, places } of files) {
    closeSync(events)
    closeSync(places)
  }
  const accounts = files.map((_, account) => ({
    apiKey: apiKeyOf(shape, account),
    username: workspaceOf(account),
    usage: usage.rowsOf(account).map((row) => ({ date: row.date, json: usageJson(shape, account, row) })),
  }))
  const index: PagesIndex = { shape, accounts }
  writeFileSync(indexFile(folder), JSON.stringify(index))
  return {
    events: files.reduce((sum, { count }) => sum + count, 0),
    eventBytes: files.reduce((sum, { bytes }) => sum + bytes, 0),
    usageRows: accounts.reduce((sum, { usage: rows }) => sum + rows.length, 0),
  }
}
