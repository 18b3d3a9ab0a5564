/** The text of a document: read however it is broken, so that one run tells all that is wrong with it. */
import * as ConsoleText from "@drawbar/json-text/ConsoleText"
import * as Json from "@drawbar/json-text/Json"
import * as JsonFault from "@drawbar/json-text/JsonFault"
import { findNodeAtLocation, type Node, parseTree } from "jsonc-parser"
import { Result } from "effect"
import type { Finding, Severity } from "./Finding.ts"

export interface Source {
  /** Absent where the text could not be mended. */
  readonly value: Json.Json | undefined
  /** What is wrong with the text itself. */
  readonly findings: ReadonlyArray<Finding>
  /** Where a JSON pointer stands, or the nearest place above it. Both count from 1. */
  readonly placeOf: (pointer: string) => { readonly line: number; readonly column: number }
}

export const read = (text: string, readsConsoleText: boolean): Source => {
  const { json, offsetOf } = ConsoleText.read(text)
  const findings: Array<Finding> = []
  const place = (offset: number) => {
    const { line, column } = Json.errorAt(text, offset, "")
    return { line, column }
  }
  const found = (code: string, severity: Severity, message: string, offset: number) =>
    findings.push({ code, severity, pointer: "", message, ...place(offset) })

  const oddity = consoleSyntax.exec(text)
  if (oddity !== null && json.length > 0 && text !== json)
    found(
      "console-syntax",
      readsConsoleText ? "warning" : "error",
      "Comments, three quotes and a first line with a method are Dev Tools syntax: the drawbar command reads it, the REST API does not",
      oddity.index,
    )
  const excess = Json.excess(json, "[{:,", maxParts)
  if (excess !== undefined) {
    found("syntax", "error", excess.message, offsetOf(excess.offset))
    return { value: undefined, findings, placeOf: () => place(0) }
  }
  const { mended, faults } = mend(json)
  for (const { offset, message } of faults) found("syntax", "error", message, offsetOf(offset))
  const value = Result.getOrUndefined(Json.parse(mended))
  const tree = value === undefined ? undefined : parseTree(mended)
  if (tree !== undefined)
    for (const node of duplicates(tree).take(most))
      found(
        "duplicate-key",
        "error",
        `'${String(node.value)}' stands here twice. Take one of them out`,
        offsetOf(node.offset),
      )
  return {
    value,
    findings,
    placeOf: (pointer) => place(offsetOf(tree === undefined ? 0 : offsetIn(tree, stepsOf(pointer)))),
  }
}

// Outside strings it is: the reader leaves those as they are.
const consoleSyntax = /^[ \t]*(?:GET|POST|PUT|DELETE)\s|"""|\/\/|\/\*|^[ \t]*#/m

/** Of faults of the text, and of names that stand there twice. */
const most = 100

/** Of values and members: a tree of them is walked, so that a text of 1 MB with a million takes seconds. No blueprint has a thousand. */
export const maxParts = 20_000

/** In characters: each fault that is taken out is a reading more. */
const mostRead = 3_000_000

interface Mended {
  readonly mended: string
  readonly faults: ReadonlyArray<JsonFault.Fault>
}

/** Takes out, one after the other, the faults that leave no doubt of what is meant; the first of another kind ends it. */
const mend = (json: string): Mended => {
  const faults: Array<JsonFault.Fault> = []
  let text = json
  while (faults.length < Math.min(most, 1 + mostRead / json.length)) {
    const parsed = Json.parse(text)
    if (Result.isSuccess(parsed)) break
    const fault = Json.excess(text) ?? JsonFault.find(text)
    faults.push(fault)
    const next = withoutFault(text, fault.offset)
    if (next === undefined) break
    text = next
  }
  return { mended: text, faults }
}

/** The same text with spaces in place of what is too much; every other character stays where it is. */
const withoutFault = (text: string, at: number): string | undefined => {
  const blank = (from: number, to: number) =>
    text.slice(0, from) + text.slice(from, to).replace(/[^\n\r]/g, " ") + text.slice(to)
  const before = text.slice(0, at).trimEnd()
  if ((text[at] === "}" || text[at] === "]") && before.endsWith(",")) return blank(before.length - 1, before.length)
  const rest = text.slice(at)
  if (/^[\]}\s]+$/.test(rest) && Result.isSuccess(Json.parse(text.slice(0, at)))) return blank(at, text.length)
  if (text[at] !== '"') return undefined
  // A string over several lines: its line breaks are meant as such.
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
    // A member is shown at its name.
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
