/** A wildcard pattern: `*` is any run of characters, `?` is one, `\` takes the next as it is. */

/** Literal runs with `any` and `one` between them; no two `any` stand side by side. */
export type SearchPattern = ReadonlyArray<{ readonly literal: string } | "any" | "one">

/** In characters, of what clients send: the work is up to the product of a pattern's length and its text's. */
export const longest = 1_000

export const parse = (text: string): SearchPattern => {
  const parts: Array<SearchPattern[number]> = []
  let literal = ""
  const close = () => {
    if (literal !== "") parts.push({ literal })
    literal = ""
  }
  for (let i = 0; i < text.length; i++) {
    const c = text.charAt(i)
    if (c === "\\" && i + 1 < text.length) literal += text.charAt(++i)
    else if (c === "?") {
      close()
      parts.push("one")
    } else if (c === "*") {
      close()
      if (parts.at(-1) !== "any") parts.push("any")
    } else literal += c
  }
  close()
  return parts
}

/** Everything that begins with the text. */
export const startingWith = (text: string): SearchPattern => (text === "" ? ["any"] : [{ literal: text }, "any"])

/** The text that all matches begin with: an index can look there. */
export const literalStart = (pattern: SearchPattern): string => {
  const [first] = pattern
  return typeof first === "object" ? first.literal : ""
}

/**
 * Whether the whole text matches. Goes back to the last `*` only, so that no pattern takes longer than
 * the product of the two lengths.
 */
export const matches = (pattern: SearchPattern, text: string): boolean => {
  const steps = pattern.flatMap((part) => (typeof part === "object" ? [...part.literal] : [part]))
  const characters = [...text]
  let step = 0
  let at = 0
  let retry: { readonly step: number; at: number } | undefined
  while (at < characters.length) {
    const expected = steps[step]
    if (expected === "any") retry = { step: ++step, at }
    else if (expected === "one" || (expected !== undefined && expected === characters[at])) {
      step++
      at++
    } else if (retry !== undefined) {
      step = retry.step
      at = ++retry.at
    } else return false
  }
  return steps.slice(step).every((part) => part === "any")
}
