/** A request as it came over the wire, nothing decoded and nothing merged. */
export interface Received {
  readonly method: string
  /** Path and query as they stood in the request line. */
  readonly target: string
  /** Names and values as they were sent, in their order, repeats included. */
  readonly headers: ReadonlyArray<readonly [name: string, value: string]>
  readonly bytes: Uint8Array
  /** The body read as UTF-8. */
  readonly text: string
  readonly remotePort: number
}

/** The value of a header by its name in any case, repeats joined with commas; `undefined` where it was not sent. */
export const header = (received: Received, name: string): string | undefined => {
  const values = received.headers
    .filter(([sent]) => sent.toLowerCase() === name.toLowerCase())
    .map(([, value]) => value)
  return values.length === 0 ? undefined : values.join(",")
}

/** The target without its query. */
export const path = (received: Received): string => received.target.replace(/\?.*$/, "")

/** The body read as JSON, or `undefined` where it is something else. */
export const json = (received: Received): unknown => {
  try {
    return JSON.parse(received.text)
  } catch {
    return undefined
  }
}

/** The fields of a JSON object in the body, or `undefined` where the body is something else. */
export const fields = (received: Received): Readonly<Record<string, unknown>> | undefined => {
  const body = json(received)
  return typeof body === "object" && body !== null && !Array.isArray(body) ? { ...body } : undefined
}
