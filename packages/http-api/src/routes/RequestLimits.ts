/** How large the body of a request may be, and how long a request may take, by the `Admission` of its contract. */
import * as RequestBounds from "@drawbar/http-server/http/RequestBounds"
import type { Endpoint } from "@drawbar/http-server/http/Endpoint"
import type { RequestLimits } from "@drawbar/http-server/http/Dispatcher"

/** The largest body of a predict, a render or a test, in bytes. */
export const predictBody = 100_000_000
/** Parameters of one predict: each of them costs work, whatever its size. */
export const predictParameters = 10_000
/** The largest body of every other request, in bytes. */
export const recordBody = 1_000_000

/** How long a response that is a file may take, in ms. */
export const fileMillis = 3_600_000

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
  requestMillis: millis = RequestBounds.requestMillis,
}: Options): ((endpoint: Pick<Endpoint, "admission">) => RequestLimits) => {
  const predict: RequestLimits = { bodyBytes: predictBody }
  return ({ admission: { body, callsUpstream, sendsFile } }) => {
    if (body === "predict" && callsUpstream) return predict
    const bodyBytes = body === "predict" ? predictBody : Math.min(predictBody, recordBody())
    return callsUpstream ? { bodyBytes } : { bodyBytes, millis: sendsFile === true ? fileMillis : millis }
  }
}
