/** Whether a text says 0, as a number or as a BIT comes out of a database. Words, such as active, do not, nor does nothing. */
export function isNought(text: string): boolean {
  return text.trim() !== '' && (text.replaceAll('\u0000', '') === '' || Number(text) === 0)
}
