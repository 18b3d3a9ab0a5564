/** Prints a response as it arrives. */
import process from "node:process"
import { basePath } from "@drawbar/http-api/routes/BasePath"
import * as Json from "@drawbar/json-text/Json"
import { Effect, Result, Stream } from "effect"
import * as HttpClient from "effect/http/HttpClient"
import * as HttpClientRequest from "effect/http/HttpClientRequest"
import { type Failed, failed } from "./Failure.ts"
import * as Failure from "./Failure.ts"
import type * as Open from "./Session.ts"
import * as ServerConnection from "./server/ServerConnection.ts"
import * as TerminalText from "./TerminalText.ts"

type Session = Pick<Effect.Success<typeof Open.open>, "url" | "connection" | "output">

/** Prints only the text deltas of a model's response, or with `-o json` each event as one line of JSON. Fails if the stream reports an error. */
export const print = (
  { url, connection, output }: Session,
  modelId: string,
  payload: object,
  query: { readonly timeout?: string },
): Effect.Effect<void, Failed, HttpClient.HttpClient> =>
  Effect.gen(function* () {
    const path = `${url}${basePath}/models/${encodeURIComponent(modelId)}/_predict/stream?${new URLSearchParams({ ...query })}`
    const client = ServerConnection.authenticated(connection)(yield* HttpClient.HttpClient)
    const response = yield* client.execute(HttpClientRequest.bodyJsonUnsafe(HttpClientRequest.post(path), payload))
    if (response.status !== 200) {
      const envelope: unknown = yield* response.json
      return yield* failed(Failure.sentenceOf(envelope))
    }
    yield* response.stream.pipe(
      Stream.decodeText,
      Stream.splitLines,
      Stream.filter((line) => line.startsWith("data: ")),
      Stream.runForEach((line) => piece(line.slice("data: ".length), output === "json")),
    )
    if (output !== "json") process.stdout.write("\n")
  }).pipe(Effect.mapError((error) => (error instanceof Failure.Failed ? error : failed(Failure.sentenceOf(error)))))

const piece = (data: string, isWhole: boolean): Effect.Effect<void, Failed> => {
  const event = Result.getOrElse(Json.parse(data), () => ({}))
  const error = Json.isObject(event) ? event["error"] : undefined
  if (typeof error === "string") return Effect.fail(failed(error))
  return Effect.sync(() => process.stdout.write(TerminalText.visible(isWhole ? `${data}\n` : contentOf(event))))
}

const contentOf = (event: Json.Json): string => {
  const answer: { readonly inference_results?: any } = Object(event)
  return String(answer.inference_results?.[0]?.output?.[0]?.dataAsMap?.content ?? "")
}
