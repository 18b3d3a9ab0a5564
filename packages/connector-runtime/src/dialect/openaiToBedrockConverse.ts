/** https://docs.aws.amazon.com/bedrock/latest/APIReference/API_runtime_Converse.html */
import type * as Json from "@drawbar/json-text/Json"
import * as Conversation from "./Conversation.ts"
import { argumentsOf, compact, type RequestFields, translate } from "./RequestFields.ts"

export const request = translate("Bedrock Converse", (fields) => {
  const { turns, system } = fields.conversation
  const messages = turns.flatMap((turn) => {
    switch (turn.role) {
      case "system":
        return []
      case "user":
        return [{ role: "user", content: turn.parts.flatMap((part) => blockOf(part, fields)) }]
      case "assistant":
        return [
          {
            role: "assistant",
            content: [
              ...(turn.text === "" ? [] : [{ text: turn.text }]),
              ...turn.toolCalls.map(({ id, name, arguments: input }) => ({
                toolUse: compact({ toolUseId: id, name, input: argumentsOf(input) }),
              })),
            ],
          },
        ]
      case "tool":
        return [
          {
            role: "user",
            content: [
              { toolResult: { toolUseId: turn.id, content: turn.parts.flatMap((part) => blockOf(part, fields)) } },
            ],
          },
        ]
    }
  })
  fields.set(
    "messages",
    ["messages"],
    Conversation.alternating<Json.Json>(messages).map(({ role, content }) => ({ role, content })),
  )
  if (system !== "") fields.set("messages[].role=system", ["system"], [{ text: system }])
  const limit = fields.first("max_completion_tokens", "max_tokens")
  if (limit !== undefined) fields.set(limit.field, ["inferenceConfig", "maxTokens"], limit.value)
  fields.rename({ temperature: ["inferenceConfig", "temperature"], top_p: ["inferenceConfig", "topP"] })
  fields.set("stop", ["inferenceConfig", "stopSequences"], fields.stop())
  fields.rename({ metadata: ["requestMetadata"] })
  const format = fields.responseFormat()
  if (format === "json")
    fields.refuse(
      "response_format",
      "Bedrock Converse has no json_object; use json_schema with the schema of the answer",
    )
  else if (format !== undefined)
    fields.set("response_format", ["outputConfig", "textFormat"], {
      type: "json_schema",
      structure: { jsonSchema: { name: format.name, schema: JSON.stringify(format.schema) } },
    })
  tools(fields)
})

const imageFormats = new Set(["png", "jpeg", "gif", "webp"])
const documentFormats: Readonly<Record<string, string>> = {
  "application/pdf": "pdf",
  "text/csv": "csv",
  "text/html": "html",
  "text/plain": "txt",
  "text/markdown": "md",
}

const blockOf = (part: Conversation.Part, fields: RequestFields): ReadonlyArray<Json.JsonObject> => {
  if (part.type === "text") return [{ text: part.text }]
  if (part.data === undefined) {
    fields.refuse("messages[].content[].image_url", "Bedrock Converse takes images as data URIs, not by URL")
    return []
  }
  const { mediaType, base64: bytes } = part.data
  if (part.type === "image") {
    const format = mediaType.replace(/^image\/(?:jpg$)?/, (found) => (found.endsWith("jpg") ? "jpeg" : ""))
    if (imageFormats.has(format)) return [{ image: { format, source: { bytes } } }]
    fields.refuse("messages[].content[].image_url", "Bedrock Converse takes png, jpeg, gif and webp")
    return []
  }
  const format = documentFormats[mediaType]
  if (format === undefined) {
    fields.refuse("messages[].content[].file", `Bedrock Converse takes [${Object.keys(documentFormats).join(", ")}]`)
    return []
  }
  // Names may hold letters, digits, single spaces, hyphens and brackets.
  const name = (part.name ?? "document").replaceAll(/[^A-Za-z0-9()[\]-]+/g, "-").slice(0, 200)
  return [{ document: { format, name, source: { bytes } } }]
}

const tools = (fields: RequestFields): void => {
  const given = fields.tools()
  const choice = fields.toolChoice()
  if (given.some(({ strict }) => strict))
    fields.refuse("tools[].function.strict", "Bedrock Converse does not hold arguments to the schema")
  if (fields.take("parallel_tool_calls") === false)
    fields.refuse("parallel_tool_calls", "Bedrock Converse cannot turn it off")
  if (given.length === 0) return
  if (choice === "none") return void fields.refuse("tool_choice", "Bedrock Converse has no none; leave the tools out")
  fields.set(
    "tools",
    ["toolConfig", "tools"],
    given.map(({ name, description, parameters }) => ({
      toolSpec: compact({ name, description, inputSchema: { json: parameters ?? { type: "object", properties: {} } } }),
    })),
  )
  if (choice !== undefined)
    fields.set(
      "tool_choice",
      ["toolConfig", "toolChoice"],
      choice === "required" ? { any: {} } : { tool: { name: choice.name } },
    )
}
