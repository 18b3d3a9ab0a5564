/** https://platform.claude.com/docs/en/api/messages */
import type * as Json from "@drawbar/json-text/Json"
import * as Conversation from "./Conversation.ts"
import { argumentsOf, compact, type RequestFields, translate } from "./RequestFields.ts"

/** Anthropic requires a bound on the answer; used where neither the caller nor the template has one. */
const defaultMaxTokens = 4_096

const provider = "Anthropic"
const efforts = ["low", "medium", "high", "xhigh", "max"]

export const request = translate(provider, (fields) => {
  const { turns, system } = fields.conversation
  const messages = turns.flatMap((turn) => {
    switch (turn.role) {
      case "system":
        return []
      case "user":
        return [{ role: "user", content: turn.parts.map(blockOf) }]
      case "assistant":
        return [{ role: "assistant", content: [...textBlock(turn.text), ...turn.toolCalls.map(toolUse)] }]
      case "tool":
        return [
          {
            role: "user",
            content: [{ type: "tool_result", tool_use_id: turn.id, content: turn.parts.map(blockOf) }],
          },
        ]
    }
  })
  fields.set("messages", ["messages"], Conversation.alternating<Json.Json>(messages).map(plain))
  if (system !== "") fields.set("messages[].role=system", ["system"], system)
  const limit = fields.first("max_completion_tokens", "max_tokens")
  fields.set(limit?.field ?? "max_tokens", ["max_tokens"], limit?.value ?? defaultMaxTokens, limit === undefined)
  const temperature = fields.take("temperature")
  if (typeof temperature === "number" && temperature > 1) fields.refuse("temperature", "Anthropic takes at most 1")
  else fields.set("temperature", ["temperature"], temperature)
  fields.rename({ top_p: ["top_p"], top_k: ["top_k"] })
  fields.set("stop", ["stop_sequences"], fields.stop())
  const user = fields.first("safety_identifier", "user")
  if (user !== undefined) fields.set(user.field, ["metadata", "user_id"], user.value)
  tools(fields)
  format(fields)
})

type Block = Json.JsonObject

const textBlock = (text: string): ReadonlyArray<Block> => (text === "" ? [] : [{ type: "text", text }])

const blockOf = (part: Conversation.Part): Block => {
  switch (part.type) {
    case "text":
      return { type: "text", text: part.text }
    case "image":
      return { type: "image", source: part.data === undefined ? { type: "url", url: part.url } : base64(part.data) }
    case "file":
      return compact({ type: "document", source: base64(part.data), title: part.name })
  }
}

const base64 = ({ mediaType, base64: data }: Conversation.DataUri): Block => ({
  type: "base64",
  media_type: mediaType,
  data,
})

const toolUse = ({ id, name, arguments: input }: { id?: string | undefined; name: string; arguments: string }): Block =>
  compact({ type: "tool_use", id, name, input: argumentsOf(input) })

/** A message of one text as Anthropic's own examples write it. */
const plain = ({ role, content }: { readonly role: string; readonly content: ReadonlyArray<Json.Json> }): Block => {
  const [only] = content
  const isText = content.length === 1 && typeof only === "object" && only !== null && "type" in only
  return { role, content: isText && only.type === "text" && "text" in only ? (only.text ?? "") : content }
}

const tools = (fields: RequestFields): void => {
  const given = fields.tools()
  if (given.length > 0)
    fields.set(
      "tools",
      ["tools"],
      given.map(({ name, description, parameters, strict }) =>
        compact({
          name,
          description,
          input_schema: parameters ?? { type: "object", properties: {} },
          strict: strict ? true : undefined,
        }),
      ),
    )
  const choice = fields.toolChoice()
  const isSerial = fields.take("parallel_tool_calls") === false
  const serial = isSerial && choice !== "none" ? { disable_parallel_tool_use: true } : {}
  if (choice === undefined) {
    if (isSerial) fields.set("parallel_tool_calls", ["tool_choice"], { type: "auto", ...serial })
  } else if (choice === "none") fields.set("tool_choice", ["tool_choice"], { type: "none" })
  else if (choice === "required") fields.set("tool_choice", ["tool_choice"], { type: "any", ...serial })
  else fields.set("tool_choice", ["tool_choice"], { type: "tool", name: choice.name, ...serial })
}

/** https://platform.claude.com/docs/en/build-with-claude/structured-outputs and /effort */
const format = (fields: RequestFields): void => {
  const asked = fields.responseFormat()
  if (asked === "json")
    fields.refuse("response_format", "Anthropic has no json_object; use json_schema with the schema of the answer")
  else if (asked !== undefined)
    fields.set("response_format", ["output_config", "format"], { type: "json_schema", schema: asked.schema })
  const effort = fields.oneOf("reasoning_effort", efforts, provider)
  fields.set("reasoning_effort", ["output_config", "effort"], effort)
}
