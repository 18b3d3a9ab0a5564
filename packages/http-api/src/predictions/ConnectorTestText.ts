/** A trial as JSON text: what the platform answered keeps its digits. */
import * as Tensor from "@drawbar/connector-runtime/response/Tensor"
import type { Stage, ConnectorTest } from "@drawbar/connector-runtime/call/ConnectorTest"

export const write = ({ ok, sampled, stages }: ConnectorTest): string =>
  `{"ok":${ok},"sampled":${sampled},"stages":[${stages.map(stageText).join(",")}]}`

const stageText = (stage: Stage): string => {
  if (!("output" in stage)) return JSON.stringify(stage)
  const { output, ...rest } = stage
  return `${JSON.stringify(rest).slice(0, -1)},"output":[${output.map(Tensor.toJsonText).join(",")}]}`
}
