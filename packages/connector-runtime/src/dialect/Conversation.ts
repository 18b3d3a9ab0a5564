/** The messages of an OpenAI request, read once for every dialect. Source: https://platform.openai.com/docs/api-reference/chat/create */
import * as Json from "@drawbar/json-text/Json"
import { Result } from "effect"
import type { InvalidField, ToolCall, Unsupported } from "./Dialect.ts"

export type Part =
  | { readonly type: "text"; readonly text: string }
  | { readonly type: "image"; readonly url: string; readonly data: DataUri | undefined }
  | { readonly type: "file"; readonly name: string | undefined; readonly data: DataUri }

export interface DataUri {
  readonly mediaType: string
  readonly base64: string
}

export type Turn =
  | { readonly role: "system"; readonly text: string }
  | { readonly role: "user"; readonly parts: ReadonlyArray<Part> }
  | { readonly role: "assistant"; readonly text: string; readonly toolCalls: ReadonlyArray<ToolCall> }
  | { readonly role: "tool"; readonly id: string; readonly parts: ReadonlyArray<Part> }

export interface Conversation {
  readonly turns: ReadonlyArray<Turn>
  /** The text of all system and developer messages. */
  readonly system: string
  /** What no other API than OpenAI's has. */
  readonly unsupported: ReadonlyArray<Unsupported>
  /** The name of the tool that a call was for, by the call's id. */
  readonly toolNames: ReadonlyMap<string, string>
}

/** The messages as they were sent: a text is the JSON of a list. */
export const parse = (sent: string | undefined): Result.Result<Conversation, InvalidField> => {
  const parsed = sent === undefined ? Result.succeed(undefined) : Json.parse(sent)
  return Result.isFailure(parsed)
    ? invalid("messages", `messages cannot be read: ${parsed.failure.message}`)
    : read(parsed.success)
}

const read = (messages: Json.Json | undefined): Result.Result<Conversation, InvalidField> => {
  if (!Array.isArray(messages) || messages.length === 0)
    return invalid("messages", "messages must be a list with at least one message")
  const unsupported = new Map<string, Unsupported>()
  const toolNames = new Map<string, string>()
  const note = (field: string, why: string, isHarmless = false) => unsupported.set(field, { field, why, isHarmless })
  const turns: Array<Turn> = []
  for (const [i, message] of messages.entries()) {
    const turn = turnOf(message, `messages[${i}]`, note)
    if (Result.isFailure(turn)) return Result.fail(turn.failure)
    if (turn.success.role === "assistant")
      for (const { id, name } of turn.success.toolCalls) if (id !== undefined) toolNames.set(id, name)
    turns.push(turn.success)
  }
  const system = turns.flatMap((turn) => (turn.role === "system" ? [turn.text] : [])).join("\n\n")
  return Result.succeed({ turns, system, unsupported: [...unsupported.values()], toolNames })
}

type Note = (field: string, why: string, isHarmless?: boolean) => void
type Read<A> = Result.Result<A, InvalidField>

const invalid = (field: string, message: string): Result.Result<never, InvalidField> => Result.fail({ field, message })

const turnOf = (message: Json.Json, at: string, note: Note): Read<Turn> => {
  if (!Json.isObject(message)) return invalid(at, `${at} must be an object`)
  const { role, content } = message
  if (message["name"] != null && role !== "tool") note("messages[].name", "it has no names of participants")
  switch (role) {
    case "system":
    case "developer":
      return Result.map(textOf(content, `${at}.content`, note), (text) => ({ role: "system", text }))
    case "user":
      return Result.map(partsOf(content, `${at}.content`, note), (parts) => ({ role, parts }))
    case "assistant":
      if (message["audio"] != null) note("messages[].audio", "it has no audio")
      for (const name of ["reasoning_content", "reasoning"])
        if (message[name] != null) note(`messages[].${name}`, "providers do not take it back", true)
      return Result.flatMap(
        content == null ? Result.succeed(refusalIn(message)) : textOf(content, `${at}.content`, note),
        (text) => Result.map(callsOf(message["tool_calls"], at), (toolCalls) => ({ role, text, toolCalls })),
      )
    case "tool": {
      const id = message["tool_call_id"]
      if (typeof id !== "string") return invalid(`${at}.tool_call_id`, `${at}.tool_call_id must be a string`)
      return Result.map(partsOf(content, `${at}.content`, note), (parts) => ({ role, id, parts }))
    }
    default:
      return invalid(`${at}.role`, `${at}.role must be one of [system, developer, user, assistant, tool]`)
  }
}

const refusalIn = ({ refusal }: Json.JsonObject): string => (typeof refusal === "string" ? refusal : "")

const textOf = (content: Json.Json | undefined, at: string, note: Note): Read<string> =>
  Result.map(partsOf(content, at, note), (parts) =>
    parts.map((part) => (part.type === "text" ? part.text : "")).join(""),
  )

const partsOf = (content: Json.Json | undefined, at: string, note: Note): Read<ReadonlyArray<Part>> => {
  if (typeof content === "string") return Result.succeed([{ type: "text", text: content }])
  if (!Array.isArray(content)) return invalid(at, `${at} must be a string or a list of parts`)
  const parts: Array<Part> = []
  for (const [i, given] of content.entries()) {
    const part = partOf(given, `${at}[${i}]`, note)
    if (Result.isFailure(part)) return Result.fail(part.failure)
    if (part.success !== undefined) parts.push(part.success)
  }
  return Result.succeed(parts)
}

const partOf = (part: Json.Json, at: string, note: Note): Read<Part | undefined> => {
  if (!Json.isObject(part)) return invalid(at, `${at} must be an object`)
  switch (part["type"]) {
    case "text":
    case "refusal": {
      const text = part["text"] ?? part["refusal"]
      return typeof text === "string"
        ? Result.succeed({ type: "text", text })
        : invalid(`${at}.text`, `${at}.text must be a string`)
    }
    case "image_url": {
      const image = part["image_url"]
      const url = Json.isObject(image) ? image["url"] : undefined
      if (typeof url !== "string") return invalid(`${at}.image_url.url`, `${at}.image_url.url must be a string`)
      const data = dataUri(url)
      if (data === undefined && !/^https?:\/\//i.test(url))
        return invalid(`${at}.image_url.url`, `${at}.image_url.url must be an http URL or a data URI in base64`)
      return Result.succeed({ type: "image", url, data })
    }
    case "file": {
      const file = Json.isObject(part["file"]) ? part["file"] : {}
      const data = typeof file["file_data"] === "string" ? dataUri(file["file_data"]) : undefined
      if (data !== undefined)
        return Result.succeed({
          type: "file",
          name: typeof file["filename"] === "string" ? file["filename"] : undefined,
          data,
        })
      note("messages[].content[].file.file_id", "files that are stored at OpenAI cannot be read; send file_data")
      return Result.succeed(undefined)
    }
    case "input_audio":
      note("messages[].content[].input_audio", "it takes no audio here")
      return Result.succeed(undefined)
    default:
      return invalid(`${at}.type`, `${at}.type must be one of [text, image_url, file, input_audio, refusal]`)
  }
}

/** https://www.rfc-editor.org/rfc/rfc2397 */
const dataUri = (url: string): DataUri | undefined => {
  const [head = ""] = /^data:[\w.+-]+\/[\w.+-]+(?:;[\w=.+-]+)*;base64,/i.exec(url.slice(0, 256)) ?? []
  const [, mediaType = ""] = /^data:([^;,]+)/.exec(head) ?? []
  return head === "" ? undefined : { mediaType: mediaType.toLowerCase(), base64: url.slice(head.length) }
}

const callsOf = (calls: Json.Json | undefined, at: string): Read<ReadonlyArray<ToolCall>> => {
  if (calls == null) return Result.succeed([])
  if (!Array.isArray(calls)) return invalid(`${at}.tool_calls`, `${at}.tool_calls must be a list`)
  const read: Array<ToolCall> = []
  for (const [i, call] of calls.entries()) {
    const place = `${at}.tool_calls[${i}]`
    const fn = Json.isObject(call) ? call["function"] : undefined
    if (!Json.isObject(call) || !Json.isObject(fn) || typeof fn["name"] !== "string" || typeof call["id"] !== "string")
      return invalid(place, `${place} must have an id, and a function with a name and arguments`)
    const given = fn["arguments"]
    const text = typeof given === "string" ? (given.trim() === "" ? "{}" : given) : Json.stringify(given ?? {})
    if (Json.objectIn(text) === undefined)
      return invalid(`${place}.function.arguments`, `${place}.function.arguments must be the JSON text of an object`)
    const extra = call["extra_content"]
    read.push({ id: call["id"], name: fn["name"], arguments: text, ...(extra == null ? {} : { extra }) })
  }
  return Result.succeed(read)
}

/** Parts as text alone; an image or a file has none. */
export const textIn = (parts: ReadonlyArray<Part>): string =>
  parts.map((part) => (part.type === "text" ? part.text : "")).join("")

/** Neighbours of one role as one message, for providers whose roles have to alternate. */
export const alternating = <A>(
  messages: ReadonlyArray<{ readonly role: string; readonly content: ReadonlyArray<A> }>,
): ReadonlyArray<{ readonly role: string; readonly content: ReadonlyArray<A> }> => {
  const joined: Array<{ readonly role: string; readonly content: Array<A> }> = []
  for (const { role, content } of messages) {
    const last = joined.at(-1)
    if (last?.role === role) for (const part of content) last.content.push(part)
    else joined.push({ role, content: [...content] })
  }
  return joined.filter(({ content }) => content.length > 0)
}
