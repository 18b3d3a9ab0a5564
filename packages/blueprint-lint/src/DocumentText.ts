/** The text of a document, parsed despite syntax faults, so that one run reports all problems. */
import * as ConsoleText from "@drawbar/json-text/ConsoleText"
import * as Json from "@drawbar/json-text/Json"
import * as JsonFault from "@drawbar/json-text/JsonFault"
import { findNodeAtLocation, type Node, parseTree } from "jsonc-parser"
import { Result } from "effect"
import type { Finding, Severity } from "./Finding.ts"

export interface Source {
  /** Absent if the text could not be corrected. */
  readonly value: Json.Json | undefined
  /** The problems of the text itself. */
  readonly findings: ReadonlyArray<Finding>
  /** The location of a JSON pointer, or of its nearest ancestor in the document. Both are 1-based. */
  readonly placeOf: (pointer: string) => { readonly line: number; readonly column: number }
}

export const read = (text: string, readsConsoleText: boolean): Source => {
  const { json, offsetOf } = ConsoleText.read(text)
  const findings: Array<Finding> = []
  const place = (offset: number) => {
    const { line, column } = Json.errorAt(text, offset, "")
    return { line, column }
  }
  const withLine = ({ offset, message }: JsonFault.Fault) => {
    const { excerpt } = Json.errorAt(text, offsetOf(offset), "")
    return excerpt === "^" ? message : `${message}. Correct it at ^: ${excerpt}`
  }
  const found = (code: string, severity: Severity, message: string, offset: number) =>
    findings.push({ code, severity, pointer: "", message, ...place(offset) })

  const consoleMatch = consoleSyntax.exec(text)
  if (consoleMatch !== null && json.length > 0 && text !== json)
    found(
      "console-syntax",
      readsConsoleText ? "warning" : "error",
      "Comments, triple quotes and a first line with a method are Dev Tools syntax: the drawbar command accepts it, the REST API does not",
      consoleMatch.index,
    )
  const excess = Json.excess(json, "[{:,", maxParts)
  if (excess !== undefined) {
    found("syntax", "error", excess.message, offsetOf(excess.offset))
    return { value: undefined, findings, placeOf: () => place(0) }
  }
  const { corrected, faults } = correct(json)
  for (const fault of faults) found("syntax", "error", withLine(fault), offsetOf(fault.offset))
  const value = Result.getOrUndefined(Json.parse(corrected))
  const tree = value === undefined ? undefined : parseTree(corrected)
  if (tree !== undefined)
    for (const node of duplicates(tree).take(maxFaults))
      found(
        "duplicate-key",
        "error",
        `'${String(node.value)}' occurs twice in this object. Remove one of them`,
        offsetOf(node.offset),
      )
  return {
    value,
    findings,
    placeOf: (pointer) => place(offsetOf(tree === undefined ? 0 : offsetIn(tree, stepsOf(pointer)))),
  }
}

// Such text inside strings does not matter: the reader leaves strings unchanged.
const consoleSyntax = /^[ \t]*(?:GET|POST|PUT|DELETE)\s|"""|\/\/|\/\*|^[ \t]*#/m

/** Limits the reported syntax faults and duplicate names. */
const maxFaults = 100

/** Values and members of a document: checking a text of 1 MB with a million of them would take seconds, and no blueprint has a thousand. */
export const maxParts = 20_000

/** In characters: after each fault that is corrected the text is parsed again. */
const maxReparsed = 3_000_000

interface Correction {
  readonly corrected: string
  readonly faults: ReadonlyArray<JsonFault.Fault>
}

/** Corrects one unambiguous fault after the other, up to the first that is ambiguous. */
const correct = (json: string): Correction => {
  const faults: Array<JsonFault.Fault> = []
  let text = json
  while (faults.length < Math.min(maxFaults, 1 + maxReparsed / json.length)) {
    const parsed = Json.parse(text)
    if (Result.isSuccess(parsed)) break
    const fault = Json.excess(text) ?? JsonFault.find(text)
    faults.push(fault)
    const next = withoutFault(text, fault.offset)
    if (next === undefined) break
    text = next
  }
  return { corrected: text, faults }
}

/** The same text with the superfluous characters replaced by spaces, so that offsets do not change. */
const withoutFault = (text: string, at: number): string | undefined => {
  const blank = (from: number, to: number) =>
    text.slice(0, from) + text.slice(from, to).replace(/[^\n\r]/g, " ") + text.slice(to)
  const before = text.slice(0, at).trimEnd()
  if ((text[at] === "}" || text[at] === "]") && before.endsWith(",")) return blank(before.length - 1, before.length)
  const rest = text.slice(at)
  if (/^[\]}\s]+$/.test(rest) && Result.isSuccess(Json.parse(text.slice(0, at)))) return blank(at, text.length)
  if (text[at] !== '"') return undefined
  // A string over several lines: its line breaks are intended.
  const [string] = /^"(?:[^"\\]|\\[^])*"/.exec(rest) ?? []
  if (string === undefined || !/[\n\r\t]/.test(string)) return undefined
  return text.slice(0, at) + string.replace(/[\n\r\t]/g, " ") + text.slice(at + string.length)
}

function* duplicates(node: Node): IteratorObject<Node, undefined> {
  if (node.type === "object") {
    const seen = new Set<unknown>()
    for (const { children: [name] = [] } of node.children ?? []) {
      if (name === undefined) continue
      if (seen.has(name.value)) yield name
      seen.add(name.value)
    }
  }
  for (const child of node.children ?? []) yield* duplicates(child)
}

const stepsOf = (pointer: string): ReadonlyArray<string> =>
  pointer
    .split("/")
    .slice(1)
    .map((step) => step.replaceAll("~1", "/").replaceAll("~0", "~"))

const offsetIn = (tree: Node, steps: ReadonlyArray<string>): number => {
  for (let length = steps.length; length > 0; length--) {
    const node = findNodeAtLocation(tree, asPath(tree, steps.slice(0, length)))
    // The location of a member is that of its name.
    if (node !== undefined) return node.parent?.type === "property" ? node.parent.offset : node.offset
  }
  return tree.offset
}

const asPath = (tree: Node, steps: ReadonlyArray<string>): Array<string | number> => {
  const path: Array<string | number> = []
  for (const step of steps) {
    const inside = findNodeAtLocation(tree, path)
    path.push(inside?.type === "array" ? Number(step) : step)
  }
  return path
}
