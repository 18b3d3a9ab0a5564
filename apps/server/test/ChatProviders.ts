/** Providers with chat APIs of their own: what each sends in its documented shapes, and what one conversation is in its words. */
import * as Answer from "@drawbar/stub-platform/Answer"
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
const schema = { type: "object", properties: { city: { type: "string" } } }
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
const tools: Array<OpenAI.ChatCompletionTool> = [
  { type: "function", function: { name: "weather", description: "now", parameters: schema } },
]
export const request = { messages: [...messages], tools, max_tokens: 50, temperature: 0.5, stop: "END" }

const openAiTools = [{ type: "function", function: { name: "weather", description: "now", parameters: schema } }]

const anthropicEvents = [
  { type: "message_start", message: { id: "m", usage: { input_tokens: 12, output_tokens: 1 } } },
  { type: "content_block_start", index: 0, content_block: { type: "thinking", thinking: "" } },
  { type: "content_block_delta", index: 0, delta: { type: "thinking_delta", thinking: "hm" } },
  { type: "content_block_start", index: 1, content_block: { type: "text", text: "" } },
  { type: "content_block_delta", index: 1, delta: { type: "text_delta", text: "Hello" } },
  {
    type: "content_block_start",
    index: 2,
    content_block: { type: "tool_use", id: "toolu_1", name: "weather", input: {} },
  },
  { type: "content_block_delta", index: 2, delta: { type: "input_json_delta", partial_json: '{"city":' } },
  { type: "content_block_delta", index: 2, delta: { type: "input_json_delta", partial_json: '"Köln"}' } },
  { type: "message_delta", delta: { stop_reason: "tool_use" }, usage: { output_tokens: 5 } },
  { type: "message_stop" },
]

const anthropic: Provider = {
  blueprint: "anthropic-messages",
  path: "/v1/messages",
  whole: {
    id: "msg_1",
    type: "message",
    role: "assistant",
    model: "claude-x",
    content: [
      { type: "thinking", thinking: "hm", signature: "s" },
      { type: "text", text: "Hello" },
      { type: "tool_use", id: "toolu_1", name: "weather", input: args },
    ],
    stop_reason: "tool_use",
    usage: { input_tokens: 10, output_tokens: 5, cache_read_input_tokens: 2 },
  },
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
  },
}

/** InvokeModel has the model in its path. */
const withoutModel = (body: object) => Object.fromEntries(Object.entries(body).filter(([name]) => name !== "model"))

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
    },
    stream: () =>
      amazon([
        ["messageStart", { role: "assistant" }],
        ["contentBlockDelta", { contentBlockIndex: 0, delta: { reasoningContent: { text: "hm" } } }],
        ["contentBlockDelta", { contentBlockIndex: 1, delta: { text: "Hello" } }],
        [
          "contentBlockStart",
          { contentBlockIndex: 2, start: { toolUse: { toolUseId: "tooluse_1", name: "weather" } } },
        ],
        ["contentBlockDelta", { contentBlockIndex: 2, delta: { toolUse: { input: '{"city":"Köln"}' } } }],
        ["messageStop", { stopReason: "tool_use" }],
        ["metadata", { usage: { inputTokens: 12, outputTokens: 5, totalTokens: 17 } }],
      ]),
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
    },
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
    },
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
      ]),
    body: {
      contents: [
        { role: "user", parts: [{ text: "What is this?" }, { inlineData: { mimeType: "image/png", data: pixel } }] },
        { role: "model", parts: [{ functionCall: { name: "look", args: { at: 1.5 } } }] },
        { role: "user", parts: [{ functionResponse: { name: "look", response: { result: "a cat" } } }] },
      ],
      systemInstruction: { parts: [{ text: "Be short." }] },
      generationConfig: { maxOutputTokens: 50, temperature: 0.5, stopSequences: ["END"] },
      tools: [{ functionDeclarations: [{ name: "weather", description: "now", parametersJsonSchema: schema }] }],
    },
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
    },
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
      ]),
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
      tools: openAiTools,
    },
  },
  {
    blueprint: "ollama-chat",
    path: "/api/chat",
    whole: {
      model: "llama3.2",
      message: {
        role: "assistant",
        thinking: "hm",
        content: "Hello",
        tool_calls: [{ function: { name: "weather", arguments: args } }],
      },
      done: true,
      done_reason: "stop",
      prompt_eval_count: 12,
      eval_count: 5,
    },
    stream: () =>
      Answer.stream("application/x-ndjson", [
        `${JSON.stringify({ message: { thinking: "hm", content: "" }, done: false })}\n`,
        `${JSON.stringify({ message: { content: "Hello" }, done: false })}\n`,
        `${JSON.stringify({ message: { content: "", tool_calls: [{ function: { name: "weather", arguments: args } }] }, done: false })}\n`,
        `${JSON.stringify({ message: { content: "" }, done: true, done_reason: "stop", prompt_eval_count: 12, eval_count: 5 })}\n`,
      ]),
    body: {
      model: "llama3.2",
      messages: [
        { role: "system", content: "Be short." },
        { role: "user", content: "What is this?", images: [pixel] },
        { role: "assistant", content: "", tool_calls: [{ function: { name: "look", arguments: { at: 1.5 } } }] },
        { role: "tool", tool_name: "look", content: "a cat" },
      ],
      options: { num_predict: 50, temperature: 0.5, stop: ["END"] },
      tools: openAiTools,
    },
  },
]

/** OpenAI, for embeddings; `OpenAi.handler` of the stub responds for it. */
export const embeddings: Provider = {
  blueprint: "openai-embeddings",
  path: "/v1/embeddings",
  whole: {},
  stream: () => Answer.stream("text/plain", []),
  body: {},
}
