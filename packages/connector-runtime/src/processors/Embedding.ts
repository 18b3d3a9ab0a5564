/** Vectors out of an answer: a tensor named `sentence_embedding` for each. */
import { Result } from "effect"
import { items, type Node, type PostProcessor, type Selection, texts } from "./PostProcessor.ts"
import { type Tensor, vector } from "../response/Tensor.ts"

/** A list of vectors at `path`. */
export const vectors = (path: string): PostProcessor => ({
  path,
  run: (selection) => {
    const found = items(selection)
    return found === undefined
      ? Result.fail("Post process function input is not a List.")
      : tensors(selection, found, "The embedding should be a non-empty List containing List of Float values.")
  },
})

/** One vector at `path`. */
export const one = (path: string): PostProcessor => ({
  path,
  run: (selection) =>
    selection.nodes.length === 0
      ? Result.fail("Can't run post process function as model output is null")
      : tensors(selection, selection.nodes, "The embedding should be a non-empty List containing Float values."),
})

const tensors = (
  selection: Selection,
  nodes: ReadonlyArray<Node>,
  sentence: string,
): Result.Result<ReadonlyArray<Tensor>, string> => {
  if (nodes.length === 0 || !nodes.every(({ value }) => isVector(value))) return Result.fail(sentence)
  const data = texts(selection, nodes)
  return Result.succeed(
    nodes.map(({ value }, i) => vector("sentence_embedding", data[i] ?? "[]", lengthOf(value), selection.dataType)),
  )
}

const isVector = (value: unknown): boolean =>
  Array.isArray(value) && value.length > 0 && value.every((item) => typeof item === "number")

const lengthOf = (value: unknown): number => (Array.isArray(value) ? value.length : 0)
