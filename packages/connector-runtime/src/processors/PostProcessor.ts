/** What a post-process function is: a platform's answer in, tensors out. */
import { Result } from "effect"
import { type JsonSource, type Location, slices } from "@drawbar/json-text/JsonSource"
import type { DataType, Tensor } from "../response/Tensor.ts"

/** A place in an answer that a JSONPath found. */
export interface Node {
  readonly location: Location
  readonly value: unknown
}

/** What one call sent of a caller's documents. */
export interface Documents {
  /** How many results the call must have; a text and its image that are one input count as one. */
  readonly count: number
  /** An author's script wrote the request, and may have made one input of a text and its image. */
  readonly mayBePair: boolean
  readonly _tag: "TextDocs" | "TextSimilarity"
}

export interface Selection {
  readonly source: JsonSource
  readonly nodes: ReadonlyArray<Node>
  /** Whether the path can find one node at most, so that its node is the value and not an item of a list. */
  readonly definite: boolean
  /** The nodes are members of an object (`['a','b']`), or of each of many. */
  readonly union?: "one" | "many" | undefined
  /** The type of the numbers, as the path spells it. */
  readonly dataType: DataType
  /** Absent where the caller sent parameters and no documents. */
  readonly documents?: Documents | undefined
}

export interface PostProcessor {
  /** Where in the answer its input stands, unless `response_filter` says otherwise. */
  readonly path: string
  readonly run: (selection: Selection) => Result.Result<ReadonlyArray<Tensor>, string>
}

/** The nodes of a list: those found, or the items of the one array that a definite path found. */
export const items = ({ nodes, definite }: Selection): ReadonlyArray<Node> | undefined => {
  const [only] = nodes
  if (!definite) return nodes
  if (only === undefined || !Array.isArray(only.value)) return undefined
  return only.value.map((value: unknown, i) => ({ location: [...only.location, i], value }))
}

export const texts = ({ source }: Selection, nodes: ReadonlyArray<Node>): ReadonlyArray<string> =>
  slices(
    source,
    nodes.map(({ location }) => location),
  )
