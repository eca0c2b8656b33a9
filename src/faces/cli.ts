import { AuditError, shortened } from '../errors.ts'
import { nearest } from '../nearest.ts'
import { type Command, type CommandServices, commandsOf } from './commands.ts'
import { EXIT } from './exit-code.ts'
import { type Flag, parseFlags } from './flags.ts'
import { commandHelp, programHelp } from './help.ts'
import { failureOf, faultLog } from './outgoing.ts'
import { howToSwitchOn } from './switched-off.ts'
import type { Terminal } from './terminal.ts'

const HELP = ['--help', '-h', 'help']
const VERSION = ['--version', '-v', '-V']

/** Runs one command line. Returns the exit code; every failure is told on stderr in a line or two. */
export async function runCli(args: readonly string[], services: CommandServices): Promise<number> {
  const { terminal, redact } = services
  const commands = commandsOf(services.tools)
  let flags: readonly Flag[] = []
  try {
    const [name = terminal.stdinIsTerminal ? 'help' : 'mcp', ...rest] = args
    if (VERSION.includes(name)) return await say(`${services.version}\n`, terminal)
    const [helped] = rest
    if (HELP.includes(name)) {
      return await say(
        helped === undefined ? programHelp(commands, services.version) : commandHelp(commandNamed(helped, commands)),
        terminal,
      )
    }
    const command = commandNamed(name, commands)
    flags = command.flags()
    const { input, help, version } = parseFlags(rest, flags, command.name)
    if (version) return await say(`${services.version}\n`, terminal)
    if (help) return await say(commandHelp(command), terminal)
    return await command.run(input, services)
  } catch (error) {
    const { kind, message, field, accepted, next } = failureOf(error, redact)
    terminal.status('')
    terminal.note(`error: ${asFlag(message, field, flags)}`)
    if (accepted !== undefined && !message.includes(accepted)) terminal.note(`  accepted: ${accepted}`)
    if (next !== undefined) terminal.note(`  ${next}`)
    if (kind === 'internal') terminal.note(faultLog(error, redact))
    return EXIT.failed
  } finally {
    terminal.status('')
  }
}

async function say(text: string, terminal: Terminal): Promise<number> {
  await terminal.write(text)
  return EXIT.clean
}

/** On a command line an input is known as a flag. */
function asFlag(message: string, field: string | undefined, flags: readonly Flag[]): string {
  const flag = flags.find(({ key }) => key === field?.split('.')[0])
  return flag !== undefined && field !== undefined && message.startsWith(field)
    ? `--${flag.names[0]}${message.slice(field.length)}`
    : message
}

function commandNamed(name: string, commands: readonly Command[]): Command {
  const command = commands.find((each) => each.name === name)
  if (command !== undefined) return command
  const names = commands.map((each) => each.name)
  const close = nearest(name, names)
  const accepted = (close.length > 0 ? close : names).join(', ')
  throw new AuditError('input', `there is no command "${shortened(name, 80)}"; accepted: ${accepted}`, {
    accepted,
    next: howToSwitchOn(name) ?? 'See: fal-consumption-audit --help',
  })
}
