/** What the generated pages share: tables, and places in pages that are otherwise written by hand. */

/** The lines of a table, formatted as oxfmt does. A row may be shorter than the head. */
export const table = (
  heads: ReadonlyArray<string>,
  rows: ReadonlyArray<ReadonlyArray<string>>,
): ReadonlyArray<string> => {
  const widths = heads.map((head, column) => Math.max(head.length, ...rows.map((row) => row[column]?.length ?? 0)))
  const line = (cells: ReadonlyArray<string>, filler = " ") =>
    `| ${widths.map((width, column) => (cells[column] ?? "").padEnd(width, filler)).join(" | ")} |`
  return [line(heads), line([], "-"), ...rows.map((row) => line(row))]
}

/** The page with new text between two marks. Throws if the page lacks the marks; `what` names the text. */
export const replaceBetween = (
  page: string,
  marks: { readonly begin: string; readonly end: string },
  what: string,
  text: string,
): string => {
  const begin = page.indexOf(marks.begin)
  const end = page.indexOf(marks.end)
  if (begin === -1 || end < begin)
    throw new Error(`The page has no place for the ${what}: ${marks.begin} … ${marks.end}`)
  return `${page.slice(0, begin + marks.begin.length)}\n\n${text}\n\n${page.slice(end)}`
}
