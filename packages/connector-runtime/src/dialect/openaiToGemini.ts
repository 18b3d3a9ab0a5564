/** https://ai.google.dev/api/generate-content, which Vertex AI shares */
import * as Json from "@drawbar/json-text/Json"
import * as Conversation from "./Conversation.ts"
import { argumentsOf, compact, type RequestFields, translate } from "./RequestFields.ts"

export const request = translate("Gemini", (fields) => {
  const { turns, system, toolNames } = fields.conversation
  const contents = turns.flatMap((turn) => {
    switch (turn.role) {
      case "system":
        return []
      case "user":
        return [{ role: "user", content: turn.parts.flatMap((part) => partOf(part, fields)) }]
      case "assistant":
        return [
          {
            role: "model",
            content: [
              ...(turn.text === "" ? [] : [{ text: turn.text }]),
              ...turn.toolCalls.map(({ name, arguments: args, extra }) =>
                compact({ functionCall: { name, args: argumentsOf(args) }, thoughtSignature: signatureIn(extra) }),
              ),
            ],
          },
        ]
      case "tool": {
        const text = Conversation.textIn(turn.parts)
        const name = toolNames.get(turn.id)
        if (name === undefined)
          fields.refuse("messages[].tool_call_id", "Gemini needs the message that made this call before its result")
        return [
          {
            role: "user",
            content: [
              { functionResponse: { name: name ?? turn.id, response: Json.objectIn(text) ?? { result: text } } },
            ],
          },
        ]
      }
    }
  })
  fields.set(
    "messages",
    ["contents"],
    Conversation.alternating<Json.Json>(contents).map(({ role, content }) => ({ role, parts: content })),
  )
  if (system !== "") fields.set("messages[].role=system", ["systemInstruction"], { parts: [{ text: system }] })
  const limit = fields.first("max_completion_tokens", "max_tokens")
  if (limit !== undefined) fields.set(limit.field, ["generationConfig", "maxOutputTokens"], limit.value)
  fields.rename({
    temperature: ["generationConfig", "temperature"],
    top_p: ["generationConfig", "topP"],
    top_k: ["generationConfig", "topK"],
    n: ["generationConfig", "candidateCount"],
    seed: ["generationConfig", "seed"],
    presence_penalty: ["generationConfig", "presencePenalty"],
    frequency_penalty: ["generationConfig", "frequencyPenalty"],
  })
  fields.set("stop", ["generationConfig", "stopSequences"], fields.stop())
  effort(fields)
  const format = fields.responseFormat()
  if (format !== undefined) fields.set("response_format", ["generationConfig", "responseMimeType"], "application/json")
  if (format !== undefined && format !== "json")
    fields.set("response_format", ["generationConfig", "responseJsonSchema"], format.schema)
  tools(fields)
})

/** As Google's own translation of OpenAI's API names it: https://ai.google.dev/gemini-api/docs/thought-signatures#openai */
const signatureIn = (extra: Json.Json | undefined): Json.Json | undefined => {
  const google = Json.isObject(extra) ? extra["google"] : undefined
  return Json.isObject(google) ? google["thought_signature"] : undefined
}

const mediaTypes: Readonly<Record<string, string>> = {
  png: "image/png",
  jpg: "image/jpeg",
  jpeg: "image/jpeg",
  webp: "image/webp",
  heic: "image/heic",
  heif: "image/heif",
}

const partOf = (part: Conversation.Part, fields: RequestFields): ReadonlyArray<Json.JsonObject> => {
  if (part.type === "text") return [{ text: part.text }]
  if (part.data !== undefined) return [{ inlineData: { mimeType: part.data.mediaType, data: part.data.base64 } }]
  const url = part.type === "image" ? part.url : ""
  const [, ending = ""] = /\.(\w{1,5})(?:[?#]|$)/.exec(url) ?? []
  const mimeType = mediaTypes[ending.toLowerCase()]
  if (mimeType !== undefined) return [{ fileData: { mimeType, fileUri: url } }]
  fields.refuse(
    "messages[].content[].image_url",
    `Gemini needs the type of an image: use a data URI, or a URL that ends in one of [${Object.keys(mediaTypes).join(", ")}]`,
  )
  return []
}

/** https://ai.google.dev/gemini-api/docs/openai#thinking */
const budgets: Readonly<Record<string, number>> = { none: 0, minimal: 1_024, low: 1_024, medium: 8_192, high: 24_576 }

const effort = (fields: RequestFields): void => {
  const given = fields.oneOf("reasoning_effort", Object.keys(budgets), "Gemini")
  const thinkingBudget = given === undefined ? undefined : budgets[given]
  if (thinkingBudget !== undefined)
    fields.set("reasoning_effort", ["generationConfig", "thinkingConfig"], { thinkingBudget })
}

const tools = (fields: RequestFields): void => {
  const given = fields.tools()
  if (given.some(({ strict }) => strict))
    fields.refuse("tools[].function.strict", "Gemini does not hold arguments to the schema")
  if (fields.take("parallel_tool_calls") === false) fields.refuse("parallel_tool_calls", "Gemini cannot turn it off")
  if (given.length > 0)
    fields.set(
      "tools",
      ["tools"],
      [
        {
          functionDeclarations: given.map(({ name, description, parameters }) =>
            compact({ name, description, parametersJsonSchema: parameters }),
          ),
        },
      ],
    )
  const choice = fields.toolChoice()
  if (choice === undefined) return
  const mode = choice === "none" ? { mode: "NONE" } : { mode: "ANY" }
  fields.set("tool_choice", ["toolConfig", "functionCallingConfig"], {
    ...mode,
    ...(typeof choice === "string" ? {} : { allowedFunctionNames: [choice.name] }),
  })
}
