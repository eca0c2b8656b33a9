import type { TestProject } from 'vitest/node'
import { type SpiderServers, startSpider } from './spider.ts'

declare module 'vitest' {
  export interface ProvidedContext {
    /** Undefined but in the project spider; a text where it does not start, with the reason. */
    spider: SpiderServers | string | undefined
  }
}

/** A front and three shards for the whole run. The first shard is a plain MariaDB too, in databases of their own. */
export async function setup(project: TestProject): Promise<() => Promise<void>> {
  try {
    const { front, shards, stop } = await startSpider()
    const [plain] = shards
    if (plain !== undefined) project.provide('mariadb', plain)
    project.provide('spider', { front, shards })
    return stop
  } catch (cause) {
    // Its tests fail each, and those of other projects run all the same.
    project.provide('spider', String(cause))
    return async () => undefined
  }
}
