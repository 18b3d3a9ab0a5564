// Finds the words that CONTRIBUTING.md rules out, in comments, string literals (test names are such), Markdown and
// descriptions of every tracked file. `--max N` fails above N findings; without it any finding fails.
// `--list` shows them in any case. Files that are named are looked at alone.
import { execFileSync } from "node:child_process"
import { existsSync, readFileSync } from "node:fs"
import { extname } from "node:path"
import process from "node:process"
import { parseArgs } from "node:util"
import { parseSync } from "oxc-parser"

const be = "(?:is|are|was|were|be|been|being)"
const determiners =
  "the|of|no|all|both|its|their|these|those|such|several|many|some|any|other|two|three|own|whole|into|and|as|or"

/** What is searched for, and what to write in its place. */
const rules = [
  [/\b(?:he|him|his|himself)\b/gi, "they, or the name of the role"],
  [/\bwhoever\b/gi, "the caller, or any client that"],
  [/\bnobody\b/gi, "no caller, no client, or nothing"],
  [/\bsomebody\b/gi, "a caller, a client, or another process"],
  [/\beverybody\b/gi, "every caller, or all clients"],
  [/\bwho asks\b/gi, "the caller"],
  [/\b(?:is|are) told\b/gi, "receives, or is passed"],
  [/\btells?\b(?:\s+[^\s,;:.]+){0,4}\s+that\b/gi, "reports that, or notifies"],
  [
    new RegExp(
      String.raw`(?<!\b(?:${determiners}|[a-z]+['’]s?)\s)\banswers\b(?=\s+(?:with|the|an?(?! second\b)|what|whether|to|for|as|no|null|undefined|once|each|every|nothing|it|them|\d+|\`)(?:\b|(?<=\`)))`,
      "gi",
    ),
    "returns",
  ],
  [/\bmend(?:s|ed|ing)?\b/gi, "fix, or recover"],
  [/\banew\b/gi, "again"],
  [/\berrands?\b/gi, "outbound call, or task"],
  [
    new RegExp(
      String.raw`(?<!\bthere\s)\b${be} no (?!longer\b|more\b|less\b|fewer\b|other\b|one\b|such\b)[a-z]+`,
      "gi",
    ),
    "is not a …",
  ],
]

/** Vendored or generated text, records of what others say, and texts of the wire. */
const excluded = [
  /^packages\/blueprint-catalogue\/(?:blueprints\/|src\/catalogue\.json)/,
  /(?:^|\/)CHANGELOG\.md$/,
  /^pnpm-lock\.yaml$/,
  /^scripts\/words\.mjs$/,
]

const blank = (text) => text.replaceAll(/[^\n]/g, " ")

/** Pieces of prose of a file, each with the offset at which it stands. */
const proseOf = {
  ".md": (text) => [{ at: 0, text: text.replaceAll(/`[^`\n]+`/g, blank) }],
  ".json": (text) =>
    [...text.matchAll(/"(?:description|title|markdownDescription)": "((?:[^"\\]|\\.)*)"/g)].map((found) => ({
      at: found.index + found[0].length - found[1].length - 1,
      text: found[1],
    })),
  ".yaml": (text) => hashComments(text),
  "": (text) => hashComments(text),
  ".ts": (text, file) => codeProse(text, file),
  ".mjs": (text, file) => codeProse(text, file),
}

const hashComments = (text) => [...text.matchAll(/(?:^|\s)#.*/g)].map((found) => ({ at: found.index, text: found[0] }))

const codeProse = (text, file) => {
  const { program, comments, errors } = parseSync(file, text)
  if (errors.length > 0) throw new Error(`${file}: ${errors[0].message}`)
  const pieces = comments.map(({ start, end }) => ({
    at: start,
    text: text.slice(start, end).replaceAll(/`[^`\n]+`/g, blank),
  }))
  const visit = (node) => {
    if (Array.isArray(node)) for (const one of node) visit(one)
    else if (node !== null && typeof node === "object") {
      if (/^(?:Import|ExportAll|ExportNamed)/.test(node.type ?? "") && node.source)
        return visit(node.declaration ?? null)
      if ((node.type === "Literal" && typeof node.value === "string") || node.type === "TemplateElement")
        pieces.push({ at: node.start, text: text.slice(node.start, node.end) })
      else for (const [key, value] of Object.entries(node)) if (key !== "parent") visit(value)
    }
  }
  visit(program)
  return pieces
}

const options = { max: { type: "string", default: "0" }, list: { type: "boolean", default: false } }
const { values, positionals } = parseArgs({ options, allowPositionals: true })
const max = Number(values.max)
if (!Number.isInteger(max)) throw new Error("--max needs a number: node scripts/words.mjs --max 800")

const tracked = () => execFileSync("git", ["ls-files"], { encoding: "utf8", maxBuffer: 1 << 26 }).split("\n")

const findings = (positionals.length > 0 ? positionals : tracked())
  .filter((file) => file !== "" && existsSync(file) && !excluded.some((pattern) => pattern.test(file)))
  .flatMap((file) => {
    const read = proseOf[extname(file)]
    if (read === undefined) return []
    const source = readFileSync(file, "utf8")
    return read(source, file).flatMap(({ at, text }) =>
      rules.flatMap(([pattern, plain]) =>
        [...text.matchAll(pattern)].map((found) => {
          const before = source.slice(0, at + found.index)
          const line = before.split("\n").length
          return {
            file,
            line,
            column: before.length - before.lastIndexOf("\n"),
            word: found[0].replaceAll(/\s+/g, " "),
            plain,
          }
        }),
      ),
    )
  })

const fails = findings.length > max
if (fails || values.list)
  for (const { file, line, column, word, plain } of findings)
    console.log(`${file}:${line}:${column}  "${word}": write ${plain}`)
console.log(`words: ${findings.length} findings, at most ${max} are allowed`)
process.exitCode = fails ? 1 : 0
