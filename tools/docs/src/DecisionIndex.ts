/** The index of docs/decisions, as Markdown: each page brings its title and a line `Status: <status>, <date>`. */
import { readdirSync, readFileSync } from "node:fs"
import { fileURLToPath } from "node:url"

export const folder = fileURLToPath(new URL("../../../docs/decisions/", import.meta.url))

interface Decision {
  readonly number: string
  readonly file: string
  readonly title: string
  readonly status: string
  readonly date: string
}

const statuses = ["proposed", "accepted", "superseded"]

/** Fails with a sentence that names the page and what it lacks. */
export const read = (file: string, text: string): Decision => {
  const number = /^(\d{4})-[a-z0-9-]+\.md$/.exec(file)?.[1]
  if (number === undefined) throw new Error(`${file}: call the page NNNN-words.md`)
  const title = /^# (?:\d+\.? )?(.+)$/m.exec(text)?.[1]
  if (title === undefined) throw new Error(`${file}: begin the page with a title, "# …"`)
  const [, status, date] = /^Status: ([a-z]+), (\d{4}-\d{2}-\d{2})$/m.exec(text) ?? []
  if (status === undefined || date === undefined || !statuses.includes(status))
    throw new Error(`${file}: add a line "Status: ${statuses.join(" | ")}, YYYY-MM-DD" below the title`)
  return { number, file, title, status, date }
}

const pages = (): ReadonlyArray<Decision> => {
  const files = readdirSync(folder).filter((file) => file.endsWith(".md") && file !== "README.md")
  return files.toSorted().map((file) => read(file, readFileSync(`${folder}${file}`, "utf8")))
}

const heads = ["number", "decision", "status", "date"]

export const markdown = (): string => {
  const rows = pages().map(({ number, file, title, status, date }) => [number, `[${title}](${file})`, status, date])
  const widths = heads.map((head, column) => Math.max(head.length, ...rows.map((row) => row[column]?.length ?? 0)))
  const line = (cells: ReadonlyArray<string>, filler = " ") =>
    `| ${cells.map((cell, column) => cell.padEnd(widths[column] ?? 0, filler)).join(" | ")} |`
  return [
    "# Decisions",
    "",
    "What was chosen, and why, where another choice was possible. A page is not rewritten when a decision changes: a new page supersedes it.",
    "",
    line(heads),
    line(
      heads.map(() => ""),
      "-",
    ),
    ...rows.map((row) => line(row)),
    "",
    "This page is generated: run `pnpm golden` after you add a page.",
    "",
  ].join("\n")
}
