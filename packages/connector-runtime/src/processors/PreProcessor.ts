/** What a pre-process function is: typed input in, parameters out. */
import type { Value } from "@drawbar/template-renderer/Parameter"
import { Result } from "effect"
import type { Parameters, PredictInput } from "../call/PredictInput.ts"
import type { ScriptWorld } from "./ScriptWorld.ts"

export type TypedInput = Exclude<PredictInput, { readonly _tag: "Parameters" }>

export interface PreProcessor {
  /** How many documents one call of the platform takes; what is left goes into further calls, nothing is dropped. */
  readonly perCall: number | "all"
  /** All documents of one call are one input, such as a text and its image. */
  readonly isOneInput?: boolean
  /** The results of all calls become one, as if one call had been made. */
  readonly joinsResults?: boolean
  /** The connector's author wrote it: how many inputs it makes of a call's documents is not known. */
  readonly isScript?: boolean
  /** The parameters for one call, or a sentence that says why there are none. */
  readonly run: (input: TypedInput, world?: ScriptWorld) => Result.Result<Parameters, string>
  /** Makes parameters out of those that a call brings itself; absent: they are used as they are. */
  readonly rewrite?: (given: Parameters, world?: ScriptWorld) => Result.Result<Parameters, string>
}

export const runtime = (entries: ReadonlyArray<readonly [string, Value]>): Result.Result<Parameters, string> =>
  Result.succeed(new Map(entries))

/** A function that reads one kind of input and refuses the others with `sentence`. */
export const onlyFor =
  <Tag extends TypedInput["_tag"]>(
    tag: Tag,
    sentence: string,
    run: (input: Extract<TypedInput, { readonly _tag: Tag }>) => Result.Result<Parameters, string>,
  ): PreProcessor["run"] =>
  (input) =>
    isTagged(input, tag) ? run(input) : Result.fail(sentence)

const isTagged = <Tag extends TypedInput["_tag"]>(
  input: TypedInput,
  tag: Tag,
): input is Extract<TypedInput, { readonly _tag: Tag }> => input._tag === tag
