import { setTimeout } from "node:timers/promises"
import type { Received } from "./Received.ts"

/** A complete response. `content-length` is set from the body. */
export interface Response {
  readonly kind: "response"
  readonly status: number
  readonly headers: Readonly<Record<string, string>>
  readonly body: string | Uint8Array
}

/** The behaviour of an upstream for one request: a response, or one of the ways in which upstreams fail. */
export type Answer =
  | Response
  /** Reads the request and never responds. */
  | { readonly kind: "hang" }
  /** Closes the connection before the first byte. */
  | { readonly kind: "reset" }
  /** Sends the head and the first half of the body, then closes the connection or stalls. */
  | { readonly kind: "half"; readonly of: Response; readonly ending: "reset" | "hang" }
  | Stream

/** Sends its chunks one after the other, then ends, closes the connection, or stalls. */
export interface Stream {
  readonly kind: "stream"
  readonly headers: Readonly<Record<string, string>>
  readonly pieces: AsyncIterable<string | Uint8Array> | Iterable<string | Uint8Array>
  readonly ending: "end" | "reset" | "hang"
  /** Called once if the connection of the stream is closed before its end. */
  readonly aborted?: () => void
}

export type Handler = (received: Received) => Answer | Promise<Answer>

const response = (status: number, type: string, body: string, headers: Readonly<Record<string, string>>): Response => ({
  kind: "response",
  status,
  headers: { "content-type": type, ...headers },
  body,
})

export const json = (value: unknown, status = 200, headers: Readonly<Record<string, string>> = {}): Response =>
  response(status, "application/json", JSON.stringify(value), headers)

export const text = (body: string, status = 200, headers: Readonly<Record<string, string>> = {}): Response =>
  response(status, "text/plain; charset=utf-8", body, headers)

/** The error page of a proxy in front of the upstream. */
export const html = (status = 502): Response =>
  response(status, "text/html", "<html><body><h1>Bad Gateway</h1></body></html>", {})

export const redirect = (location: string, status = 302): Response => text("", status, { location })

export const hang: Answer = { kind: "hang" }

export const reset: Answer = { kind: "reset" }

export const half = (of: Response, ending: "reset" | "hang" = "reset"): Answer => ({ kind: "half", of, ending })

export const stream = (
  contentType: string,
  pieces: Stream["pieces"],
  options: Partial<Pick<Stream, "ending" | "aborted">> = {},
): Stream => ({ kind: "stream", headers: { "content-type": contentType }, pieces, ending: "end", ...options })

/** The same response, delayed by `milliseconds`. */
export const slow = (answer: Answer, milliseconds: number): Promise<Answer> => setTimeout(milliseconds, answer)

/** Returns the responses in order, one for each request, and then repeats the last. */
export const inTurn = (first: Answer, ...rest: ReadonlyArray<Answer>): Handler => {
  const waiting = [...rest]
  let next = first
  return () => {
    const answer = next
    next = waiting.shift() ?? answer
    return answer
  }
}
