/** Another ML Commons, or another Drawbar, as the platform: its tensors are handed on as they are. */
import { Result } from "effect"
import { slices } from "../JsonSource.ts"
import type { Node, PostProcessor, Selection } from "../PostProcessor.ts"
import { type DataType, dataTypes, response, type Tensor } from "../Tensor.ts"

export const passthrough: PostProcessor = {
  path: "$",
  run: (selection) => {
    const [node] = selection.nodes
    if (node === undefined || typeof node.value !== "object" || node.value === null)
      return Result.fail("Post process function input must be a Map or List")
    const found = tensorNodes(node)
    return Result.succeed(
      found.length === 0 ? [whole(selection, node)] : found.map((tensor) => toTensor(selection, tensor)),
    )
  },
}

const whole = ({ source }: Selection, node: Node): Tensor => {
  const [text = "null"] = slices(source, [node.location])
  return response(Array.isArray(node.value) ? `{"response":${text}}` : text)
}

const tensorNodes = (node: Node): ReadonlyArray<Node> =>
  list(member(node, "inference_results")).flatMap((result) => list(member(result, "output")))

const member = ({ location, value }: Node, name: string): Node => ({
  location: [...location, name],
  value: typeof value === "object" && value !== null ? Object.getOwnPropertyDescriptor(value, name)?.value : undefined,
})

const list = ({ location, value }: Node): ReadonlyArray<Node> =>
  Array.isArray(value) ? value.map((item: unknown, i) => ({ location: [...location, i], value: item })) : []

const toTensor = ({ source }: Selection, node: Node): Tensor => {
  const field = (name: string) => member(node, name)
  const text = (name: string) => slices(source, [field(name).location])[0] ?? "null"
  const name = field("name").value
  const result = field("result").value
  const shape = field("shape").value
  const data_type = typeOf(field("data_type").value)
  return {
    name: typeof name === "string" ? name : "output",
    ...(data_type === undefined ? {} : { data_type }),
    ...(isNumbers(shape) ? { shape } : {}),
    ...(Array.isArray(field("data").value) ? { data: text("data") } : {}),
    ...(isMap(field("byte_buffer").value) ? { byte_buffer: text("byte_buffer") } : {}),
    ...(typeof result === "string" ? { result } : {}),
    ...(isMap(field("dataAsMap").value) ? { dataAsMap: text("dataAsMap") } : {}),
  }
}

const typeOf = (name: unknown): DataType | undefined => dataTypes.find((known) => known === name)

const isNumbers = (value: unknown): value is ReadonlyArray<number> =>
  Array.isArray(value) && value.every((item) => typeof item === "number")

const isMap = (value: unknown): boolean => typeof value === "object" && value !== null && !Array.isArray(value)
