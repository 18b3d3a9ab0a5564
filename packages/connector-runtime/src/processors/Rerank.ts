/** Relevance out of an answer: a tensor named `similarity` for each document, in the order in which the documents were given. */
import { Result } from "effect"
import { items, type Node, type PostProcessor, type Selection, texts } from "./PostProcessor.ts"
import { type Tensor, vector } from "../response/Tensor.ts"
import * as Places from "./Places.ts"

/** `{ index, [score] }` items at `path`, which a platform answers best first. */
export const scores = (path: string, score: "relevance_score" | "relevanceScore"): PostProcessor => ({
  path,
  run: (selection) => {
    const found = items(selection)
    if (found === undefined) return Result.fail("Post process function input is not a List of Map.")
    const ranked = found.map((node) => rank(node, score))
    return ranked.every((item) => item !== undefined)
      ? inOrder(selection, ranked)
      : Result.fail(`The rerank result should contain index and ${score}.`)
  },
})

interface Ranked {
  readonly index: number
  readonly node: Node
}

const rank = ({ location, value }: Node, score: string): Ranked | undefined => {
  if (typeof value !== "object" || value === null || !("index" in value) || !(score in value)) return undefined
  const { index } = value
  const relevance = Object.getOwnPropertyDescriptor(value, score)?.value
  return typeof index === "number" && Number.isInteger(index) && index >= 0 && typeof relevance === "number"
    ? { index, node: { location: [...location, score], value: relevance } }
    : undefined
}

const noun = ["score", "scores"] as const

// Scores of fewer documents (top_n) would close up, and each after a gap would be taken for another document's.
const inOrder = (selection: Selection, ranked: ReadonlyArray<Ranked>): Result.Result<ReadonlyArray<Tensor>, string> => {
  const { documents } = selection
  const fault = documents === undefined ? undefined : Places.excess(ranked.length, documents.count, noun)
  if (fault !== undefined)
    return Result.fail(`${fault} Have it rank all of them: leave top_n out, or set it to \${parameters.top_n}.`)
  const seen = new Set<number>()
  for (const { index } of ranked) {
    if (seen.has(index)) return Result.fail(`The rerank result holds index ${index} twice.`)
    seen.add(index)
  }
  const placed = Places.inOrder(
    selection,
    ranked.map(({ node }) => node),
    noun,
  )
  return Result.map(placed, (nodes) =>
    texts(selection, nodes).map((text) => vector("similarity", `[${text}]`, 1, selection.dataType)),
  )
}
