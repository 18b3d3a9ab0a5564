import type { JSONValue } from "json-p3"
import type { StreamPiece } from "./StreamPiece.ts"
import type { UpstreamEvent } from "./UpstreamEvent.ts"

/** What an event says, failures aside: those look alike everywhere (`RemoteFailure`). `json` parses its data, or a text that stands in them. */
export type EventReader = (event: UpstreamEvent, json: (text?: string) => JSONValue) => StreamPiece
