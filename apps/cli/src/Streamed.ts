/** Prints a response as it arrives. */
import process from "node:process"
import { basePath } from "@drawbar/http-api/routes/BasePath"
import * as Json from "@drawbar/json-text/Json"
import { Effect, Result, Stream } from "effect"
import * as HttpClient from "effect/http/HttpClient"
import * as HttpClientRequest from "effect/http/HttpClientRequest"
import { type Failed, failed } from "./Failure.ts"
import * as Failure from "./Failure.ts"
import * as Identity from "./Identity.ts"
import * as TerminalText from "./TerminalText.ts"

/** Prints only the text deltas of a model's response. Fails if the stream reports an error. */
export const print = (
  url: string,
  modelId: string,
  payload: object,
  query: { readonly timeout?: string },
): Effect.Effect<void, Failed, HttpClient.HttpClient> =>
  Effect.gen(function* () {
    const path = `${url}${basePath}/models/${encodeURIComponent(modelId)}/_predict/stream?${new URLSearchParams({ ...query })}`
    const client = Identity.onto(yield* HttpClient.HttpClient)
    const response = yield* client.execute(HttpClientRequest.bodyJsonUnsafe(HttpClientRequest.post(path), payload))
    if (response.status !== 200) {
      const envelope: unknown = yield* response.json
      return yield* failed(Failure.sentenceOf(envelope))
    }
    yield* response.stream.pipe(
      Stream.decodeText,
      Stream.splitLines,
      Stream.filter((line) => line.startsWith("data: ")),
      Stream.runForEach((line) => piece(line.slice("data: ".length))),
    )
    process.stdout.write("\n")
  }).pipe(Effect.mapError((error) => (error instanceof Failure.Failed ? error : failed(Failure.sentenceOf(error)))))

const piece = (data: string): Effect.Effect<void, Failed> => {
  const event = Result.getOrElse(Json.parse(data), () => ({}))
  const error = Json.isObject(event) ? event["error"] : undefined
  if (typeof error === "string") return Effect.fail(failed(error))
  return Effect.sync(() => process.stdout.write(TerminalText.visible(contentOf(event))))
}

const contentOf = (event: Json.Json): string => {
  const answer: { readonly inference_results?: any } = Object(event)
  return String(answer.inference_results?.[0]?.output?.[0]?.dataAsMap?.content ?? "")
}
