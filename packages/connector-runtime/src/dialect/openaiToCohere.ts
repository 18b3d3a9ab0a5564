/** https://docs.cohere.com/reference/chat */
import type * as Json from "@drawbar/json-text/Json"
import type * as Conversation from "./Conversation.ts"
import { compact, type RequestFields, translate } from "./RequestFields.ts"

export const request = translate("Cohere", (fields) => {
  const messages = fields.conversation.turns.map((turn): Json.JsonObject => {
    switch (turn.role) {
      case "system":
        return { role: "system", content: turn.text }
      case "user":
        return { role: "user", content: contentOf(turn.parts, fields) }
      case "assistant":
        return compact({
          role: "assistant",
          content: turn.text === "" && turn.toolCalls.length > 0 ? undefined : turn.text,
          tool_calls:
            turn.toolCalls.length === 0
              ? undefined
              : turn.toolCalls.map(({ id, name, arguments: args }) =>
                  compact({ id, type: "function", function: { name, arguments: args } }),
                ),
        })
      case "tool":
        return { role: "tool", tool_call_id: turn.id, content: contentOf(turn.parts, fields) }
    }
  })
  fields.set("messages", ["messages"], messages)
  const limit = fields.first("max_completion_tokens", "max_tokens")
  if (limit !== undefined) fields.set(limit.field, ["max_tokens"], limit.value)
  fields.rename({
    temperature: ["temperature"],
    top_p: ["p"],
    top_k: ["k"],
    seed: ["seed"],
    frequency_penalty: ["frequency_penalty"],
    presence_penalty: ["presence_penalty"],
  })
  fields.set("stop", ["stop_sequences"], fields.stop())
  const format = fields.responseFormat()
  if (format !== undefined)
    fields.set(
      "response_format",
      ["response_format"],
      format === "json" ? { type: "json_object" } : { type: "json_object", json_schema: format.schema },
    )
  // Cohere has a budget in place of an effort; without a word of the caller its reasoning models think.
  if (fields.oneOf("reasoning_effort", ["none"], "Cohere") !== undefined)
    fields.set("reasoning_effort", ["thinking"], { type: "disabled" })
  tools(fields)
})

const contentOf = (parts: ReadonlyArray<Conversation.Part>, fields: RequestFields): Json.Json => {
  const [only] = parts
  if (parts.length === 1 && only?.type === "text") return only.text
  return parts.flatMap((part): ReadonlyArray<Json.JsonObject> => {
    if (part.type === "text") return [{ type: "text", text: part.text }]
    if (part.type === "image") return [{ type: "image_url", image_url: { url: part.url } }]
    fields.refuse("messages[].content[].file", "Cohere takes no files")
    return []
  })
}

const tools = (fields: RequestFields): void => {
  const given = fields.tools()
  if (given.length > 0)
    fields.set(
      "tools",
      ["tools"],
      given.map(({ name, description, parameters }) => ({
        type: "function",
        function: compact({ name, description, parameters: parameters ?? { type: "object", properties: {} } }),
      })),
    )
  if (given.some(({ strict }) => strict)) fields.set("tools[].function.strict", ["strict_tools"], true)
  if (fields.take("parallel_tool_calls") === false) fields.refuse("parallel_tool_calls", "Cohere cannot turn it off")
  const choice = fields.toolChoice()
  if (choice === undefined) return
  if (typeof choice === "string") fields.set("tool_choice", ["tool_choice"], choice.toUpperCase())
  else fields.refuse("tool_choice", "Cohere takes auto, none or required")
}
