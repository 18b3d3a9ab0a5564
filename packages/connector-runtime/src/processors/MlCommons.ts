/** Another ML Commons, or another Drawbar, as the platform: its tensors are handed on as they are. */
import { Result } from "effect"
import { slices } from "@drawbar/json-text/JsonSource"
import type { Node, PostProcessor, Selection } from "./PostProcessor.ts"
import { response, type Tensor } from "../response/Tensor.ts"
import * as TensorText from "../response/TensorText.ts"

export const passthrough: PostProcessor = {
  path: "$",
  run: (selection) => {
    const [node] = selection.nodes
    if (node === undefined || typeof node.value !== "object" || node.value === null)
      return Result.fail("Post process function input must be a Map or List")
    const found = tensorNodes(node)
    return Result.succeed(
      found.length === 0
        ? [whole(selection, node)]
        : found.map((tensor) => named(TensorText.read(selection.source, tensor))),
    )
  },
}

const whole = ({ source }: Selection, node: Node): Tensor => {
  const [text = "null"] = slices(source, [node.location])
  return response(Array.isArray(node.value) ? `{"response":${text}}` : text)
}

const tensorNodes = (node: Node): ReadonlyArray<Node> =>
  list(TensorText.member(node, "inference_results")).flatMap((result) => list(TensorText.member(result, "output")))

const list = ({ location, value }: Node): ReadonlyArray<Node> =>
  Array.isArray(value) ? value.map((item: unknown, i) => ({ location: [...location, i], value: item })) : []

const named = (tensor: Tensor): Tensor => ({ name: "output", ...tensor })
