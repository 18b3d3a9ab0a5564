/**
 * The runtime for programs without Effect: promises, an `AsyncIterable` and plain objects.
 *
 * What fails rejects with an `Error` whose message says what is wrong; that of a provider's failure is a `ConnectorError` with the
 * provider's status in `reason.remote`.
 */
import * as Blueprint from "@drawbar/blueprint-schema/Blueprint"
import { Egress } from "@drawbar/egress/Egress"
import * as EgressPolicy from "@drawbar/egress/EgressPolicy"
import { Resolver } from "@drawbar/egress/Resolver"
import { decode } from "@drawbar/json-text/Decode"
import { fromRecord } from "@drawbar/template-renderer/Parameter"
import { Context, Effect, Exit, Layer, ManagedRuntime, Scope } from "effect"
import * as CompiledConnector from "./call/CompiledConnector.ts"
import { ConnectorRuntime } from "./call/ConnectorRuntime.ts"
import type { LiveConnector } from "./call/LiveConnector.ts"
import * as Prediction from "./call/Prediction.ts"
import type { PredictInput, ResultFilter } from "./call/PredictInput.ts"
import type { UpstreamRequest } from "./call/UpstreamRequest.ts"
import type { StreamFrame } from "./stream/PredictionStream.ts"

export interface Options {
  /**
   * What may be called: origins (`http://localhost:11434`), hosts (`api.openai.com`, by https), or regular expressions for whole
   * URLs. Absent: the known providers.
   */
  readonly trustedEndpoints?: ReadonlyArray<string>
  /** Whether trusted hosts may have private addresses, as a model on this machine has. */
  readonly privateAddresses?: boolean
  /** PEM texts of authorities to trust in addition to the system's. */
  readonly certificateAuthorities?: ReadonlyArray<string>
}

/** One of the inputs that `_predict` takes; `parameters` are the connector's own. */
export type Input =
  | { readonly parameters: Readonly<Record<string, unknown>>; readonly action?: string }
  | ({
      readonly text_docs: ReadonlyArray<string | null>
      readonly parameters?: Readonly<Record<string, unknown>>
    } & ResultFilter)
  | { readonly query_text: string; readonly text_docs: ReadonlyArray<string | null> }
  | { readonly question: string; readonly context: string }

export interface CallOptions {
  /** Ends the call; the connection to the provider is closed. */
  readonly signal?: AbortSignal
  /** In ms: how long the call may take, retries included. */
  readonly timeout?: number
}

/** As in `_predict`'s response. */
export interface Output {
  readonly name?: string
  readonly data_type?: string
  readonly shape?: ReadonlyArray<number>
  readonly data?: ReadonlyArray<number>
  readonly byte_buffer?: { readonly array: string; readonly order: string }
  readonly result?: string
  readonly dataAsMap?: Readonly<Record<string, unknown>>
}

export interface Predicted {
  readonly inference_results: ReadonlyArray<{ readonly output: ReadonlyArray<Output>; readonly status_code: number }>
}

/** A blueprint that is ready to be called. `await using` closes its connections. */
export interface Connector extends AsyncDisposable {
  /** Makes as many calls of the provider as the input needs. */
  readonly predict: (input: Input, options?: CallOptions) => Promise<Predicted>
  /** Makes one call and yields its pieces as they come. Leaving the loop closes the provider's connection. */
  readonly stream: (input: Input, options?: CallOptions) => AsyncIterable<StreamFrame>
  /** The requests that `predict` would send, with every secret masked. Nothing is sent. */
  readonly render: (input: Input) => Promise<ReadonlyArray<UpstreamRequest>>
  /** Closes the connections after what is under way has ended. */
  readonly close: () => Promise<void>
}

class Live extends Context.Service<Live, LiveConnector>()("@drawbar/connector-runtime/Promise/Live") {}

/** Compiles a blueprint, with its credential, and opens its connections. Rejects where it is invalid. */
export const compile = async (blueprint: unknown, options: Options = {}): Promise<Connector> => {
  const { certificateAuthorities = [], trustedEndpoints, ...others } = options
  const settings = { ...others, ...(trustedEndpoints && { trustedEndpoints: trustedEndpoints.map(toEntry) }) }
  const opened = Effect.gen(function* () {
    const document = yield* Effect.fromResult(decode(Blueprint.Document)(blueprint))
    const { connector, credential } = yield* Effect.fromResult(Blueprint.check(document))
    const compiled = yield* Effect.fromResult(CompiledConnector.compile(connector, Object.keys(credential)))
    return yield* (yield* ConnectorRuntime).open(compiled, credential)
  })
  const policy = Layer.unwrap(
    Effect.map(Effect.fromResult(EgressPolicy.make(settings)), EgressPolicy.EgressPolicy.layer),
  )
  const runtime = ManagedRuntime.make(
    Layer.effect(Live, opened).pipe(
      Layer.provideMerge(ConnectorRuntime.layer),
      Layer.provide(Egress.layer({ certificateAuthorities })),
      Layer.provide(Resolver.layer),
      Layer.provide(policy),
    ),
  )
  const close = () => runtime.dispose()
  const run = <A, E>(effect: Effect.Effect<A, E, ConnectorRuntime | Live>, signal?: AbortSignal): Promise<A> =>
    runtime.runPromise(effect, { signal }).catch((cause: unknown) => {
      throw reasonOf(signal, cause)
    })
  const live = await run(Live).catch(async (cause: unknown) => {
    await close()
    throw cause
  })
  const { execute, stream, dryRun } = await run(ConnectorRuntime)
  return {
    predict: async (input, { signal, timeout } = {}) => {
      const predicted = execute(live, toInput(input), {}, deadline(timeout))
      return JSON.parse(Prediction.toJsonText(await run(predicted, bound(signal, timeout))))
    },
    stream: async function* (input, { signal, timeout } = {}) {
      const scope = Scope.makeUnsafe()
      const end = () => run(Scope.close(scope, Exit.void))
      const ends = bound(signal, timeout)
      const begun = stream(live, toInput(input), {}, deadline(timeout)).pipe(Scope.provide(scope))
      try {
        const pieces = await run(begun, ends)
        // What waits for the next piece fails when its connection is closed.
        ends?.addEventListener("abort", end)
        for await (const frames of pieces) yield* frames
      } catch (cause) {
        throw reasonOf(ends, cause)
      } finally {
        ends?.removeEventListener("abort", end)
        await end()
      }
    },
    render: (input) => run(dryRun(live.compiled, toInput(input))),
    close,
    [Symbol.asyncDispose]: close,
  }
}

/** A call that was ended by its signal rejects with the signal's reason, as `fetch` does. */
const reasonOf = (signal: AbortSignal | undefined, cause: unknown): unknown =>
  signal?.aborted === true ? signal.reason : cause

/** An origin as the policy's notation has it. */
const toEntry = (entry: string): string =>
  URL.canParse(entry) && new URL(entry).origin === entry ? `^${entry.replace(/[.[\]]/g, "\\$&")}/.*$` : entry

const deadline = (timeout: number | undefined) => (timeout === undefined ? {} : { deadline: Date.now() + timeout })

const bound = (signal: AbortSignal | undefined, timeout: number | undefined): AbortSignal | undefined =>
  timeout === undefined
    ? signal
    : AbortSignal.any([AbortSignal.timeout(timeout), ...(signal === undefined ? [] : [signal])])

const toInput = (input: Input): PredictInput => {
  if ("question" in input) return { _tag: "QuestionAnswering", ...input }
  if ("query_text" in input) return { _tag: "TextSimilarity", ...input }
  if (!("text_docs" in input)) return { _tag: "Parameters", ...input, parameters: fromRecord(input.parameters) }
  const { text_docs, parameters, ...filter } = input
  return {
    _tag: "TextDocs",
    text_docs,
    ...(parameters === undefined ? {} : { parameters: fromRecord(parameters) }),
    ...(Object.keys(filter).length === 0 ? {} : { filter }),
  }
}
