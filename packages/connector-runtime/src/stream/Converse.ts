/** The events of Amazon's Converse; Nova's have the same shapes, each under its name. */
import type { EventReader } from "./EventReader.ts"
import { at, nothing, reading } from "./StreamPiece.ts"

/** https://docs.aws.amazon.com/bedrock/latest/APIReference/API_runtime_ConverseStreamOutput.html */
export const event: EventReader = ({ name = "" }, json) => {
  const value = json()
  switch (name) {
    case "contentBlockStart":
      return reading({ toolCalls: at(value, "start", "toolUse") === undefined ? undefined : value })
    case "contentBlockDelta":
      return reading(
        at(value, "delta", "toolUse") === undefined
          ? { content: at(value, "delta", "text"), reasoning: at(value, "delta", "reasoningContent", "text") }
          : { toolCalls: value },
      )
    case "messageStop":
      return reading({ finishReason: at(value, "stopReason") })
    // The last event; a stream that ends after `messageStop` has ended as well.
    case "metadata":
      return reading({ usage: at(value, "usage"), isEnd: true })
    default:
      return nothing
  }
}

export const names = [
  "messageStart",
  "contentBlockStart",
  "contentBlockDelta",
  "contentBlockStop",
  "messageStop",
  "metadata",
]
