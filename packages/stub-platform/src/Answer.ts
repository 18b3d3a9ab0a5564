import { setTimeout } from "node:timers/promises"
import type { Received } from "./Received.ts"

/** A whole response. `content-length` is set from the body. */
export interface Response {
  readonly kind: "response"
  readonly status: number
  readonly headers: Readonly<Record<string, string>>
  readonly body: string | Uint8Array
}

/** What a platform does with a request: it answers, or fails in one of the ways that platforms fail. */
export type Answer =
  | Response
  /** Takes the request and says nothing. */
  | { readonly kind: "hang" }
  /** Cuts the connection before the first byte. */
  | { readonly kind: "reset" }
  /** Sends the head and the first half of the body, then cuts the connection or falls silent. */
  | { readonly kind: "half"; readonly of: Response; readonly ending: "reset" | "hang" }
  | Stream

/** Sends its pieces one after the other, and then ends, cuts the connection, or says no more. */
export interface Stream {
  readonly kind: "stream"
  readonly headers: Readonly<Record<string, string>>
  readonly pieces: AsyncIterable<string | Uint8Array> | Iterable<string | Uint8Array>
  readonly ending: "end" | "reset" | "hang"
  /** Called once, when the connection of the stream is closed before its end. */
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

/** The page of a proxy that stands before the platform. */
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

/** The same answer, begun after `milliseconds`. */
export const slow = (answer: Answer, milliseconds: number): Promise<Answer> => setTimeout(milliseconds, answer)

/** Gives the answers in their order, one a request, and the last one from then on. */
export const inTurn = (first: Answer, ...rest: ReadonlyArray<Answer>): Handler => {
  const waiting = [...rest]
  let next = first
  return () => {
    const answer = next
    next = waiting.shift() ?? answer
    return answer
  }
}
