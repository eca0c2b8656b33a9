export type Yaml = string | Yaml[] | { [key: string]: Yaml }

interface Line {
  readonly indent: number
  readonly text: string
}

/**
 * Reads block YAML of maps, lists and plain scalars on one line: what every parser of skills reads alike. Throws on all
 * else, such as flow braces, quotes, anchors, and plain scalars that a strict parser would take for something else.
 */
export function parseBlockYaml(source: string): Yaml {
  const lines = source.split('\n').map((line): Line => {
    const text = line.trimStart()
    return { indent: line.length - text.length, text }
  })
  const value = readNode(lines, lines[0]?.indent ?? 0)
  if (lines.length > 0) throw new Error(`this line is indented wrongly: ${lines[0]?.text}`)
  return value
}

const PAIR = /^([A-Za-z][\w-]*):(?: (.+))?$/

function readNode(lines: Line[], indent: number): Yaml {
  return lines[0]?.text.startsWith('- ') ? readList(lines, indent) : readMap(lines, indent)
}

function readList(lines: Line[], indent: number): Yaml[] {
  const items: Yaml[] = []
  while (lines[0]?.indent === indent && lines[0].text.startsWith('- ')) {
    const text = lines[0].text.slice(2)
    if (PAIR.test(text)) {
      lines[0] = { indent: indent + 2, text }
      items.push(readMap(lines, indent + 2))
    } else {
      lines.shift()
      items.push(plain(text))
    }
  }
  return items
}

function readMap(lines: Line[], indent: number): { [key: string]: Yaml } {
  const map: { [key: string]: Yaml } = {}
  while (lines[0]?.indent === indent && !lines[0].text.startsWith('- ')) {
    const { text } = lines.shift() as Line
    const [, key = '', value] = PAIR.exec(text) ?? []
    if (key === '' || key in map) throw new Error(`no new key and value: ${text}`)
    map[key] = value === undefined ? readNode(lines, deeper(lines, indent, key)) : plain(value)
  }
  return map
}

function deeper(lines: readonly Line[], indent: number, key: string): number {
  const next = lines[0]?.indent ?? 0
  if (next <= indent) throw new Error(`${key} has no value`)
  return next
}

function plain(text: string): string {
  if (/^[{}[\]&*!|>%@`"'#?,-]/.test(text) || /: | #|:$/.test(text)) throw new Error(`no plain scalar: ${text}`)
  return text
}
