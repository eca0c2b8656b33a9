import { LIMITS } from '../../limits.ts'
import { isAscii } from '../../rows/bytes.ts'
import { newBytesOfId } from '../../rows/id-bytes.ts'
import type { TaskRecords } from '../../rows/task-records.ts'
import type { Evidence } from './books.ts'

/** Shared by all lists without an id: there may be one a user. */
const NOTHING: Evidence = Object.freeze({ total: 0, ids: Object.freeze([]) })

/** Collects ids that prove something: all are counted, the smallest few kept, so that the order of rows does not matter. */
export class EvidenceList {
  #total = 0
  readonly #ids: string[] = []
  /** Once it is full: the largest id kept. Nearly every id that comes then is only held against this one. */
  #largest: string | undefined

  /** Adds the operator's id of a task. Of nearly every one of millions no string is made. */
  addTask(tasks: TaskRecords, index: number): void {
    if (this.#largest !== undefined && isNotBefore(tasks, index, this.#largest)) this.#total += 1
    else this.add(tasks.taskIdText(index))
  }

  add(id: string): void {
    this.#total += 1
    if (this.#largest !== undefined) {
      if (compareIds(id, this.#largest) >= 0) return
      this.#ids.pop()
    }
    let at = this.#ids.length
    while (at > 0 && compareIds(id, this.#ids[at - 1] ?? '') < 0) at -= 1
    this.#ids.splice(at, 0, id)
    if (this.#ids.length >= LIMITS.evidenceIds) this.#largest = this.#ids.at(-1)
  }

  get isEmpty(): boolean {
    return this.#total === 0
  }

  view(): Evidence {
    return this.#total === 0 ? NOTHING : { total: this.#total, ids: [...this.#ids] }
  }
}

const idOfTask = newBytesOfId()

/** Whether it is plain on its bytes that a task's id does not come before another: as compareIds has it. */
function isNotBefore(tasks: TaskRecords, index: number, other: string): boolean {
  const { view } = tasks
  const { from, length } = tasks.taskId(index, idOfTask)
  if (length < other.length || !isAscii(view, from, length)) return false
  if (length > other.length) return true
  for (let at = 0; at < length; at++) {
    const difference = view.getUint8(from + at) - other.charCodeAt(at)
    if (difference !== 0) return difference > 0
  }
  return true
}

/** Shorter first, then by code unit, so that counted ids come in their natural order. */
export const compareIds = (a: string, b: string): number => a.length - b.length || (a < b ? -1 : a > b ? 1 : 0)
