import type { PredictInput } from "@drawbar/connector-runtime/call/PredictInput"
import type { Prediction } from "@drawbar/connector-runtime/call/Prediction"
import { ConnectorError, InvalidUpstreamResponse } from "@drawbar/connector-runtime/ConnectorError"
import type { OpenAiCall } from "@drawbar/connector-runtime/dialect/OpenAiCall"
import { Predictions } from "@drawbar/deployments/predict/Predictions"
import * as Endpoint from "@drawbar/http-server/http/Endpoint"
import { EventStream, type StreamFailure } from "@drawbar/http-server/http/EventStream"
import type { RequestCall } from "@drawbar/http-server/http/RequestContext"
import { RequestError } from "@drawbar/http-server/http/RequestError"
import { JsonText, WithHeaders } from "@drawbar/http-server/http/ResponseBody"
import * as Timeout from "@drawbar/http-server/http/Timeout"
import { Clock, Effect, identity, Result } from "effect"
import * as CallBody from "./CallBody.ts"
import * as ChatChunks from "./ChatChunks.ts"
import * as DroppedHeader from "./DroppedHeader.ts"
import * as EmbeddingsAnswer from "./EmbeddingsAnswer.ts"
import * as EmbeddingsBody from "./EmbeddingsBody.ts"
import * as ModelNames from "./ModelNames.ts"
import { OpenAiApi } from "./OpenAiApi.ts"
import { type ApiError, Attempted, face, invalidField } from "./OpenAiError.ts"
import * as ResponseEvents from "./ResponseEvents.ts"
import * as Rerank from "./RerankBody.ts"

interface Sent {
  readonly text: string
  readonly call: RequestCall
}

/** A call whose body is read and whose model is found. */
interface Begun {
  readonly body: CallBody.CallBody
  readonly modelId: string
  readonly call: RequestCall
  readonly timeout: Timeout.Timeout
  readonly openai: (operation: OpenAiCall["operation"]) => OpenAiCall
  /** Of the response, once the call is made. */
  readonly headers: () => Readonly<Record<string, string>>
}

/** What follows the body's own failure: that of a call, with how often upstreams were asked. */
const attempted =
  ({ observer }: RequestCall) =>
  <A, R>(effect: Effect.Effect<A, ApiError, R>): Effect.Effect<A, Attempted, R> =>
    Effect.mapError(effect, (error) => new Attempted({ error, attempts: observer?.attempts ?? 0 }))

/** A handler of calls, whose failures say how often upstreams were asked. */
const counting =
  <A, R>(handle: (sent: Sent) => Effect.Effect<A, ApiError, R>) =>
  (sent: Sent) =>
    attempted(sent.call)(handle(sent))

/** A success that is not what the endpoint needs. */
const unusable = (prediction: Prediction, message: string) => {
  const status = prediction.inference_results[0]?.status_code ?? 200
  return ConnectorError.from(new InvalidUpstreamResponse({ remote: { status, body: "" }, message }))
}

const failureOf =
  ({ observer }: RequestCall) =>
  (cause: unknown): StreamFailure => {
    if (!(cause instanceof ConnectorError || cause instanceof RequestError))
      return { data: face.streamFailure("Drawbar failed", 500), summary: undefined }
    const { refusal, summary } = face.describe(new Attempted({ error: cause, attempts: observer?.attempts ?? 0 }))
    return { data: JSON.stringify(refusal.body), summary }
  }

export const make = Effect.fnUntraced(function* () {
  const predictions = yield* Predictions
  const names = yield* ModelNames.make
  const clock = yield* Clock.Clock

  const begunOf = ({ call }: Sent, body: CallBody.CallBody, modelId: string, timeout: Timeout.Timeout): Begun => {
    const dropped = new Set<string>()
    const defaults = {
      id: `chatcmpl-${call.requestId.replaceAll(/[^\w-]/g, "")}`,
      created: Math.floor(clock.currentTimeMillisUnsafe() / 1_000),
      model: body.model,
    }
    return {
      body,
      modelId,
      call,
      timeout,
      openai: (operation) => ({
        operation,
        defaults,
        dropped: (fields) => {
          for (const field of fields) dropped.add(field)
        },
      }),
      headers: () => DroppedHeader.of(dropped),
    }
  }

  // Without generators, as all of the predict path.
  const begin = (sent: Sent): Effect.Effect<Begun, ApiError> => {
    const read = CallBody.read(sent.text)
    if (Result.isFailure(read)) return Effect.fail(read.failure)
    const body = read.success
    return Effect.flatMap(names.resolve(body.model), (modelId) => {
      sent.call.called(modelId)
      return Effect.map(Timeout.begin(timeoutIn(sent.call)), (timeout) => begunOf(sent, body, modelId, timeout))
    })
  }

  const predict = ({ call, modelId, timeout }: Begun, input: PredictInput) =>
    timeout.within(predictions.predict({ ...contextOf(call), deadline: timeout.deadline }, modelId, input))

  /** A call whose answer is the provider's own, in OpenAI's words. */
  const complete = (begun: Begun, operation: "chat" | "responses") =>
    Effect.flatMap(
      predict(begun, { _tag: "Parameters", parameters: sentFields(begun), openai: begun.openai(operation) }),
      (prediction) => {
        const completion = prediction.inference_results[0]?.completion
        return completion === undefined
          ? Effect.fail(unusable(prediction, "The model returned no answer"))
          : Effect.succeed(new WithHeaders(new JsonText(completion), begun.headers()))
      },
    )

  const stream = (begun: Begun, operation: "chat" | "responses") => {
    const { call, modelId, timeout } = begun
    const openai = begun.openai(operation)
    const input: PredictInput = { _tag: "Parameters", parameters: sentFields(begun), openai }
    const context = { ...contextOf(call), deadline: timeout.deadline }
    const frames = timeout.within(predictions.stream(context, modelId, input))
    const options = { defaults: openai.defaults, withUsage: wantsUsage(begun.body) }
    const events = Effect.map(frames, (batches) =>
      operation === "chat" ? ChatChunks.of(batches, options) : ResponseEvents.of(batches),
    )
    // A client waits so long for the first event; then for each.
    return new EventStream(attempted(call)(events), failureOf(call), identity, begun.headers)
  }

  const handlers = {
    models: () => Effect.map(names.list, (data) => ({ object: "list" as const, data })),
    model: ({ params }: { readonly params: { readonly model: string } }) => names.get(params.model),
    chatCompletions: (sent: Sent) =>
      Effect.flatMap(
        begin(sent),
        (begun): Effect.Effect<WithHeaders<JsonText> | ReturnType<typeof stream>, ApiError> => {
          const { value } = begun.body
          const { messages, stream: asked } = value
          if (!Array.isArray(messages) || messages.length === 0)
            return Effect.fail(invalidField("messages", "messages must be a list with at least one message"))
          if (asked != null && typeof asked !== "boolean")
            return Effect.fail(invalidField("stream", "stream must be a boolean"))
          if (asked !== true) return complete(begun, "chat")
          const whole = wholeOnly.find((name) => value[name] != null && value[name] !== false)
          return whole === undefined
            ? Effect.succeed(stream(begun, "chat"))
            : Effect.fail(
                invalidField(whole, `${whole} is not passed on in a stream. Leave it out, or leave stream out`),
              )
        },
      ),
    embeddings: Effect.fnUntraced(function* (sent: Sent) {
      const begun = yield* begin(sent)
      const body = yield* Effect.fromResult(EmbeddingsBody.read(begun.body))
      const { texts: text_docs, fields: parameters } = body
      const prediction = yield* predict(begun, {
        _tag: "TextDocs",
        text_docs,
        ...(parameters.size === 0 ? {} : { parameters, openai: begun.openai("embeddings") }),
      })
      const written = EmbeddingsAnswer.write(prediction, body, begun.body.model)
      if (Result.isFailure(written)) return yield* unusable(prediction, written.failure)
      return new WithHeaders(new JsonText(written.success), begun.headers())
    }),
    rerank: Effect.fnUntraced(function* (sent: Sent) {
      const begun = yield* begin(sent)
      const body = yield* Effect.fromResult(Rerank.read(begun.body))
      const prediction = yield* predict(begun, {
        _tag: "TextSimilarity",
        query_text: body.query,
        text_docs: body.documents,
      })
      const answer = Rerank.answer(prediction, body, sent.call.requestId)
      if (Result.isFailure(answer)) return yield* unusable(prediction, answer.failure)
      return new WithHeaders(new JsonText(JSON.stringify(answer.success)), begun.headers())
    }),
    responses: Effect.fnUntraced(function* (sent: Sent) {
      const begun = yield* begin(sent)
      return begun.body.value["stream"] === true ? stream(begun, "responses") : yield* complete(begun, "responses")
    }),
  }
  return Endpoint.serve(face, OpenAiApi, {
    models: handlers.models,
    model: handlers.model,
    chatCompletions: counting(handlers.chatCompletions),
    embeddings: counting(handlers.embeddings),
    rerank: counting(handlers.rerank),
    responses: counting(handlers.responses),
  })
})

/** Fields of which a stream would lose the result. */
const wholeOnly = ["logprobs", "audio", "web_search_options"]

const sentFields = ({ body: { fields } }: Begun) => new Map([...fields].filter(([name]) => name !== "stream"))

const contextOf = ({ caller, trace, observer, memory, share }: RequestCall) => ({
  caller,
  trace,
  observer,
  memory,
  share,
})

const wantsUsage = ({ value: { stream_options } }: CallBody.CallBody): boolean =>
  typeof stream_options === "object" &&
  stream_options !== null &&
  "include_usage" in stream_options &&
  stream_options.include_usage === true

/** The time that an OpenAI client waits, in seconds, as it says it itself. */
const timeoutIn = ({ header }: RequestCall): string | undefined => {
  const given = header("x-stainless-timeout")
  const seconds = given !== undefined && /^\d{1,7}(?:\.\d+)?$/.test(given) ? Number(given) : 0
  return seconds > 0 ? `${Math.round(seconds * 1_000)}ms` : undefined
}
