/** What each provider is sent for the fields of OpenAI's API, checked by the types of the provider's own client. */
import { assert, describe, it } from "@effect/vitest"
import type * as Vendor from "@drawbar/stub-platform/VendorTypes"
import { fromUnknown } from "@drawbar/template-renderer/Parameter"
import { Result } from "effect"
import * as BodyMembers from "../src/dialect/BodyMembers.ts"
import * as Dialects from "../src/dialect/Dialects.ts"

const schema = {
  type: "object" as const,
  properties: { city: { type: "string" } },
  required: ["city"],
  additionalProperties: false,
}
const pdf = "JVBERi0="

/** Without what some provider has not: each of those is a case of its own. */
const asked = {
  messages: [
    { role: "developer", content: "Be short." },
    { role: "system", content: "Be kind." },
    { role: "user", content: "The weather?" },
    {
      role: "assistant",
      content: "I look.",
      tool_calls: [
        { id: "a", type: "function", function: { name: "weather", arguments: '{"city":"Köln"}' } },
        { id: "b", type: "function", function: { name: "weather", arguments: '{"city":"Bonn"}' } },
      ],
    },
    { role: "tool", tool_call_id: "a", content: [{ type: "text", text: '{"sky":"rain"}' }] },
    { role: "tool", tool_call_id: "b", content: "sun" },
    { role: "user", content: "So?" },
  ],
  max_completion_tokens: 100,
  top_p: 0.5,
  stop: ["A", "B"],
  tools: [{ type: "function", function: { name: "weather", description: "now", parameters: schema } }],
  response_format: { type: "json_schema", json_schema: { name: "city", schema, strict: true } },
} satisfies Omit<Vendor.OpenAiRequest, "model">

const calls = [
  ["a", "Köln"],
  ["b", "Bonn"],
] as const
const sampling = { seed: 5, frequency_penalty: 0.5, presence_penalty: 0.25 }
const oneFunction = { type: "function" as const, function: { name: "weather" } }
const file = {
  type: "file" as const,
  file: { filename: "a b.pdf", file_data: `data:application/pdf;base64,${pdf}` },
}
const image = { type: "image_url" as const, image_url: { url: "https://example.com/a.png" } }

interface Case {
  readonly provider: string
  readonly also?: Omit<Partial<Vendor.OpenAiRequest>, "stream">
  readonly body: object
}

const cases: ReadonlyArray<Case> = [
  {
    provider: "OpenAI",
    also: { ...sampling, tool_choice: "required", reasoning_effort: "low", n: 2 },
    body: {
      model: "m",
      ...asked,
      ...sampling,
      tool_choice: "required",
      reasoning_effort: "low",
      n: 2,
    } satisfies Vendor.OpenAiRequest,
  },
  {
    provider: "Anthropic",
    also: { tool_choice: "required", parallel_tool_calls: false, reasoning_effort: "max", user: "u" },
    body: {
      model: "m",
      system: "Be short.\n\nBe kind.",
      messages: [
        { role: "user", content: "The weather?" },
        {
          role: "assistant",
          content: [
            { type: "text", text: "I look." },
            ...calls.map(([id, city]) => ({ type: "tool_use" as const, id, name: "weather", input: { city } })),
          ],
        },
        {
          role: "user",
          content: [
            { type: "tool_result", tool_use_id: "a", content: [{ type: "text", text: '{"sky":"rain"}' }] },
            { type: "tool_result", tool_use_id: "b", content: [{ type: "text", text: "sun" }] },
            { type: "text", text: "So?" },
          ],
        },
      ],
      max_tokens: 100,
      top_p: 0.5,
      stop_sequences: ["A", "B"],
      metadata: { user_id: "u" },
      tools: [{ name: "weather", description: "now", input_schema: schema }],
      tool_choice: { type: "any", disable_parallel_tool_use: true },
      output_config: { format: { type: "json_schema", schema }, effort: "max" },
    } satisfies Vendor.AnthropicRequest,
  },
  {
    provider: "Anthropic",
    also: {
      messages: [{ role: "user", content: [file, image] }],
      tool_choice: oneFunction,
      tools: [{ type: "function", function: { name: "weather", parameters: schema, strict: true } }],
    },
    body: {
      model: "m",
      messages: [
        {
          role: "user",
          content: [
            {
              type: "document",
              source: { type: "base64", media_type: "application/pdf", data: pdf },
              title: "a b.pdf",
            },
            { type: "image", source: { type: "url", url: "https://example.com/a.png" } },
          ],
        },
      ],
      max_tokens: 100,
      top_p: 0.5,
      stop_sequences: ["A", "B"],
      tools: [{ name: "weather", input_schema: schema, strict: true }],
      tool_choice: { type: "tool", name: "weather" },
      output_config: { format: { type: "json_schema", schema } },
    } satisfies Vendor.AnthropicRequest,
  },
  {
    provider: "Bedrock Converse",
    also: { tool_choice: oneFunction, metadata: { team: "a" } },
    body: {
      system: [{ text: "Be short.\n\nBe kind." }],
      messages: [
        { role: "user", content: [{ text: "The weather?" }] },
        {
          role: "assistant",
          content: [
            { text: "I look." },
            ...calls.map(([toolUseId, city]) => ({ toolUse: { toolUseId, name: "weather", input: { city } } })),
          ],
        },
        {
          role: "user",
          content: [
            { toolResult: { toolUseId: "a", content: [{ text: '{"sky":"rain"}' }] } },
            { toolResult: { toolUseId: "b", content: [{ text: "sun" }] } },
            { text: "So?" },
          ],
        },
      ],
      inferenceConfig: { maxTokens: 100, topP: 0.5, stopSequences: ["A", "B"] },
      requestMetadata: { team: "a" },
      toolConfig: {
        tools: [{ toolSpec: { name: "weather", description: "now", inputSchema: { json: schema } } }],
        toolChoice: { tool: { name: "weather" } },
      },
      outputConfig: {
        textFormat: {
          type: "json_schema",
          structure: { jsonSchema: { name: "city", schema: JSON.stringify(schema) } },
        },
      },
    } satisfies Vendor.ConverseRequest,
  },
  {
    provider: "Bedrock Converse",
    also: { messages: [{ role: "user", content: [{ type: "text", text: "x" }, file] }], tool_choice: "required" },
    body: {
      messages: [
        {
          role: "user",
          content: [{ text: "x" }, { document: { format: "pdf", name: "a-b-pdf", source: { bytes: pdf } } }],
        },
      ],
      inferenceConfig: { maxTokens: 100, topP: 0.5, stopSequences: ["A", "B"] },
      toolConfig: {
        tools: [{ toolSpec: { name: "weather", description: "now", inputSchema: { json: schema } } }],
        toolChoice: { any: {} },
      },
      outputConfig: {
        textFormat: {
          type: "json_schema",
          structure: { jsonSchema: { name: "city", schema: JSON.stringify(schema) } },
        },
      },
    } satisfies Vendor.ConverseRequest,
  },
  {
    provider: "Gemini",
    also: { ...sampling, tool_choice: oneFunction, reasoning_effort: "medium", n: 2 },
    body: {
      systemInstruction: { parts: [{ text: "Be short.\n\nBe kind." }] },
      contents: [
        { role: "user", parts: [{ text: "The weather?" }] },
        {
          role: "model",
          parts: [
            { text: "I look." },
            ...calls.map(([, city]) => ({ functionCall: { name: "weather", args: { city } } })),
          ],
        },
        {
          role: "user",
          parts: [
            { functionResponse: { name: "weather", response: { sky: "rain" } } },
            { functionResponse: { name: "weather", response: { result: "sun" } } },
            { text: "So?" },
          ],
        },
      ],
      generationConfig: {
        maxOutputTokens: 100,
        topP: 0.5,
        candidateCount: 2,
        seed: 5,
        frequencyPenalty: 0.5,
        presencePenalty: 0.25,
        stopSequences: ["A", "B"],
        thinkingConfig: { thinkingBudget: 8_192 },
        responseMimeType: "application/json",
        responseJsonSchema: schema,
      },
      tools: [{ functionDeclarations: [{ name: "weather", description: "now", parametersJsonSchema: schema }] }],
      toolConfig: { functionCallingConfig: { mode: "ANY", allowedFunctionNames: ["weather"] } },
    } satisfies Vendor.GeminiRequest,
  },
  {
    provider: "Gemini",
    also: { messages: [{ role: "user", content: [file, image] }], tools: [], response_format: { type: "json_object" } },
    body: {
      contents: [
        {
          role: "user",
          parts: [
            { inlineData: { mimeType: "application/pdf", data: pdf } },
            { fileData: { mimeType: "image/png", fileUri: "https://example.com/a.png" } },
          ],
        },
      ],
      generationConfig: {
        maxOutputTokens: 100,
        topP: 0.5,
        stopSequences: ["A", "B"],
        responseMimeType: "application/json",
      },
    } satisfies Vendor.GeminiRequest,
  },
  {
    provider: "Cohere",
    also: {
      ...sampling,
      tool_choice: "required",
      reasoning_effort: "none",
      tools: [
        { type: "function", function: { name: "weather", description: "now", parameters: schema, strict: true } },
      ],
    },
    body: {
      model: "m",
      messages: [
        { role: "system", content: "Be short." },
        { role: "system", content: "Be kind." },
        { role: "user", content: "The weather?" },
        {
          role: "assistant",
          content: "I look.",
          tool_calls: calls.map(([id, city]) => ({
            id,
            type: "function" as const,
            function: { name: "weather", arguments: JSON.stringify({ city }) },
          })),
        },
        { role: "tool", tool_call_id: "a", content: '{"sky":"rain"}' },
        { role: "tool", tool_call_id: "b", content: "sun" },
        { role: "user", content: "So?" },
      ],
      max_tokens: 100,
      p: 0.5,
      ...sampling,
      stop_sequences: ["A", "B"],
      response_format: { type: "json_object", json_schema: schema },
      thinking: { type: "disabled" },
      tools: [{ type: "function", function: { name: "weather", description: "now", parameters: schema } }],
      strict_tools: true,
      tool_choice: "REQUIRED",
    } satisfies Vendor.CohereRequest,
  },
  {
    provider: "Ollama",
    also: { ...sampling, reasoning_effort: "high" },
    body: {
      model: "m",
      stream: false,
      messages: [
        { role: "system", content: "Be short." },
        { role: "system", content: "Be kind." },
        { role: "user", content: "The weather?" },
        {
          role: "assistant",
          content: "I look.",
          tool_calls: calls.map(([, city]) => ({ function: { name: "weather", arguments: { city } } })),
        },
        { role: "tool", tool_name: "weather", content: '{"sky":"rain"}' },
        { role: "tool", tool_name: "weather", content: "sun" },
        { role: "user", content: "So?" },
      ],
      options: { num_predict: 100, top_p: 0.5, stop: ["A", "B"], ...sampling },
      format: schema,
      think: "high",
      tools: [{ type: "function", function: { name: "weather", description: "now", parameters: schema } }],
    } satisfies Vendor.OllamaRequest,
  },
]

const sentTo = (provider: string, request: object) => {
  const dialect = Dialects.rows.find((row) => row.provider === provider)
  assert.isDefined(dialect)
  const fields = new Map(Object.entries(request).map(([name, value]) => [name, fromUnknown(value)] as const))
  return Result.getOrThrow(dialect.request(fields))
}

describe("a request in a provider's words", () => {
  it.each(cases)("has each field where $provider documents it", ({ provider, also, body }) => {
    const { members, unsupported } = sentTo(provider, { ...asked, ...also })
    assert.deepStrictEqual(unsupported, [])
    assert.deepStrictEqual(
      JSON.parse(BodyMembers.add("model" in body ? '{"model":"m"}' : "{}", members)?.body ?? ""),
      body,
    )
  })

  it.each([
    ["Anthropic", { temperature: 1.5 }, "temperature"],
    ["Anthropic", { response_format: { type: "json_object" } }, "response_format"],
    ["Anthropic", { reasoning_effort: "minimal" }, "reasoning_effort"],
    ["Anthropic", { seed: 5 }, "seed"],
    ["Bedrock Converse", { tool_choice: "none" }, "tool_choice"],
    ["Bedrock Converse", { messages: [{ role: "user", content: [image] }] }, "messages[].content[].image_url"],
    ["Gemini", { reasoning_effort: "max" }, "reasoning_effort"],
    ["Gemini", { parallel_tool_calls: false }, "parallel_tool_calls"],
    ["Cohere", { tool_choice: oneFunction }, "tool_choice"],
    ["Cohere", { reasoning_effort: "high" }, "reasoning_effort"],
    ["Cohere", { n: 2 }, "n"],
    ["Ollama", { tool_choice: "required" }, "tool_choice"],
    ["Ollama", { reasoning_effort: "xhigh" }, "reasoning_effort"],
    ["Ollama", { messages: [{ role: "user", content: [file] }] }, "messages[].content[].file"],
  ] as const)("refuses for %s by name %j", (provider, also, field) => {
    const { unsupported } = sentTo(provider, { ...asked, ...also })
    assert.deepStrictEqual(
      unsupported.map((one) => one.field),
      [field],
    )
  })
})
