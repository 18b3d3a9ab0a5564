/** What a post-process function is: a platform's answer in, tensors out. */
import { Result } from "effect"
import { type JsonSource, type Location, slices } from "@drawbar/json-text/JsonSource"
import type { DataType, Tensor } from "../response/Tensor.ts"

/** A place in an answer that a JSONPath found. */
export interface Node {
  readonly location: Location
  readonly value: unknown
}

export interface Selection {
  readonly source: JsonSource
  readonly nodes: ReadonlyArray<Node>
  /** Whether the path can find one node at most, so that its node is the value and not an item of a list. */
  readonly definite: boolean
  /** The type of the numbers, as the path spells it. */
  readonly dataType: DataType
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
