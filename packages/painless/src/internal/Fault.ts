/** An error in the source, thrown inside `compile` and converted to a `PainlessError` at its boundary. */
export class Fault {
  readonly at: number
  readonly message: string
  constructor(at: number, message: string) {
    this.at = at
    this.message = message
  }
}

export const fault = (at: number, message: string): never => {
  throw new Fault(at, message)
}

/** ` Did you mean [x]?` for a name with an edit distance of one or two, otherwise empty. */
export const suggestion = (name: string, names: Iterable<string>): string => {
  let nearest: string | undefined
  let minDistance = Math.min(3, Math.ceil(name.length / 2) + 1)
  for (const candidate of names) {
    const away = distance(name.toLowerCase(), candidate.toLowerCase())
    if (away < minDistance) [minDistance, nearest] = [away, candidate]
  }
  return nearest === undefined ? "" : `. Did you mean [${nearest}]?`
}

/**
 * The number of letters to add, remove or change (Levenshtein); names of very different lengths are not computed
 * exactly.
 */
const distance = (left: string, right: string): number => {
  if (Math.abs(left.length - right.length) > 2) return 3
  let row = Array.from({ length: right.length + 1 }, (_, index) => index)
  for (let i = 0; i < left.length; i++) {
    const next = [i + 1]
    for (let j = 0; j < right.length; j++)
      next.push(Math.min((row[j] ?? 0) + (left[i] === right[j] ? 0 : 1), (row[j + 1] ?? 0) + 1, (next[j] ?? 0) + 1))
    row = next
  }
  return row[right.length] ?? 3
}

/** Line and column of an offset, 1-based, and the line with a caret below it. */
export const place = (source: string, at: number) => {
  const before = source.slice(0, at)
  const start = before.lastIndexOf("\n") + 1
  const end = source.indexOf("\n", at)
  const whole = source.slice(start, end < 0 ? source.length : end).replace(/[\t\r\p{Cc}]/gu, " ")
  const cut = Math.max(0, at - start - 60)
  return {
    line: lineOf(source, at),
    column: at - start + 1,
    excerpt: `${whole.slice(cut, cut + 100)}\n${" ".repeat(at - start - cut)}^`,
  }
}

const lineOf = (source: string, at: number): number => {
  let line = 1
  for (let index = source.indexOf("\n"); index >= 0 && index < at; index = source.indexOf("\n", index + 1)) line++
  return line
}
