import process from 'node:process'

const NOBODY = 65_534

/** Root may read and write everywhere, so root becomes somebody else for that time. */
export async function asNobody(work: () => Promise<void>): Promise<void> {
  const root = process.geteuid?.() === 0
  if (root) process.seteuid?.(NOBODY)
  try {
    await work()
  } finally {
    if (root) process.seteuid?.(0)
  }
}
