/** How large the body of a request may be, and how long a request may take, by its endpoint. */
import * as Bounds from "@drawbar/http-server/http/Bounds"
import type { RequestLimits } from "@drawbar/http-server/http/Dispatcher"

/** The largest body of a predict, a render or a test, in bytes. */
export const predictBody = 100_000_000
/** The same of every other request. */
export const recordBody = 1_000_000

interface EndpointAddress {
  readonly needs?: string | undefined
  readonly path: string
}

/** Whether a request brings what goes to a model, and so may be large. */
const hasPredictBody = ({ needs, path }: EndpointAddress): boolean =>
  needs === "predict" || /\/_(render|test)$/.test(path)

/** Whether a request waits for an upstream, by that upstream's own timeouts. */
const callsUpstream = ({ needs, path }: EndpointAddress): boolean => needs === "predict" || path.endsWith("/_test")

/** The bound of bodies by `plugins.ml_commons.max_json_size`, which may raise it; -1 asks for none but that of predicts. */
export const recordBodyLimit = (setting: number): number =>
  setting < 0 ? Number.POSITIVE_INFINITY : Math.max(recordBody, setting)

export interface Options {
  /** The largest body of a predict, in bytes. */
  readonly predictBody: number
  /** The same of every other request, as the settings have it now. */
  readonly recordBody: () => number
  readonly requestMillis?: number
}

export const make = ({
  predictBody,
  recordBody,
  requestMillis: millis = Bounds.requestMillis,
}: Options): ((endpoint: EndpointAddress) => RequestLimits) => {
  const predict: RequestLimits = { bodyBytes: predictBody }
  return (endpoint) => {
    if (endpoint.needs === "predict") return predict
    const bodyBytes = hasPredictBody(endpoint) ? predictBody : Math.min(predictBody, recordBody())
    return callsUpstream(endpoint) ? { bodyBytes } : { bodyBytes, millis }
  }
}
