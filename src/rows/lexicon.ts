/** Texts that many rows repeat, each written as a number. */
export class Lexicon {
  readonly #codes = new Map<string, number>()
  readonly #texts: string[] = []
  /** The texts as they came; the same list as long as none was put in other words. */
  #given = this.#texts
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
    if (this.#given !== this.#texts) this.#given.push(text)
    this.#codes.set(text, this.#texts.length)
    return this.#texts.length
  }

  textOf(code: number): string | null {
    return this.#texts[code - 1] ?? null
  }

  /** The texts as they came, in the order of their codes, but for so many first ones. */
  since(count: number): string[] {
    return this.#given.slice(count)
  }

  /** Takes the texts that another one has more, which has had so many, the same as this one. Throws where it had others. */
  append(count: number, texts: readonly string[]): void {
    for (const [index, text] of texts.entries()) {
      if (this.codeOf(text) !== count + index + 1) throw new Error('two lists of words are not the same')
    }
  }

  /** Gives texts in other words from now on, those alone that came since the last time: two codes may then be one text. */
  revise(revised: (text: string) => string): void {
    for (; this.#revised < this.#texts.length; this.#revised++) {
      const text = this.#texts[this.#revised] ?? ''
      const other = revised(text)
      if (other === text) continue
      if (this.#given === this.#texts) this.#given = [...this.#texts]
      this.#texts[this.#revised] = other
    }
  }
}
