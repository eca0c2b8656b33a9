/**
 * The name by which a server stores a table, of those that its catalogue gives for another writing of it: exactly that one where it
 * is among them, since others are other tables then (lower_case_table_names=0). Elsewhere names are one in any case.
 */
export const nameAsStored = (name: string, stored: readonly string[]): string | undefined =>
  stored.find((each) => each === name) ?? stored.find((each) => each.toLowerCase() === name.toLowerCase())
