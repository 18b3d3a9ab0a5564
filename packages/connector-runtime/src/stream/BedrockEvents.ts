import * as AnyModel from "./AnyModel.ts"
import * as Converse from "./Converse.ts"
import type { EventReader } from "./EventReader.ts"
import { at, nothing } from "./StreamPiece.ts"

/** https://docs.aws.amazon.com/bedrock/latest/APIReference/API_runtime_ConverseStream.html */
export const converse: EventReader = Converse.event

/**
 * https://docs.aws.amazon.com/bedrock/latest/APIReference/API_runtime_InvokeModelWithResponseStream.html
 * Each event holds the model's own, in base64.
 */
export const invoke: EventReader = (event, json) => {
  const bytes = at(json(), "bytes")
  if (typeof bytes !== "string") return nothing
  const data = Buffer.from(bytes, "base64").toString("utf8")
  const value = json(data)
  return AnyModel.event({ data }, () => value)
}
