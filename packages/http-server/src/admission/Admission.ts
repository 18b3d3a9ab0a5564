/** What a contract says of the weight of its requests: by it they are bounded, and load shedding admits them. */
import { Context } from "effect"

export interface Admission {
  /** Which bound a body has: that of inputs for models, or that of records. */
  readonly body: "predict" | "record"
  /** Whether a request calls an upstream: it costs this process as a predict does, and has that upstream's own timeouts. */
  readonly callsUpstream: boolean
  /** Whether part of the memory is kept for it: an overloaded server is helped through its settings, keys and health. */
  readonly isOperators: boolean
  /** Whether the response is a file of any size, which takes as long as its caller reads it. */
  readonly sendsFile?: true
}

/** It has no default: an endpoint without it is not served. */
export const Admission = Context.Reference<Admission | undefined>("@drawbar/http-server/Admission", {
  defaultValue: () => undefined,
})

export const predict: Admission = { body: "predict", callsUpstream: true, isOperators: false }
/** A predict that stops before it is sent. */
export const dryRun: Admission = { body: "predict", callsUpstream: false, isOperators: false }
export const record: Admission = { body: "record", callsUpstream: false, isOperators: false }
export const operator: Admission = { body: "record", callsUpstream: false, isOperators: true }
export const file: Admission = { ...operator, sendsFile: true }
