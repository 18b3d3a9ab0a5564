/** Which document each result of a list is for. A provider says it with an `index` beside the result, or by the order of its results. */
import { Result } from "effect"
import type { Node, Selection } from "./PostProcessor.ts"

/** What the results of a list are called in a message, one and several of them. */
export type Noun = readonly [one: string, several: string]

/**
 * Nodes in the order of the documents. Fails where a place is taken twice or is free, or where only some nodes say theirs: what
 * comes after it would move to another document.
 */
export const inOrder = (
  { source }: Selection,
  nodes: ReadonlyArray<Node>,
  [one, several]: Noun,
): Result.Result<ReadonlyArray<Node>, string> => {
  const indices = nodes.map(({ location }) => indexBeside(source.value, location))
  if (indices.every((index) => index === undefined)) return Result.succeed(nodes)
  const placed: Array<Node | undefined> = nodes.map(() => undefined)
  for (const [i, index] of indices.entries()) {
    if (index === undefined)
      return Result.fail(`The ${one} at position ${i + 1} of ${nodes.length} has no index, and others have one.`)
    if (!Number.isInteger(index) || index < 0 || index >= nodes.length)
      return Result.fail(
        `The index ${index} of a ${one} is out of range: the answer has ${nodes.length} ${nodes.length === 1 ? one : several}.`,
      )
    if (placed[index] !== undefined) return Result.fail(`The answer has index ${index} twice.`)
    placed[index] = nodes[i]
  }
  return Result.succeed(placed.filter((node) => node !== undefined))
}

/** The number `index` of the list's item in which a node stands. A list of one, such as a vector in another list, has no items to tell apart. */
const indexBeside = (top: unknown, location: Node["location"]): number | undefined => {
  let inner: unknown = top
  let isInList = false
  let index: number | undefined
  for (const step of location) {
    if (Array.isArray(inner)) {
      if (inner.length > 1) index = undefined
      isInList = true
      inner = inner[Number(step)]
    } else if (typeof inner === "object" && inner !== null) {
      if (isInList) index = numberIn(inner) ?? index
      inner = Object.getOwnPropertyDescriptor(inner, step)?.value
    } else return undefined
  }
  return index
}

const numberIn = (item: object): number | undefined => {
  const index: unknown = Object.getOwnPropertyDescriptor(item, "index")?.value
  return typeof index === "number" ? index : undefined
}

/** A sentence that names both numbers where an answer has not as many results as the call had documents. */
export const excess = (count: number, wanted: number, [one, several]: Noun): string | undefined =>
  count === wanted
    ? undefined
    : `The platform answered with ${count} ${count === 1 ? one : several} for ${wanted} document${wanted === 1 ? "" : "s"} of one call.`
