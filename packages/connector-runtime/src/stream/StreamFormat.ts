/** The streams of the platforms: to add one, add a file and a row. */
import { Result } from "effect"
import * as Json from "@drawbar/json-text/Json"
import * as JsonQuery from "../response/JsonQuery.ts"
import type { UpstreamRequest } from "../call/UpstreamRequest.ts"
import * as AnyModel from "./AnyModel.ts"
import * as Anthropic from "./Anthropic.ts"
import * as BedrockEvents from "./BedrockEvents.ts"
import * as CohereEvents from "./CohereEvents.ts"
import type { EventReader } from "./EventReader.ts"
import * as Framings from "./Framings.ts"
import * as Gemini from "./Gemini.ts"
import * as Ollama from "./Ollama.ts"
import * as OpenAIEvents from "./OpenAIEvents.ts"
import { at, reading } from "./StreamPiece.ts"
import { type Framing, Unframed } from "./UpstreamEvent.ts"
import type { StreamKind } from "./StreamKind.ts"
import * as UsageOnRequest from "./UsageOnRequest.ts"

type Begin = () => Framing

export interface StreamFormat {
  /** Begins to cut one stream. */
  readonly framing: Begin
  /** The framing of a body by how it begins and by its content type; undefined where it is not such a stream. */
  readonly framingOf: (kind: StreamKind, contentType: string) => Begin | undefined
  readonly read: EventReader
  /** Whether the end of the connection is the end of the answer, because no event says it. */
  readonly endsSilently?: true
  /** The request that asks for a stream in place of one answer, and for its usage unless that is turned off. */
  readonly asked: (request: UpstreamRequest, options?: AskedFor) => UpstreamRequest
}

export interface AskedFor {
  readonly usage?: boolean
}

interface Row extends StreamFormat {
  /** The values of `_llm_interface` that ask for it. */
  readonly names: ReadonlyArray<string>
  /** The URLs that speak it. */
  readonly url: RegExp
}

/** `"stream": true` in the body, and what else is asked for there, which the author's own outranks. */
const inBodyWith =
  (also: (request: UpstreamRequest) => Json.JsonObject) =>
  (request: UpstreamRequest, { usage = true }: AskedFor = {}): UpstreamRequest => {
    const body = request.body === undefined ? undefined : Result.getOrUndefined(Json.parse(request.body))
    const accepting = { ...request, headers: { Accept: "text/event-stream", ...request.headers } }
    if (!Json.isObject(body)) return accepting
    const more = Object.entries(usage ? also(request) : {}).filter(([name]) => !Object.hasOwn(body, name))
    return { ...accepting, body: Json.stringify({ ...body, stream: true, ...Object.fromEntries(more) }) }
  }

const inBody = inBodyWith(() => ({}))

/** Another path of the same origin. */
const inUrl =
  (from: RegExp, to: string) =>
  (request: UpstreamRequest): UpstreamRequest => ({ ...request, url: request.url.replace(from, to) })

const sse = {
  framing: Framings.serverSent,
  framingOf: (kind: StreamKind, type: string): Begin | undefined => {
    if (kind === "value" || kind === "list") return isLines(type) ? Framings.lines : undefined
    return kind === "events" || (kind !== "amazon" && isEvents(type)) ? Framings.serverSent : undefined
  },
  asked: inBody,
} as const

const ndjson = {
  framing: Framings.lines,
  framingOf: (kind: StreamKind, type: string): Begin | undefined => {
    if (kind === "events") return Framings.serverSent
    return kind === "value" || kind === "list" || (kind !== "amazon" && isLines(type)) ? Framings.lines : undefined
  },
  asked: inBody,
} as const

const amazon = {
  framing: Framings.amazonEvents,
  framingOf: (kind: StreamKind, type: string): Begin | undefined => amazonOf(kind, type, Framings.amazonEvents),
} as const

const amazonOf = (kind: StreamKind, type: string, framing: Begin): Begin | undefined =>
  kind === "amazon" || (kind !== "value" && /vnd\.amazon\.eventstream/i.test(type)) ? framing : undefined

const isEvents = (type: string): boolean => /text\/event-stream/i.test(type)
const isLines = (type: string): boolean => /ndjson|jsonl|json-seq|application\/stream\+json/i.test(type)

/** A URL whose path ends so. */
const endingIn = (path: string): RegExp => new RegExp(`${path}/?(?:[?#]|$)`)

const rows: ReadonlyArray<Row> = [
  {
    ...sse,
    names: ["openai/v1/chat/completions", "openai/v1/completions"],
    url: endingIn("/completions"),
    read: OpenAIEvents.chat,
    asked: inBodyWith(UsageOnRequest.openAi),
  },
  { ...sse, names: ["openai/v1/responses"], url: endingIn("/(?:v1|openai)/responses"), read: OpenAIEvents.responses },
  { ...sse, names: ["anthropic/v1/messages"], url: endingIn("/v1/messages"), read: Anthropic.messages },
  { ...sse, names: ["cohere/v2/chat"], url: /\/\/api\.cohere\.(?:ai|com)\/v2\/chat/, read: CohereEvents.chat },
  {
    ...ndjson,
    names: ["cohere/v1/chat"],
    url: /\/\/api\.cohere\.(?:ai|com)\/v1\/chat/,
    read: CohereEvents.chatV1,
  },
  {
    ...sse,
    names: ["gemini/v1beta/models/generateContent"],
    url: endingIn(":(?:streamG|g)enerateContent"),
    read: Gemini.generateContent,
    // Without `alt=sse` its events are the members of one list.
    framingOf: (kind, type) => (kind === "list" ? Framings.lines : sse.framingOf(kind, type)),
    asked: ({ url, ...request }) => ({
      ...request,
      url: asEvents(url.replace(":generateContent", ":streamGenerateContent")),
    }),
  },
  {
    ...ndjson,
    names: ["ollama/api/chat", "ollama/api/generate"],
    url: endingIn("/api/(?:chat|generate)"),
    read: Ollama.chat,
  },
  {
    ...amazon,
    names: ["bedrock/converse", "bedrock/converse/claude"],
    // The model may be an ARN, which has slashes.
    url: endingIn("/model/[^?#]+/converse(?:-stream)?"),
    read: BedrockEvents.converse,
    asked: inUrl(/\/converse(?=\/?(?:[?#]|$))/, "/converse-stream"),
  },
  {
    ...amazon,
    names: ["bedrock/invoke"],
    url: endingIn("/model/[^?#]+/invoke(?:-with-response-stream)?"),
    read: BedrockEvents.invoke,
    asked: inUrl(/\/invoke(?=\/?(?:[?#]|$))/, "/invoke-with-response-stream"),
  },
  {
    names: ["sagemaker/invocations"],
    url: endingIn("/endpoints/[^/?#]+/invocations(?:-response-stream)?"),
    framing: Framings.payloadParts,
    framingOf: (kind, type) => amazonOf(kind, type, Framings.payloadParts),
    read: AnyModel.event,
    asked: (request) => inUrl(/\/invocations(?=\/?(?:[?#]|$))/, "/invocations-response-stream")(inBody(request)),
  },
]

/** The same format, whose events are passed on whole. */
export const passedOn = ({ read, ...format }: StreamFormat): StreamFormat => ({
  ...format,
  read: (event, json) => ({ ...read(event, json), event: event.data }),
})

/** With `alt=sse` in the query, once, in place of any other `alt`. */
const asEvents = (url: string): string => {
  const [, before = url, query, rest = ""] = /^([^?#]*)(?:\?([^#]*))?(#.*)?$/s.exec(url) ?? []
  const others = (query ?? "").split("&").filter((part) => part !== "" && !/^alt(?:=|$)/.test(part))
  return `${before}?${["alt=sse", ...others].join("&")}${rest}`
}

const names: ReadonlyArray<string> = rows.flatMap((row) => row.names)

export interface Asked {
  /** The parameter `_llm_interface`. */
  readonly name: string | undefined
  /** The parameter `stream_delta_path`: where an event of any other platform has its piece of text, as a JSONPath. */
  readonly deltaPath: string | undefined
  /** The name of a format, where neither of these tells it and the URL does not. */
  readonly otherwise?: string | undefined
  readonly url: string
}

/** In characters: a caller fills in parts of a URL, and what follows does not tell the format. */
const longestUrl = 8_192

/** The format that is named, declared, or spoken by the URL; fails with a sentence. */
export const find = ({ name, deltaPath, url, otherwise }: Asked): Result.Result<StreamFormat, string> => {
  const begin = url.slice(0, longestUrl)
  const named = (known: string) => rows.find((one) => one.names.includes(known))
  const row =
    name === undefined
      ? (rows.find((one) => one.url.test(begin)) ?? (otherwise === undefined ? undefined : named(otherwise)))
      : named(name)
  if (deltaPath !== undefined) return declared(deltaPath, row)
  if (row !== undefined) return Result.succeed(row)
  return Result.fail(
    name === undefined
      ? `How this platform streams is not known. Give the connector's parameter _llm_interface one of [${names.join(", ")}], or stream_delta_path the JSONPath of the text in an event`
      : `Unsupported llm interface: ${name}. Use one of [${names.join(", ")}]`,
  )
}

/** Events of which only the place of the text is known; how they are asked for and framed, the URL may tell. */
const declared = (path: string, row: StreamFormat | undefined): Result.Result<StreamFormat, string> =>
  Result.mapBoth(JsonQuery.compile(path), {
    onSuccess: (query) => {
      const read: EventReader = (_event, json) => {
        const value = json()
        const found = query.nodes(value)
        if (Result.isFailure(found)) throw new Unframed(`cannot be read: ${found.failure}`)
        return reading({
          content: found.success.map((piece) => (typeof piece.value === "string" ? piece.value : "")).join(""),
          usage: Json.isObject(at(value, "usage")) ? at(value, "usage") : undefined,
        })
      }
      return {
        read,
        framing: Framings.either,
        framingOf: (kind, type) => {
          if (kind === "value" || kind === "list") return Framings.lines
          return sse.framingOf(kind, type) ?? (row ?? amazon).framingOf(kind, type)
        },
        asked: row?.asked ?? inBody,
        endsSilently: true as const,
      }
    },
    onFailure: (why) => `stream_delta_path is not a valid JSONPath: ${why}`,
  })
