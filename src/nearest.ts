/** Words that mean a name and are spelled quite unlike it. */
const ALSO_CALLED: Readonly<Record<string, string>> = {
  ...{ since: 'start', from: 'start', begin: 'start', startdate: 'start', datefrom: 'start' },
  ...{ until: 'end', to: 'end', till: 'end', enddate: 'end', dateto: 'end' },
}

/** Of a name that may be of any length. */
const LETTERS_MAX = 64

/** userIds, user_ids and user-ids are one name. */
const plain = (name: string): string => name.toLowerCase().replace(/[_-]/g, '')

/** The names closest to one that is not known, best first, at most three; none where nothing is close. */
export function nearest(unknown: string, known: readonly string[]): string[] {
  const wanted = plain(unknown)
  const meant = ALSO_CALLED[wanted]
  if (meant !== undefined && known.includes(meant)) return [meant]
  return known
    .map((name) => ({ name, distance: distanceOf(wanted, plain(name)) }))
    .filter(({ name, distance }) => distance <= Math.max(2, Math.floor(name.length / 3)))
    .sort((a, b) => a.distance - b.distance)
    .slice(0, 3)
    .map(({ name }) => name)
}

const distanceOf = (wanted: string, name: string): number =>
  wanted !== name && wanted !== '' && name.startsWith(wanted) ? 1 : editDistance(wanted.slice(0, LETTERS_MAX), name)

/** Letters to insert, remove or replace to turn one word into the other (Levenshtein). */
export function editDistance(from: string, to: string): number {
  let previous = Array.from({ length: to.length + 1 }, (_, index) => index)
  for (let row = 1; row <= from.length; row++) {
    const current = [row]
    for (let column = 1; column <= to.length; column++) {
      const replaced = (previous[column - 1] ?? 0) + (from[row - 1] === to[column - 1] ? 0 : 1)
      current.push(Math.min(replaced, (previous[column] ?? 0) + 1, (current[column - 1] ?? 0) + 1))
    }
    previous = current
  }
  return previous[to.length] ?? to.length
}
