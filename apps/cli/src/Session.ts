/** A session with the server that the command line names. */
import { Effect } from "effect"
import * as HttpClient from "effect/http/HttpClient"
import * as HttpClientError from "effect/http/HttpClientError"
import type { HttpClientResponse } from "effect/http/HttpClientResponse"
import * as Failure from "./Failure.ts"
import * as Root from "./Root.ts"
import * as ApiClient from "./server/ApiClient.ts"
import * as ServerConnection from "./server/ServerConnection.ts"

/** Add to a request to also receive the response text, in which every number keeps its digits. */
export const whole = { responseMode: "decoded-and-response" } as const

/** With the connection that the command line, the environment and the contexts choose. */
export const open = Effect.flatMap(ServerConnection.find, (connection) => openTo(connection))

export const openTo = Effect.fnUntraced(function* (connection: ServerConnection.Connection) {
  const { output } = yield* Root.command
  const { url } = connection
  yield* ServerConnection.trustAuthority(connection)
  const httpClient = ServerConnection.authenticated(connection)(yield* HttpClient.HttpClient)
  const client = ApiClient.make({ baseUrl: url, httpClient })

  const ask = <A, E, R>(
    request: Effect.Effect<[A, HttpClientResponse], E, R>,
  ): Effect.Effect<
    { readonly value: A; readonly text: string; readonly headers: HttpClientResponse["headers"] },
    Failure.Failed,
    R
  > =>
    request.pipe(
      Effect.flatMap(([value, response]) =>
        Effect.map(response.text, (text) => ({ value, text, headers: response.headers })),
      ),
      Effect.mapError((error) => Failure.failed(explain(error, url))),
    )
  /** The flag that a command to run next needs, so that it calls the same server. */
  const again = connection.chosenBy === "--url" ? ` --url ${url}` : ""
  return { client, ask, output, url, connection, again }
})

/** The sentence for an error of a call to the server at a URL. */
export const explain = (error: unknown, url: string): string => {
  if (!HttpClientError.isHttpClientError(error) || error.reason._tag !== "TransportError")
    return Failure.sentenceOf(error)
  const code = codeOf(error.reason.cause)
  if (/CERT|SIGNATURE/.test(code))
    return `the certificate of ${url} is not trusted (${code}). Use a host name that the certificate contains, and set NODE_EXTRA_CA_CERTS to the PEM file of its certificate authority`
  if (/^ERR_SSL|^EPROTO/.test(code))
    return `the server at ${url} does not speak TLS. Write --url ${url.replace(/^https:/, "http:")}, or start the server with --tls-cert and --tls-key`
  if (/^UND_ERR_SOCKET|^ECONNRESET/.test(code))
    return `${url} closed the connection without a response. If the server has TLS, write --url ${url.replace(/^http:/, "https:")}; otherwise check what listens there`
  return `cannot connect to ${url}. Start the server there with \`drawbar serve\`, or set another URL with --url`
}

/** Node's error code, found anywhere in the chain of causes. */
const codeOf = (cause: unknown): string => {
  if (!(cause instanceof Error)) return ""
  return "code" in cause && typeof cause.code === "string" ? cause.code : codeOf(cause.cause)
}
