/** https://github.com/ollama/ollama/blob/main/docs/api.md#generate-a-chat-completion */
import type * as Json from "@drawbar/json-text/Json"
import * as Conversation from "./Conversation.ts"
import { argumentsOf, compact, type RequestFields, translate } from "./RequestFields.ts"

export const request = translate("Ollama", (fields) => {
  const { turns, toolNames } = fields.conversation
  const messages = turns.map((turn): Json.JsonObject => {
    switch (turn.role) {
      case "system":
        return { role: "system", content: turn.text }
      case "user":
        return withImages({ role: "user", content: Conversation.textIn(turn.parts) }, turn.parts, fields)
      case "assistant":
        return compact({
          role: "assistant",
          content: turn.text,
          tool_calls:
            turn.toolCalls.length === 0
              ? undefined
              : turn.toolCalls.map(({ name, arguments: args }) => ({
                  function: { name, arguments: argumentsOf(args) },
                })),
        })
      case "tool":
        return compact({
          role: "tool",
          tool_name: toolNames.get(turn.id),
          content: Conversation.textIn(turn.parts),
        })
    }
  })
  fields.set("messages", ["messages"], messages)
  // Without it Ollama streams.
  fields.set("stream", ["stream"], false, true)
  const limit = fields.first("max_completion_tokens", "max_tokens")
  if (limit !== undefined) fields.set(limit.field, ["options", "num_predict"], limit.value)
  fields.rename({
    temperature: ["options", "temperature"],
    top_p: ["options", "top_p"],
    top_k: ["options", "top_k"],
    seed: ["options", "seed"],
    frequency_penalty: ["options", "frequency_penalty"],
    presence_penalty: ["options", "presence_penalty"],
  })
  fields.set("stop", ["options", "stop"], fields.stop())
  const format = fields.responseFormat()
  if (format !== undefined) fields.set("response_format", ["format"], format === "json" ? "json" : format.schema)
  const effort = fields.oneOf("reasoning_effort", ["none", "low", "medium", "high"], "Ollama")
  if (effort !== undefined) fields.set("reasoning_effort", ["think"], effort === "none" ? false : effort)
  tools(fields)
})

const withImages = (
  message: Json.JsonObject,
  parts: ReadonlyArray<Conversation.Part>,
  fields: RequestFields,
): Json.JsonObject => {
  const images = parts.flatMap((part) => {
    if (part.type === "text") return []
    if (part.type === "image" && part.data !== undefined) return [part.data.base64]
    if (part.type === "image")
      fields.refuse("messages[].content[].image_url", "Ollama takes images as data URIs, not by URL")
    else fields.refuse("messages[].content[].file", "Ollama takes no files")
    return []
  })
  return images.length === 0 ? message : { ...message, images }
}

const tools = (fields: RequestFields): void => {
  const given = fields.tools()
  if (given.some(({ strict }) => strict))
    fields.refuse("tools[].function.strict", "Ollama does not hold arguments to the schema")
  if (fields.take("parallel_tool_calls") === false) fields.refuse("parallel_tool_calls", "Ollama cannot turn it off")
  const choice = fields.toolChoice()
  if (choice !== undefined) fields.refuse("tool_choice", "Ollama has auto only")
  if (given.length > 0)
    fields.set(
      "tools",
      ["tools"],
      given.map(({ name, description, parameters }) => ({
        type: "function",
        function: compact({ name, description, parameters: parameters ?? { type: "object", properties: {} } }),
      })),
    )
}
