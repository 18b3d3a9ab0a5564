/**
 * How many tokens a platform says that a call took.
 * Source: https://opentelemetry.io/docs/specs/semconv/gen-ai/gen-ai-metrics/ for what is counted, the platforms' own
 * references for the names
 */
import type { EgressResponse } from "@drawbar/egress/EgressPool"
import { afterString } from "@drawbar/json-text/JsonWalk"

export interface TokenUsage {
  readonly input: number
  readonly output: number
  /** Whether it is Drawbar's estimate, because the platform does not say. */
  readonly estimated?: boolean
}

const none: TokenUsage = { input: 0, output: 0 }

/** Platforms say it at the end of an answer; between there and the beginning may lie megabytes of vectors. */
const reach = 4_096

/**
 * Platforms write it three objects deep at most; deeper are the arguments of tools, which are as a caller has the model write them.
 * Inside a JSON string a quote has a backslash before it, so that what a model writes as text is never counted.
 */
const deepest = 3

/** More than any platform has answered with is not believed, and does not use up a budget for ever. */
const digits = 9

type Kind = "input" | "output" | "thought" | "total"

const named = (kind: Kind, names: string) => names.split(" ").map((name) => [name, kind] as const)

const kinds: ReadonlyMap<string, Kind> = new Map([
  ...named(
    "input",
    "prompt_tokens input_tokens inputTokens promptTokenCount prompt_eval_count inputTextTokenCount inputTokenCount prompt_token_count",
  ),
  ...named(
    "output",
    "completion_tokens output_tokens outputTokens candidatesTokenCount eval_count tokenCount outputTokenCount totalOutputTextTokenCount generation_token_count",
  ),
  // Gemini counts what a model thinks beside what it answers, and charges for both.
  ...named("thought", "thoughtsTokenCount"),
  ...named("total", "total_tokens totalTokens totalTokenCount"),
])

const counts = new RegExp(String.raw`(?<!\\)"(${[...kinds.keys()].join("|")})"\s*:\s*(\d{1,${digits}})(?![\d.eE])`, "g")

/** Of an answer's JSON text, or of a part that holds its usage; nothing where it does not say. */
export const ofText = (text: string): TokenUsage | undefined => {
  const { input, output, thought } = countsIn(text.length <= reach ? text : text.slice(-reach))
  return input === undefined && output === undefined
    ? undefined
    : { input: Number(input ?? 0), output: Number(output ?? 0) + Number(thought ?? 0) }
}

/** Of each kind the first that is not too deep; the end of the text is that of its JSON. */
const countsIn = (text: string): Partial<Record<Kind, string>> => {
  const found: Partial<Record<Kind, string>> = {}
  counts.lastIndex = 0
  for (let match = counts.exec(text); match !== null; match = counts.exec(text)) {
    const [whole, name = "", count = ""] = match
    const kind = kinds.get(name)
    if (kind !== undefined && found[kind] === undefined && depthAt(text, match.index + whole.length) <= deepest)
      found[kind] = count
  }
  return found
}

/** How many objects and lists are open behind a member: as many as close before the end. */
const depthAt = (text: string, behind: number): number => {
  let depth = 0
  for (let at = behind; at < text.length; at++) {
    const c = text.charCodeAt(at)
    if (c === 0x22) at = afterString(text, at) - 1
    else if (c === 0x7d || c === 0x5d) depth++
    else if (c === 0x7b || c === 0x5b) depth--
  }
  return depth
}

/** Of the usage of a stream, which may be a sum alone. */
export const ofStream = (usage: string): TokenUsage | undefined => {
  const found = ofText(usage)
  const sum = found === undefined ? countsIn(usage).total : undefined
  return sum === undefined ? found : { input: Number(sum), output: 0 }
}

/** Where a platform does not say: a token is about four bytes of UTF-8. */
export const estimate = (inputBytes: number, outputBytes: number): TokenUsage => ({
  input: Math.ceil(inputBytes / bytesPerToken),
  output: Math.ceil(outputBytes / bytesPerToken),
  estimated: true,
})

const bytesPerToken = 4

/** As the last event of a stream has it. */
export const toJsonText = ({ input: input_tokens, output: output_tokens, estimated }: TokenUsage): string =>
  JSON.stringify({
    input_tokens,
    output_tokens,
    total_tokens: input_tokens + output_tokens,
    ...(estimated === true ? { estimated } : {}),
  })

/** Amazon Bedrock says it in headers too, whatever the model. */
export const ofResponse = ({ headers }: Pick<EgressResponse, "headers">, text: string): TokenUsage | undefined => {
  const input = count(headers["x-amzn-bedrock-input-token-count"])
  if (input === undefined) return ofText(text)
  return { input, output: count(headers["x-amzn-bedrock-output-token-count"]) ?? 0 }
}

/** Quotas depend on it, so anything but a non-negative integer is ignored. */
const count = (header: EgressResponse["headers"][string] | undefined): number | undefined =>
  typeof header === "string" && wholeCount.test(header) ? Number(header) : undefined

const wholeCount = new RegExp(String.raw`^\d{1,${digits}}$`)

export const sum = (usages: ReadonlyArray<TokenUsage | undefined>): TokenUsage =>
  usages.reduce<TokenUsage>(
    (total, usage = none) => ({ input: total.input + usage.input, output: total.output + usage.output }),
    none,
  )
