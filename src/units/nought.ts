/**
 * Whether a text says 0, as a number, as `false`, or as a BIT comes out of a database. Other words, such as active, do not, nor does
 * nothing.
 */
export function isNought(text: string): boolean {
  const word = text.trim().toLowerCase()
  return word !== '' && (word === 'false' || word.replaceAll('\u0000', '') === '' || Number(word) === 0)
}
