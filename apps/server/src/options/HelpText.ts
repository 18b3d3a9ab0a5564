/** Lays out the help that the library writes, so that no line is longer than a terminal is wide. */

const width = 100

/** Wraps each line at its own indentation: a description at the column where it begins. */
export const wrapped = (help: string): string =>
  help
    .split("\n")
    .flatMap((line) => (line.length <= width ? [line] : folded(line)))
    .join("\n")

const folded = (line: string): ReadonlyArray<string> => {
  // The name of a flag or a command, if there is one, and two spaces or more.
  const [, head = "", text = ""] = /^( *(?:\S(?:.*?\S)? {2,})?)(\S.*)$/.exec(line) ?? []
  const indent = " ".repeat(head.length)
  const [first = "", ...rest] = text.split(" ")
  const lines = [head + first]
  for (const word of rest) {
    const last = lines.at(-1) ?? ""
    if (last.length + 1 + word.length > width) lines.push(indent + word)
    else lines[lines.length - 1] = `${last} ${word}`
  }
  return lines
}
