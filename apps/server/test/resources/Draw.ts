/** What generators of random requests draw from; a seed repeats it. */

/** A generator of numbers below 1 that a seed repeats: https://gist.github.com/tommyettinger/46a874533244883189143505d203312c */
const chances = (seed: number) => {
  let state = seed
  return () => {
    state = (state + 0x6d2b79f5) | 0
    let t = Math.imul(state ^ (state >>> 15), 1 | state)
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t
    return ((t ^ (t >>> 14)) >>> 0) / 4_294_967_296
  }
}

export class Draw {
  readonly chance: () => number

  constructor(seed: number) {
    this.chance = chances(seed)
  }

  /** A whole number from 0 to below `most`. */
  upTo(most: number): number {
    return Math.floor(this.chance() * most)
  }

  /** Each order of magnitude is as likely as any other. */
  size(most: number): number {
    return Math.floor(Math.exp(this.chance() * Math.log(most + 1)))
  }

  is(probability: number): boolean {
    return this.chance() < probability
  }

  of<A>(items: ReadonlyArray<A>): A {
    return items[this.upTo(items.length)] as A
  }

  many<A>(most: number, make: (n: number) => A): ReadonlyArray<A> {
    return Array.from({ length: this.size(most) }, (_, n) => make(n))
  }

  /** In characters; each may be three bytes, or six once it is escaped. */
  text(most: number): string {
    const piece = this.of([
      "a",
      "word ",
      '"',
      "\\",
      "\u0001",
      "\n",
      "é",
      "€",
      "🙂",
      "%",
      "*",
      "a*",
      "..",
      "${parameters.q}",
      "<&>",
      "0",
    ])
    return piece.repeat(Math.ceil(this.size(most) / piece.length))
  }

  /** Letters, as names and descriptions may have them. */
  plain(most: number): string {
    return this.of(["a", "word ", "name-"]).repeat(Math.max(1, this.size(most) / 5))
  }

  wildcards(most: number): string {
    return this.of(["*", "**", "*a", "a*", "*.*", "**.", "?*", "*?", "..", "[*]"]).repeat(this.size(most))
  }

  /** JSON text. */
  json(most: number): string {
    const count = this.size(most)
    switch (this.upTo(7)) {
      case 0:
        return JSON.stringify(this.text(most))
      case 1:
        return `${"[".repeat(count)}1${"]".repeat(count)}`
      case 2:
        return `${'{"a":'.repeat(count)}1${"}".repeat(count)}`
      case 3:
        return `[${"0,".repeat(count)}0]`
      case 4:
        return `[${'{"a":[]},'.repeat(count)}{}]`
      case 5:
        return `{${Array.from({ length: count }, (_, n) => `"k${n}":${n}`).join(",")}}`
      default:
        return `${"9".repeat(count)}.${"1".repeat(this.size(20))}e${this.upTo(400)}`
    }
  }
}
