import type { TestProject } from 'vitest/node'
import { type MariaDbServer, startMariaDb } from './mariadb.ts'

declare module 'vitest' {
  export interface ProvidedContext {
    mariadb: MariaDbServer
  }
}

/** One MariaDB server for the whole run. Tests take its address with `inject('mariadb')`. */
export async function setup(project: TestProject): Promise<() => Promise<void>> {
  const server = await startMariaDb()
  try {
    await server.ready
  } catch (cause) {
    await server.stop()
    throw cause
  }
  const { host, port, user, password, isMariaDb } = server
  project.provide('mariadb', { host, port, user, password, isMariaDb })
  return () => server.stop()
}
