import { runCli } from '../../src/faces/cli.ts'
import type { CommandServices } from '../../src/faces/commands.ts'
import type { Tool } from '../../src/tool.ts'
import { echoTool, fakeServices, reportWith } from './fake-tools.ts'

/** Runs a command line in this process, with a terminal that remembers. */
export async function run(
  args: readonly string[],
  tools: readonly Tool[] = [echoTool],
  changes: Partial<CommandServices> = {},
) {
  const seen = { stdout: '', stderr: [] as string[], status: [] as string[] }
  const code = await runCli(args, {
    ...fakeServices(tools),
    terminal: {
      write: async (data) => {
        if (typeof data === 'string') seen.stdout += data
        else for await (const piece of data) seen.stdout += piece
      },
      note: (line) => void seen.stderr.push(line),
      status: (line) => void seen.status.push(line),
      stdinIsTerminal: true,
    },
    signal: new AbortController().signal,
    keptFiles: async () => [],
    runDemo: async () => reportWith(),
    importTables: () => Promise.reject(new Error('no import')),
    serveMcp: async () => void seen.stderr.push('served'),
    serve: async (request) => void seen.stderr.push(`served ${JSON.stringify(request)}`),
    ...changes,
  })
  return { code, ...seen, stderr: seen.stderr.join('\n') }
}
