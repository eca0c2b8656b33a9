/** Texts that many rows repeat, each written as a number. */
export class Lexicon {
  readonly #codes = new Map<string, number>()
  readonly #texts: string[] = []
  #revised = 0

  /** How many texts there are: codes are 0 to this number. */
  get size(): number {
    return this.#texts.length
  }

  /** 0 stands for null. */
  codeOf(text: string | null): number {
    if (text === null) return 0
    const known = this.#codes.get(text)
    if (known !== undefined) return known
    this.#texts.push(text)
    this.#codes.set(text, this.#texts.length)
    return this.#texts.length
  }

  textOf(code: number): string | null {
    return this.#texts[code - 1] ?? null
  }

  /** Gives texts in other words from now on, those alone that came since the last time: two codes may then be one text. */
  revise(revised: (text: string) => string): void {
    for (; this.#revised < this.#texts.length; this.#revised++) {
      this.#texts[this.#revised] = revised(this.#texts[this.#revised] ?? '')
    }
  }
}
