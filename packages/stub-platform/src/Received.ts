/** A request as received over the wire: nothing is decoded or merged. */
export interface Received {
  readonly method: string
  /** Path and query as in the request line. */
  readonly target: string
  /** Names and values as sent, in order, including repetitions. */
  readonly headers: ReadonlyArray<readonly [name: string, value: string]>
  readonly bytes: Uint8Array
  /** The body decoded as UTF-8. */
  readonly text: string
  readonly remotePort: number
}

/** The value of a header by its case-insensitive name, with repetitions joined by commas; `undefined` if absent. */
export const header = (received: Received, name: string): string | undefined => {
  const values = received.headers
    .filter(([sent]) => sent.toLowerCase() === name.toLowerCase())
    .map(([, value]) => value)
  return values.length === 0 ? undefined : values.join(",")
}

/** The target without its query. */
export const path = (received: Received): string => received.target.replace(/\?.*$/, "")

/** The body parsed as JSON, or `undefined` if it is not JSON. */
export const json = (received: Received): unknown => {
  try {
    return JSON.parse(received.text)
  } catch {
    return undefined
  }
}

/** The fields of a JSON object in the body, or `undefined` if the body is not one. */
export const fields = (received: Received): Readonly<Record<string, unknown>> | undefined => {
  const body = json(received)
  return typeof body === "object" && body !== null && !Array.isArray(body) ? { ...body } : undefined
}
