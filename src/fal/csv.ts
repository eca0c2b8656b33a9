/**
 * Reads CSV (RFC 4180): quoted fields may hold commas, line breaks and doubled quotes; lines end with LF, CRLF or CR. A
 * byte order mark and empty lines are skipped. Undefined where a quote is never closed, so that a text cut on its way is noticed, and where
 * one is closed before its field ends: two quotes that were never closed look so, and the lines between them would be lost.
 */
export function parseCsv(text: string): string[][] | undefined {
  const records: string[][] = []
  let record: string[] = []
  let field = ''
  let quoted = false
  const endField = (): void => {
    record.push(field)
    field = ''
  }
  const endRecord = (): void => {
    endField()
    if (record.length > 1 || record[0] !== '') records.push(record)
    record = []
  }
  for (let at = text.startsWith('\uFEFF') ? 1 : 0; at < text.length; at++) {
    const char = text.charAt(at)
    if (quoted) {
      if (char !== '"') field += char
      else if (text.charAt(at + 1) === '"') {
        field += char
        at++
      } else if (!isFieldEnd(text, at + 1)) return undefined
      else quoted = false
    } else if (char === '"' && field === '') quoted = true
    else if (char === ',') endField()
    else if (char === '\n' || char === '\r') endRecord()
    else field += char
  }
  if (quoted) return undefined
  endRecord()
  return records
}

const isFieldEnd = (text: string, at: number): boolean =>
  at === text.length || text[at] === ',' || text[at] === '\n' || text[at] === '\r'
