/** Relevance out of an answer: a tensor named `similarity` for each document, in the order in which the documents were given. */
import { Result } from "effect"
import { items, type Node, type PostProcessor, type Selection, texts } from "./PostProcessor.ts"
import { type Tensor, vector } from "../response/Tensor.ts"

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

// A platform that answers with fewer documents than it was given (top_n) leaves the others out; their order stays.
const inOrder = (selection: Selection, ranked: ReadonlyArray<Ranked>): Result.Result<ReadonlyArray<Tensor>, string> => {
  const sorted = ranked.toSorted((a, b) => a.index - b.index)
  const repeated = sorted.find(({ index }, i) => index === sorted[i + 1]?.index)
  if (repeated !== undefined) return Result.fail(`The rerank result holds index ${repeated.index} twice.`)
  const data = texts(
    selection,
    sorted.map(({ node }) => node),
  )
  return Result.succeed(data.map((text) => vector("similarity", `[${text}]`, 1, selection.dataType)))
}
