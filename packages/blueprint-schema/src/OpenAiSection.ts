/**
 * What a connector, or a model of it, says for calls in OpenAI's API: which fields it takes and, where its provider has an API of its
 * own, where the messages go and where the answer stands.
 */
import { decode } from "@drawbar/json-text/Decode"
import { Result, Schema } from "effect"
import { type BlueprintError, invalid } from "./BlueprintError.ts"
import * as Reserved from "./ReservedParameters.ts"

export const OpenAiSection = Schema.Struct({
  /** The fields of a request that are sent, beside `messages`; absent: all that the provider documents. */
  accept: Schema.optionalKey(Schema.Array(Schema.String)),
  /** The parameter of the template that the messages fill. */
  messages: Schema.optionalKey(Schema.String),
  /** The JSONPath of the text in the provider's response. */
  content: Schema.optionalKey(Schema.String),
  /** Whether a field that cannot be sent is left out, and named in `x-drawbar-dropped`, in place of a refusal. */
  drop_unsupported: Schema.optionalKey(Schema.Boolean),
})
export type OpenAiSection = typeof OpenAiSection.Type

const names = Object.keys(OpenAiSection.fields)

// Whole, so that messages name its place.
const read = decode(Schema.Struct({ openai: OpenAiSection }))

/** Reads a whole section. */
export const check = (given: Readonly<Record<string, unknown>>): Result.Result<OpenAiSection, BlueprintError> =>
  Result.gen(function* () {
    const unknown = Object.keys(given).find((name) => !names.includes(name))
    if (unknown !== undefined)
      return yield* Result.fail(
        invalid(`/openai/${unknown}`, `openai has no field '${unknown}'. Use [${names.join(", ")}]`),
      )
    const present = Object.fromEntries(Object.entries(given).filter(([, value]) => value !== null))
    const { openai: section } = yield* Result.mapError(read({ openai: present }), ({ reason }) =>
      invalid(reason.pointer, reason.message),
    )
    const taken = [...(section.accept ?? []), ...(section.messages === undefined ? [] : [section.messages])]
    const reserved = taken.find((name) => Reserved.isRead(name, undefined))
    return reserved === undefined
      ? section
      : yield* Result.fail(
          invalid("/openai", `'${reserved}' is a parameter that Drawbar reads itself; openai cannot name it`),
        )
  })
