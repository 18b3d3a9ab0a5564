/** Vectors out of an answer: a tensor named `sentence_embedding` for each, in the order of the documents. */
import { Result } from "effect"
import { items, type Node, type PostProcessor, type Selection, texts } from "./PostProcessor.ts"
import { type DataType, dataTypes, type Tensor, vector } from "../response/Tensor.ts"
import * as Base64Vector from "./Base64Vector.ts"
import * as Places from "./Places.ts"

/** A list of vectors at `path`. */
export const vectors = (path: string): PostProcessor => ({
  path,
  run: (selection) => {
    const found = items(selection)
    return found === undefined
      ? Result.fail("Post process function input is not a List.")
      : tensors(
          selection,
          found,
          "The embedding should be a non-empty List containing List of Float values.",
          selection.documents?.count,
        )
  },
})

/** One vector at `path`. */
export const one = (path: string): PostProcessor => ({
  path,
  run: (selection) =>
    selection.nodes.length === 0
      ? Result.fail("Can't run post process function as model output is null")
      : tensors(
          selection,
          selection.nodes,
          "The embedding should be a non-empty List containing Float values.",
          wantedOfOne(selection),
        ),
})

/** A text and its image, which a script has made one input of, have one vector. */
const wantedOfOne = ({ documents, nodes }: Selection): number | undefined =>
  documents?.mayBePair === true && nodes.length === 1 ? 1 : documents?.count

const tensors = (
  selection: Selection,
  nodes: ReadonlyArray<Node>,
  sentence: string,
  wanted: number | undefined,
): Result.Result<ReadonlyArray<Tensor>, string> => {
  if (nodes.length === 0 || !nodes.every(({ value }) => isVector(value))) return Result.fail(sentence)
  const counted = selection.documents?._tag === "TextDocs" ? wanted : undefined
  const placed = placedIn(selection, nodes, counted)
  return Result.flatMap(placed, (ordered) => {
    const data = texts(selection, ordered)
    return Result.all(ordered.map((node, i) => tensorOf(selection, node, data[i] ?? "[]")))
  })
}

/** Each type of embedding has its own vectors, and of each there have to be as many as documents. */
const placedIn = (
  selection: Selection,
  nodes: ReadonlyArray<Node>,
  wanted: number | undefined,
): Result.Result<ReadonlyArray<Node>, string> => {
  const groups = Map.groupBy(nodes, (node) => groupOf(selection, node))
  const placed: Array<Node> = []
  for (const [type, group] of groups) {
    const noun = type === "" || groups.size === 1 ? plain : ([`vector of ${type}`, `vectors of ${type}`] as const)
    const fault = wanted === undefined ? undefined : Places.excess(group.length, wanted, noun)
    if (fault !== undefined) return Result.fail(fault)
    const ordered = Places.inOrder(selection, group, noun)
    if (Result.isFailure(ordered)) return ordered
    placed.push(...ordered.success)
  }
  return Result.succeed(placed)
}

const plain = ["vector", "vectors"] as const

/** What the vectors of one type have in common: the names on the way to them, and the type that stands beside each. */
const groupOf = ({ source }: Selection, { location }: Node): string => {
  const names = location.filter((step) => typeof step === "string")
  const holder = typeof location.at(-1) === "string" ? at(source.value, location.slice(0, -1)) : undefined
  const type: unknown =
    typeof holder === "object" && holder !== null
      ? Object.getOwnPropertyDescriptor(holder, "embeddingType")?.value
      : undefined
  return typeof type === "string" ? [...names, type].join(".") : names.join(".")
}

const at = (top: unknown, location: Node["location"]): unknown =>
  location.reduce<unknown>(
    (inner, step) =>
      typeof inner === "object" && inner !== null ? Object.getOwnPropertyDescriptor(inner, step)?.value : undefined,
    top,
  )

const tensorOf = (selection: Selection, { location, value }: Node, text: string): Result.Result<Tensor, string> => {
  const type = typeOf(selection, location)
  if (Array.isArray(value)) return Result.succeed(vector("sentence_embedding", text, value.length, type))
  return Result.map(Base64Vector.read(String(value), type), (numbers) =>
    vector("sentence_embedding", `[${numbers.join(",")}]`, numbers.length, type),
  )
}

/** A path that finds several types does not say which of them a vector is of; its place does. */
const typeOf = ({ definite, dataType }: Selection, location: Node["location"]): DataType => {
  if (definite) return dataType
  const name = location.findLast((step) => typeof step === "string" && types.has(step.toUpperCase()))
  return (name === undefined ? undefined : types.get(String(name).toUpperCase())) ?? dataType
}

const types: ReadonlyMap<string, DataType> = new Map([
  ...dataTypes.map((type) => [type, type] as const),
  ["FLOAT", "FLOAT32"],
])

const isVector = (value: unknown): boolean =>
  typeof value === "string"
    ? value !== ""
    : Array.isArray(value) && value.length > 0 && value.every((item) => typeof item === "number")
