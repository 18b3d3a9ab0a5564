/** The stage before rendering: a caller's input becomes the parameters of one or more calls of the platform. */
import * as Reserved from "@drawbar/blueprint-schema/ReservedParameters"
import type { Connector } from "@drawbar/blueprint-schema/Connector"
import type { ConnectorAction } from "@drawbar/blueprint-schema/ConnectorAction"
import * as Names from "@drawbar/blueprint-schema/ProcessFunctionName"
import type { Supplied } from "@drawbar/template-renderer/Parameter"
import { Result } from "effect"
import { type ConnectorError, invalidConnector, invalidInput } from "../ConnectorError.ts"
import * as DocumentBatches from "./DocumentBatches.ts"
import * as InputProcessors from "../chain/InputProcessors.ts"
import type { PredictInput } from "../call/PredictInput.ts"
import type { Documents } from "./PostProcessor.ts"
import type { PreProcessor, TypedInput } from "./PreProcessor.ts"
import * as PreProcessScript from "./PreProcessScript.ts"
import { preProcessors } from "./ProcessFunctions.ts"
import type { ScriptWorld } from "./ScriptWorld.ts"

export interface PreProcess {
  /** Absent: typed documents become the list `input`, anything else is refused. */
  readonly processor: PreProcessor | undefined
  readonly perCall: number | "all"
}

/** The parameters of one call, and what it sends of the caller's documents. */
export interface Call extends Supplied {
  readonly documents?: Documents | undefined
  /** Adds to the rendered body what its template has no placeholder for. */
  readonly amend?: ((body: string) => Result.Result<string, ConnectorError>) | undefined
}

/** Finds the function that an action names, once; `at` is the pointer of the action. */
export const compile = (
  connector: Connector,
  action: ConnectorAction,
  at: string,
): Result.Result<PreProcess, ConnectorError> =>
  Result.gen(function* () {
    const processor = yield* find(action.pre_process_function, connector, `${at}/pre_process_function`)
    const step = yield* stepSize(connector)
    return { processor, perCall: step === undefined ? (processor?.perCall ?? "all") : within(processor, step) }
  })

/** A function that sends so many documents a call drops what a larger step brings; a script decides for itself. */
const within = (processor: PreProcessor | undefined, step: number): number =>
  processor === undefined || processor.isScript === true || processor.perCall === "all"
    ? step
    : Math.min(step, processor.perCall)

/** Each call is a request to the upstream, with its own parameters and response in memory. */
export const maxCalls = 1_000

/** How many calls `run` makes of an input that it takes. */
export const count = (
  { processor = documentsAsInput, perCall }: PreProcess,
  input: PredictInput,
  batches?: DocumentBatches.DocumentBatches,
): number => (input._tag === "TextDocs" ? split(input, perCall, limitsOf(processor, batches)).length : 1)

const tooManyCalls = (calls: number): ConnectorError =>
  invalidInput(
    `The input makes ${calls} calls of the upstream; at most ${maxCalls} are allowed in one request. Send fewer documents, or let a call take more of them, by the connector's parameter input_docs_processed_step_size or the model's batch_inference_config`,
  )

/** A text and its image go together, whatever the limits are. */
const limitsOf = ({ isOneInput }: PreProcessor, batches?: DocumentBatches.DocumentBatches) =>
  isOneInput === true ? undefined : batches

/** The parameters of each call, in the order of the input; `batches` are the model's own limits of one call, if it has any. */
export const run = (
  stage: PreProcess,
  input: PredictInput,
  world?: ScriptWorld,
  batches?: DocumentBatches.DocumentBatches,
): Result.Result<ReadonlyArray<Call>, ConnectorError> => {
  if (batches !== undefined && input._tag !== "TextDocs") return Result.fail(onlyDocuments)
  if (input._tag === "Parameters")
    return Result.flatMap(InputProcessors.onParameters(input.parameters), (given) =>
      Result.map(rewritten(stage, given, world), (call) => [call]),
    )
  const processor = stage.processor ?? (input._tag === "TextDocs" ? documentsAsInput : undefined)
  if (processor === undefined) return Result.fail(invalidInput("pre_process_function not defined in connector"))
  const chunks = split(input, stage.perCall, limitsOf(processor, batches))
  if (chunks.length > maxCalls) return Result.fail(tooManyCalls(chunks.length))
  return Result.all(
    chunks.map((chunk) =>
      Result.mapBoth(processor.run(chunk, world), {
        onSuccess: (runtime) => ({ caller: callerOf(input), runtime, documents: documentsOf(processor, chunk) }),
        onFailure: invalidInput,
      }),
    ),
  )
}

const documentsOf = ({ isOneInput, isScript }: PreProcessor, chunk: TypedInput): Documents | undefined => {
  if (chunk._tag === "QuestionAnswering") return undefined
  const { length } = chunk.text_docs
  return {
    _tag: chunk._tag,
    count: isOneInput === true ? Math.min(1, length) : length,
    mayBePair: isScript === true && length === 2,
  }
}

const rewritten = (
  { processor }: PreProcess,
  caller: Supplied["caller"],
  world: ScriptWorld | undefined,
): Result.Result<Supplied, ConnectorError> =>
  processor?.rewrite === undefined
    ? Result.succeed({ caller, runtime: new Map() })
    : Result.mapBoth(processor.rewrite(caller, world), {
        onSuccess: (runtime) => ({ caller, runtime }),
        onFailure: invalidInput,
      })

const documentsAsInput = preProcessors["connector.pre_process.default.embedding"]

const find = (
  name: string | undefined,
  { parameters }: Connector,
  at: string,
): Result.Result<PreProcessor | undefined, ConnectorError> => {
  if (name === undefined) return Result.succeed(undefined)
  if (Names.isPreProcess(name)) return Result.succeed(preProcessors[name])
  if (Names.isName(name)) return Result.fail(invalidConnector(at, Names.unknown(name, Names.preProcess)))
  return Result.mapError(PreProcessScript.compile(name, parameters), (sentence) => invalidConnector(at, sentence))
}

const stepSize = ({ parameters }: Connector): Result.Result<number | undefined, ConnectorError> => {
  const given = parameters[Reserved.stepSize]
  if (given === undefined) return Result.succeed(undefined)
  return /^[1-9]\d{0,8}$/.test(given)
    ? Result.succeed(Number(given))
    : Result.fail(
        invalidConnector(
          `/parameters/${Reserved.stepSize}`,
          "Invalid parameter: input_docs_processed_step_size. It must be positive integer.",
        ),
      )
}

const onlyDocuments = invalidInput(
  "This model has a batch_inference_config, so that it takes text_docs only. Send text_docs, or remove the model's batch_inference_config",
)

const split = (
  input: TypedInput,
  perCall: number | "all",
  { maxItems = Infinity, maxBytes }: DocumentBatches.DocumentBatches = {},
): ReadonlyArray<TypedInput> => {
  if (input._tag !== "TextDocs") return [input]
  const limits = { maxItems: Math.min(perCall === "all" ? Infinity : perCall, maxItems), maxBytes }
  const chunks = DocumentBatches.split(input.text_docs, limits)
  return chunks.length === 1 ? [input] : chunks.map((text_docs) => ({ ...input, text_docs }))
}

const callerOf = (input: TypedInput): Supplied["caller"] =>
  input._tag === "TextDocs" && input.parameters !== undefined ? input.parameters : new Map()
