/** A trial as JSON text: what the platform answered keeps its digits. */
import * as Tensor from "@drawbar/connector-runtime/Tensor"
import type { Stage, Trial } from "@drawbar/connector-runtime/Trial"

export const write = ({ ok, sampled, stages }: Trial): string =>
  `{"ok":${ok},"sampled":${sampled},"stages":[${stages.map(stageText).join(",")}]}`

const stageText = (stage: Stage): string => {
  if (!("output" in stage)) return JSON.stringify(stage)
  const { output, ...rest } = stage
  return `${JSON.stringify(rest).slice(0, -1)},"output":[${output.map(Tensor.toJsonText).join(",")}]}`
}
