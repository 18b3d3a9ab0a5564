/**
 * Providers with chat APIs of their own: what each sends in its documented shapes, and what one conversation is in its words. The types
 * of the vendors' own clients check both.
 */
import * as Answer from "@drawbar/stub-platform/Answer"
import type * as Vendor from "@drawbar/stub-platform/VendorTypes"
import { EventStreamCodec } from "@smithy/eventstream-codec"
import type OpenAI from "openai"

export interface Provider {
  readonly blueprint: string
  readonly path: string
  /** The answer to a question, with a tool call. */
  readonly whole: object
  readonly stream: () => Answer.Stream
  /** What the conversation becomes, beside what the template has. */
  readonly body: object
}

const sse = (events: ReadonlyArray<object>, named = false) =>
  Answer.stream(
    "text/event-stream",
    events.map(
      (event) =>
        `${named && "type" in event ? `event: ${String(event.type)}\n` : ""}data: ${JSON.stringify(event)}\n\n`,
    ),
  )

const codec = new EventStreamCodec(
  (bytes) => Buffer.from(bytes).toString("utf8"),
  (text) => Buffer.from(text, "utf8"),
)

const amazon = (events: ReadonlyArray<readonly [string, object]>) =>
  Answer.stream(
    "application/vnd.amazon.eventstream",
    events.map(([type, data]) =>
      codec.encode({
        headers: {
          ":message-type": { type: "string", value: "event" },
          ":event-type": { type: "string", value: type },
          ":content-type": { type: "string", value: "application/json" },
        },
        body: Buffer.from(JSON.stringify(data)),
      }),
    ),
  )

export const args = { city: "Köln" }
const schema = { type: "object" as const, properties: { city: { type: "string" } } }
const pixel = "iVBORw0KGgo="

const messages: ReadonlyArray<OpenAI.ChatCompletionMessageParam> = [
  { role: "system", content: "Be short." },
  {
    role: "user",
    content: [
      { type: "text", text: "What is this?" },
      { type: "image_url", image_url: { url: `data:image/png;base64,${pixel}` } },
    ],
  },
  {
    role: "assistant",
    content: null,
    tool_calls: [{ id: "call_1", type: "function", function: { name: "look", arguments: '{"at":1.50}' } }],
  },
  { role: "tool", tool_call_id: "call_1", content: "a cat" },
]
const tools = [{ type: "function" as const, function: { name: "weather", description: "now", parameters: schema } }]
export const request = { messages: [...messages], tools, max_tokens: 50, temperature: 0.5, stop: "END" }

const anthropicUsage = {
  cache_creation: null,
  cache_creation_input_tokens: null,
  inference_geo: null,
  output_tokens_details: null,
  server_tool_use: null,
  service_tier: "standard",
  speed: null,
} as const

const anthropicMessage = {
  id: "msg_1",
  type: "message",
  role: "assistant",
  model: "claude-x",
  container: null,
  diagnostics: null,
  stop_details: null,
  stop_sequence: null,
} as const

const anthropicEvents = [
  {
    type: "message_start",
    message: {
      ...anthropicMessage,
      content: [],
      stop_reason: null,
      usage: { ...anthropicUsage, input_tokens: 12, output_tokens: 1, cache_read_input_tokens: null },
    },
  },
  { type: "content_block_start", index: 0, content_block: { type: "thinking", thinking: "", signature: "" } },
  { type: "content_block_delta", index: 0, delta: { type: "thinking_delta", thinking: "hm" } },
  { type: "content_block_delta", index: 0, delta: { type: "signature_delta", signature: "s" } },
  { type: "content_block_stop", index: 0 },
  { type: "content_block_start", index: 1, content_block: { type: "text", text: "", citations: null } },
  { type: "content_block_delta", index: 1, delta: { type: "text_delta", text: "Hello" } },
  { type: "content_block_stop", index: 1 },
  {
    type: "content_block_start",
    index: 2,
    content_block: { type: "tool_use", id: "toolu_1", name: "weather", input: {}, caller: { type: "direct" } },
  },
  { type: "content_block_delta", index: 2, delta: { type: "input_json_delta", partial_json: '{"city":' } },
  { type: "content_block_delta", index: 2, delta: { type: "input_json_delta", partial_json: '"Köln"}' } },
  { type: "content_block_stop", index: 2 },
  {
    type: "message_delta",
    delta: { container: null, stop_details: null, stop_reason: "tool_use", stop_sequence: null },
    usage: {
      input_tokens: null,
      output_tokens: 5,
      cache_creation_input_tokens: null,
      cache_read_input_tokens: null,
      output_tokens_details: null,
      server_tool_use: null,
    },
  },
  { type: "message_stop" },
] satisfies ReadonlyArray<Vendor.AnthropicEvent>

const anthropic: Provider = {
  blueprint: "anthropic-messages",
  path: "/v1/messages",
  whole: {
    ...anthropicMessage,
    content: [
      { type: "thinking", thinking: "hm", signature: "s" },
      { type: "text", text: "Hello", citations: null },
      { type: "tool_use", id: "toolu_1", name: "weather", input: args, caller: { type: "direct" } },
    ],
    stop_reason: "tool_use",
    usage: { ...anthropicUsage, input_tokens: 10, output_tokens: 5, cache_read_input_tokens: 2 },
  } satisfies Vendor.AnthropicResponse,
  stream: () => sse(anthropicEvents, true),
  body: {
    model: "claude-sonnet-4-5",
    max_tokens: 50,
    system: "Be short.",
    messages: [
      {
        role: "user",
        content: [
          { type: "text", text: "What is this?" },
          { type: "image", source: { type: "base64", media_type: "image/png", data: pixel } },
        ],
      },
      { role: "assistant", content: [{ type: "tool_use", id: "call_1", name: "look", input: { at: 1.5 } }] },
      {
        role: "user",
        content: [{ type: "tool_result", tool_use_id: "call_1", content: [{ type: "text", text: "a cat" }] }],
      },
    ],
    temperature: 0.5,
    stop_sequences: ["END"],
    tools: [{ name: "weather", description: "now", input_schema: schema }],
  } satisfies Vendor.AnthropicRequest,
}

/** InvokeModel has the model in its path. */
const withoutModel = (body: object) => Object.fromEntries(Object.entries(body).filter(([name]) => name !== "model"))

/** A member is the type of its event. */
const converseEvents: ReadonlyArray<Vendor.ConverseEvent> = [
  { messageStart: { role: "assistant" } },
  { contentBlockDelta: { contentBlockIndex: 0, delta: { reasoningContent: { text: "hm" } } } },
  { contentBlockStop: { contentBlockIndex: 0 } },
  { contentBlockDelta: { contentBlockIndex: 1, delta: { text: "Hello" } } },
  { contentBlockStop: { contentBlockIndex: 1 } },
  { contentBlockStart: { contentBlockIndex: 2, start: { toolUse: { toolUseId: "tooluse_1", name: "weather" } } } },
  { contentBlockDelta: { contentBlockIndex: 2, delta: { toolUse: { input: '{"city":"Köln"}' } } } },
  { contentBlockStop: { contentBlockIndex: 2 } },
  { messageStop: { stopReason: "tool_use" } },
  { metadata: { usage: { inputTokens: 12, outputTokens: 5, totalTokens: 17 }, metrics: { latencyMs: 5 } } },
]

const ollama = { model: "llama3.2", created_at: "2026-11-28T00:00:00Z" }
const ollamaEnd = { done: true, done_reason: "stop", prompt_eval_count: 12, eval_count: 5 }

export const providers: ReadonlyArray<Provider> = [
  anthropic,
  {
    ...anthropic,
    blueprint: "bedrock-claude-messages",
    path: "/model/anthropic.claude-sonnet-4-5-20250929-v1:0/invoke",
    stream: () =>
      amazon(
        anthropicEvents.map((event) => ["chunk", { bytes: Buffer.from(JSON.stringify(event)).toString("base64") }]),
      ),
    body: { ...withoutModel(anthropic.body), anthropic_version: "bedrock-2023-05-31" },
  },
  {
    blueprint: "bedrock-converse",
    path: "/model/anthropic.claude-sonnet-4-5-20250929-v1:0/converse",
    whole: {
      output: {
        message: {
          role: "assistant",
          content: [
            { reasoningContent: { reasoningText: { text: "hm" } } },
            { text: "Hello" },
            { toolUse: { toolUseId: "tooluse_1", name: "weather", input: args } },
          ],
        },
      },
      stopReason: "tool_use",
      usage: { inputTokens: 12, outputTokens: 5, totalTokens: 17 },
      metrics: { latencyMs: 5 },
    } satisfies Vendor.ConverseResponse,
    stream: () => amazon(converseEvents.flatMap((event) => Object.entries(event))),
    body: {
      system: [{ text: "Be short." }],
      messages: [
        {
          role: "user",
          content: [{ text: "What is this?" }, { image: { format: "png", source: { bytes: pixel } } }],
        },
        { role: "assistant", content: [{ toolUse: { toolUseId: "call_1", name: "look", input: { at: 1.5 } } }] },
        { role: "user", content: [{ toolResult: { toolUseId: "call_1", content: [{ text: "a cat" }] } }] },
      ],
      inferenceConfig: { maxTokens: 50, temperature: 0.5, stopSequences: ["END"] },
      toolConfig: { tools: [{ toolSpec: { name: "weather", description: "now", inputSchema: { json: schema } } }] },
    } satisfies Vendor.ConverseRequest,
  },
  {
    blueprint: "gemini-generate-content",
    path: "/v1beta/models/gemini-flash-latest:generateContent",
    whole: {
      responseId: "r",
      modelVersion: "gemini-x",
      candidates: [
        {
          index: 0,
          content: {
            role: "model",
            parts: [
              { text: "hm", thought: true },
              { text: "Hello" },
              { functionCall: { name: "weather", args }, thoughtSignature: "c2ln" },
            ],
          },
          finishReason: "STOP",
        },
      ],
      usageMetadata: { promptTokenCount: 12, candidatesTokenCount: 3, thoughtsTokenCount: 2, totalTokenCount: 17 },
    } satisfies Vendor.GeminiResponse,
    stream: () =>
      sse([
        { candidates: [{ index: 0, content: { parts: [{ text: "hm", thought: true }] } }] },
        { candidates: [{ index: 0, content: { parts: [{ text: "Hello" }] } }] },
        {
          candidates: [
            { index: 0, content: { parts: [{ functionCall: { name: "weather", args } }] }, finishReason: "STOP" },
          ],
          usageMetadata: { promptTokenCount: 12, candidatesTokenCount: 3, thoughtsTokenCount: 2 },
        },
      ] satisfies ReadonlyArray<Vendor.GeminiResponse>),
    body: {
      contents: [
        { role: "user", parts: [{ text: "What is this?" }, { inlineData: { mimeType: "image/png", data: pixel } }] },
        { role: "model", parts: [{ functionCall: { name: "look", args: { at: 1.5 } } }] },
        { role: "user", parts: [{ functionResponse: { name: "look", response: { result: "a cat" } } }] },
      ],
      systemInstruction: { parts: [{ text: "Be short." }] },
      generationConfig: { maxOutputTokens: 50, temperature: 0.5, stopSequences: ["END"] },
      tools: [{ functionDeclarations: [{ name: "weather", description: "now", parametersJsonSchema: schema }] }],
    } satisfies Vendor.GeminiRequest,
  },
  {
    blueprint: "cohere-chat",
    path: "/v2/chat",
    whole: {
      id: "c-1",
      message: {
        role: "assistant",
        content: [
          { type: "thinking", thinking: "hm" },
          { type: "text", text: "Hello" },
        ],
        tool_calls: [{ id: "w_1", type: "function", function: { name: "weather", arguments: JSON.stringify(args) } }],
      },
      finish_reason: "TOOL_CALL",
      usage: { tokens: { input_tokens: 12, output_tokens: 5 } },
    } satisfies Vendor.CohereResponse,
    stream: () =>
      sse([
        { type: "message-start", id: "c-1" },
        { type: "content-delta", index: 0, delta: { message: { content: { thinking: "hm" } } } },
        { type: "content-delta", index: 1, delta: { message: { content: { text: "Hello" } } } },
        {
          type: "tool-call-start",
          index: 0,
          delta: {
            message: { tool_calls: { id: "w_1", type: "function", function: { name: "weather", arguments: "" } } },
          },
        },
        {
          type: "tool-call-delta",
          index: 0,
          delta: { message: { tool_calls: { function: { arguments: '{"city":"Köln"}' } } } },
        },
        {
          type: "message-end",
          delta: { finish_reason: "TOOL_CALL", usage: { tokens: { input_tokens: 12, output_tokens: 5 } } },
        },
      ] satisfies ReadonlyArray<Vendor.CohereEvent>),
    body: {
      model: "command-a-03-2025",
      messages: [
        { role: "system", content: "Be short." },
        {
          role: "user",
          content: [
            { type: "text", text: "What is this?" },
            { type: "image_url", image_url: { url: `data:image/png;base64,${pixel}` } },
          ],
        },
        {
          role: "assistant",
          tool_calls: [{ id: "call_1", type: "function", function: { name: "look", arguments: '{"at":1.50}' } }],
        },
        { role: "tool", tool_call_id: "call_1", content: "a cat" },
      ],
      max_tokens: 50,
      temperature: 0.5,
      stop_sequences: ["END"],
      tools,
    } satisfies Vendor.CohereRequest,
  },
  {
    blueprint: "ollama-chat",
    path: "/api/chat",
    whole: {
      ...ollama,
      message: {
        role: "assistant",
        thinking: "hm",
        content: "Hello",
        tool_calls: [{ function: { name: "weather", arguments: args } }],
      },
      ...ollamaEnd,
    } satisfies Vendor.OllamaResponse,
    stream: () =>
      Answer.stream(
        "application/x-ndjson",
        (
          [
            { ...ollama, message: { role: "assistant", thinking: "hm", content: "" }, done: false },
            { ...ollama, message: { role: "assistant", content: "Hello" }, done: false },
            {
              ...ollama,
              message: {
                role: "assistant",
                content: "",
                tool_calls: [{ function: { name: "weather", arguments: args } }],
              },
              done: false,
            },
            { ...ollama, message: { role: "assistant", content: "" }, ...ollamaEnd },
          ] satisfies ReadonlyArray<Vendor.OllamaResponse>
        ).map((event) => `${JSON.stringify(event)}\n`),
      ),
    body: {
      model: "llama3.2",
      messages: [
        { role: "system", content: "Be short." },
        { role: "user", content: "What is this?", images: [pixel] },
        { role: "assistant", content: "", tool_calls: [{ function: { name: "look", arguments: { at: 1.5 } } }] },
        { role: "tool", tool_name: "look", content: "a cat" },
      ],
      options: { num_predict: 50, temperature: 0.5, stop: ["END"] },
      tools,
    } satisfies Vendor.OllamaRequest,
  },
]

/** For embeddings; `OpenAi.handler` of the stub responds for it. */
export const embeddings: Provider = {
  blueprint: "openai-embeddings",
  path: "/v1/embeddings",
  whole: {},
  stream: () => Answer.stream("text/plain", []),
  body: {},
}
