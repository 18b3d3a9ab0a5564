/** What is wrong with a source, thrown inside `compile` and turned into a `PainlessError` at its face. */
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

/** ` Did you mean [x]?` for the name that is one or two letters away, otherwise nothing. */
export const suggestion = (name: string, names: Iterable<string>): string => {
  let nearest: string | undefined
  let least = Math.min(3, Math.ceil(name.length / 2) + 1)
  for (const candidate of names) {
    const away = distance(name.toLowerCase(), candidate.toLowerCase())
    if (away < least) [least, nearest] = [away, candidate]
  }
  return nearest === undefined ? "" : `. Did you mean [${nearest}]?`
}

/** How many letters are to be added, left out or changed (Levenshtein); names far apart in length are not counted out. */
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

/** Line and column of an offset, from 1, and the line with a caret under it. */
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
