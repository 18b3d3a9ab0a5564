/** The streams of the platforms: to add one, add a file and a row. */
import { Result } from "effect"
import type { JSONValue } from "json-p3"
import * as Json from "@drawbar/json-text/Json"
import * as JsonQuery from "../response/JsonQuery.ts"
import type { UpstreamRequest } from "../call/UpstreamRequest.ts"
import * as Anthropic from "./Anthropic.ts"
import * as Bedrock from "./Bedrock.ts"
import * as Cohere from "./Cohere.ts"
import * as Framings from "./Framings.ts"
import * as Gemini from "./Gemini.ts"
import * as Ollama from "./Ollama.ts"
import * as OpenAI from "./OpenAI.ts"
import { at, type StreamPiece, reading } from "./StreamPiece.ts"
import { type Framing, type UpstreamEvent, Unframed } from "./UpstreamEvent.ts"

/** What an event says; `json` parses its data, or a text that stands in them. */
export type Read = (event: UpstreamEvent, json: (text?: string) => JSONValue) => StreamPiece

export interface StreamFormat {
  /** Begins to cut one stream. */
  readonly framing: () => Framing
  /** The content types of such a stream. */
  readonly contentType: RegExp
  readonly read: Read
  /** Whether the end of the connection is the end of the answer, because no event says it. */
  readonly endsSilently?: true
  /** The request that asks for a stream in place of one answer. */
  readonly asked: (request: UpstreamRequest) => UpstreamRequest
}

interface Row extends StreamFormat {
  /** The values of `_llm_interface` that ask for it. */
  readonly names: ReadonlyArray<string>
  /** The URLs that speak it. */
  readonly url: RegExp
}

/** `"stream": true` in the body. */
const inBody = (request: UpstreamRequest): UpstreamRequest => {
  const body = request.body === undefined ? undefined : Result.getOrUndefined(Json.parse(request.body))
  const accepting = { ...request, headers: { Accept: "text/event-stream", ...request.headers } }
  return Json.isObject(body) ? { ...accepting, body: Json.stringify({ ...body, stream: true }) } : accepting
}

/** Another path of the same origin. */
const inUrl =
  (from: RegExp, to: string) =>
  (request: UpstreamRequest): UpstreamRequest => ({ ...request, url: request.url.replace(from, to) })

const sse = { framing: Framings.serverSent, contentType: /text\/event-stream/i, asked: inBody } as const
const ndjson = {
  framing: Framings.lines,
  contentType: /ndjson|jsonl|json-seq|application\/(stream\+)?json/i,
  asked: inBody,
} as const
const amazon = { framing: Framings.amazonEvents, contentType: /vnd\.amazon\.eventstream/i } as const

const rows: ReadonlyArray<Row> = [
  {
    ...sse,
    names: ["openai/v1/chat/completions", "openai/v1/completions"],
    url: /\/completions(?:[?#]|$)/,
    read: OpenAI.chat,
  },
  { ...sse, names: ["openai/v1/responses"], url: /\/v1\/responses(?:[?#]|$)/, read: OpenAI.responses },
  { ...sse, names: ["anthropic/v1/messages"], url: /\/v1\/messages(?:[?#]|$)/, read: Anthropic.messages },
  { ...sse, names: ["cohere/v2/chat"], url: /\/\/api\.cohere\.(?:ai|com)\/v2\/chat/, read: Cohere.chat },
  {
    ...ndjson,
    names: ["cohere/v1/chat"],
    url: /\/\/api\.cohere\.(?:ai|com)\/v1\/chat/,
    read: Cohere.chatV1,
  },
  {
    ...sse,
    names: ["gemini/v1beta/models/generateContent"],
    url: /:(?:streamG|g)enerateContent(?:[?#]|$)/,
    read: Gemini.generateContent,
    asked: (request) => ({
      ...request,
      url: request.url
        .replace(":generateContent", ":streamGenerateContent")
        .replace(/\?(?=.)|$/, (mark) => (mark === "" ? "?alt=sse" : "?alt=sse&")),
    }),
  },
  {
    ...ndjson,
    names: ["ollama/api/chat", "ollama/api/generate"],
    url: /\/api\/(?:chat|generate)(?:[?#]|$)/,
    read: Ollama.chat,
  },
  {
    ...amazon,
    names: ["bedrock/converse", "bedrock/converse/claude"],
    url: /\/model\/[^/]+\/converse(?:-stream)?(?:[?#]|$)/,
    read: Bedrock.converse,
    asked: inUrl(/\/converse(?=[?#]|$)/, "/converse-stream"),
  },
  {
    ...amazon,
    names: ["bedrock/invoke"],
    url: /\/model\/[^/]+\/invoke(?:-with-response-stream)?(?:[?#]|$)/,
    read: Bedrock.invoke,
    asked: inUrl(/\/invoke(?=[?#]|$)/, "/invoke-with-response-stream"),
  },
]

export const names: ReadonlyArray<string> = rows.flatMap((row) => row.names)

export interface Asked {
  /** The parameter `_llm_interface`. */
  readonly name: string | undefined
  /** The parameter `stream_delta_path`: where an event of any other platform has its piece of text, as a JSONPath. */
  readonly deltaPath: string | undefined
  readonly url: string
}

/** The format that is named, declared, or spoken by the URL; fails with a sentence. */
export const find = ({ name, deltaPath, url }: Asked): Result.Result<StreamFormat, string> => {
  if (deltaPath !== undefined) return declared(deltaPath)
  const row = rows.find((one) => (name === undefined ? one.url.test(url) : one.names.includes(name)))
  if (row !== undefined) return Result.succeed(row)
  return Result.fail(
    name === undefined
      ? `How this platform streams is not known. Give the connector's parameter _llm_interface one of [${names.join(", ")}], or stream_delta_path the JSONPath of the text in an event`
      : `Unsupported llm interface: ${name}. Use one of [${names.join(", ")}]`,
  )
}

const declared = (path: string): Result.Result<StreamFormat, string> =>
  Result.mapBoth(JsonQuery.compile(path), {
    onSuccess: (query) => {
      const read: Read = ({ name, data }, json) => {
        if (data.trim() === "[DONE]") return { isEnd: true }
        const value = json()
        const found = query.nodes(value)
        if (Result.isFailure(found)) throw new Unframed(`cannot be read: ${found.failure}`)
        return reading({
          content: found.success.map((piece) => (typeof piece.value === "string" ? piece.value : "")).join(""),
          error: at(value, "error") ?? (name === "error" ? value : undefined),
        })
      }
      // Server-sent events or lines, as the answer says.
      return { ...sse, contentType: /./, read, framing: Framings.either, endsSilently: true as const }
    },
    onFailure: (why) => `stream_delta_path is no JSONPath: ${why}`,
  })
