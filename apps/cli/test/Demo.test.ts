/** `drawbar demo`: from its start to a predict with the commands that are printed, and what its platform returns. */
import { type ChildProcess, spawn } from "node:child_process"
import { once } from "node:events"
import { fileURLToPath } from "node:url"
import process from "node:process"
import { afterAll, assert, beforeAll, describe, expect, it } from "vitest"
import * as DemoEmbeddings from "../src/demo/DemoEmbeddings.ts"
import * as DemoPlatform from "../src/demo/DemoPlatform.ts"
import * as Terminal from "./Terminal.ts"

const words = (line: string): ReadonlyArray<string> =>
  [...line.matchAll(/'([^']*)'|(\S+)/g)].map(([, quoted, plain]) => quoted ?? plain ?? "")

const main = fileURLToPath(new URL("../src/main.ts", import.meta.url))

/** Starts `drawbar demo` and returns what it prints once it listens. */
const demo = async (folder: string): Promise<{ readonly child: ChildProcess; readonly greeting: string }> => {
  const env = { PATH: process.env["PATH"], XDG_CONFIG_HOME: folder, NODE_COMPILE_CACHE: folder }
  const child = spawn(process.execPath, ["--conditions=@drawbar/source", main, "demo", "--port", "0"], { env })
  let greeting = ""
  for await (const part of child.stdout) {
    greeting += String(part)
    if (/embeddings.*\n$/.test(greeting) && greeting.includes("or, for")) break
  }
  return { child, greeting }
}

it("leads to a predict without a key by the commands that are printed", async () => {
  await using terminal = await Terminal.open()
  const { child, greeting } = await demo(terminal.folder)
  try {
    expect(greeting).toContain("no language model")
    const [trust, ...uses] = [...greeting.matchAll(/^ {2}drawbar (.*)$/gm)].map(([, line = ""]) => words(line))
    expect(await terminal.drawbar(trust ?? [])).toMatchObject({ code: 0, err: "" })
    const results: Array<string> = []
    for (const use of uses) {
      let { out } = await terminal.drawbar(use)
      for (let step = 0; step < 2; step++) {
        const ended = await terminal.drawbar(words(/Next: drawbar (.*)/.exec(out)?.[1] ?? ""))
        expect(ended).toMatchObject({ code: 0, err: "" })
        out = ended.out
      }
      results.push(out)
    }
    expect(results[0]).toContain("You said: Hello from Drawbar")
    expect(JSON.parse(results[1] ?? "").inference_results[0].output[0].shape).toEqual([256])
  } finally {
    child.kill("SIGTERM")
    const [code] = child.exitCode === null ? await once(child, "exit") : [child.exitCode]
    expect(code).toBe(0)
  }
})

const dot = (a: string, b: string) => {
  const right = DemoEmbeddings.vector(b)
  return DemoEmbeddings.vector(a).reduce((sum, value, at) => sum + value * (right[at] ?? 0), 0)
}

describe("the platform", () => {
  let platform: DemoPlatform.DemoPlatform
  beforeAll(async () => {
    platform = await DemoPlatform.start(0)
  })
  afterAll(() => platform.close())

  const post = async (path: string, body: unknown) => {
    const text = typeof body === "string" ? body : JSON.stringify(body)
    const response = await fetch(`http://127.0.0.1:${platform.port}${path}`, { method: "POST", body: text })
    return { status: response.status, json: (await response.json()) as any }
  }
  const chat = (body: object) =>
    post("/v1/chat/completions", { messages: [{ role: "user", content: "say hi" }], ...body })
  const tools = [
    {
      type: "function",
      function: {
        name: "weather",
        parameters: {
          type: "object",
          properties: { city: { type: "string" }, days: { type: "integer", minimum: 2 }, unit: { enum: ["C", "F"] } },
        },
      },
    },
  ]

  it("returns the same response to the same request", async () => {
    assert.deepStrictEqual(await chat({}), await chat({}))
    const input = { input: ["a", "b"] }
    assert.deepStrictEqual(await post("/v1/embeddings", input), await post("/v1/embeddings", input))
  })

  it("calls a tool, and repeats what the tool returned", async () => {
    const { message, finish_reason } = (await chat({ tools })).json.choices[0]
    assert.strictEqual(finish_reason, "tool_calls")
    assert.deepStrictEqual(JSON.parse(message.tool_calls[0].function.arguments), { city: "say hi", days: 2, unit: "C" })
    const messages = [
      { role: "user", content: "say hi" },
      message,
      { role: "tool", tool_call_id: message.tool_calls[0].id, content: "21 degrees" },
    ]
    assert.strictEqual(
      (await chat({ messages, tools })).json.choices[0].message.content,
      "The tool returned: 21 degrees",
    )
    assert.strictEqual((await chat({ tools, tool_choice: "none" })).json.choices[0].finish_reason, "stop")
    const other = await chat({ tools, tool_choice: { type: "function", function: { name: "other" } } })
    assert.strictEqual(other.status, 400)
    assert.include(other.json.error.message, "other")
  })

  it("streams the text that it returns at once, with usage where it is asked for", async () => {
    const whole = (await chat({})).json
    const response = await fetch(`http://127.0.0.1:${platform.port}/v1/chat/completions`, {
      method: "POST",
      body: JSON.stringify({
        messages: [{ role: "user", content: "say hi" }],
        stream: true,
        stream_options: { include_usage: true },
      }),
    })
    const lines = (await response.text()).trim().split("\n\n")
    assert.strictEqual(lines.pop(), "data: [DONE]")
    const events = lines.map((line) => JSON.parse(line.slice("data: ".length)))
    const text = events.map(({ choices }) => choices[0]?.delta.content ?? "").join("")
    assert.strictEqual(text, whole.choices[0].message.content)
    assert.deepStrictEqual(events.at(-1).usage, whole.usage)
  })

  it("cuts at the limit, and returns JSON where it is asked for", async () => {
    const cut = (await chat({ max_completion_tokens: 2 })).json
    assert.deepInclude(cut.choices[0], { finish_reason: "length" })
    assert.strictEqual(cut.usage.completion_tokens, 2)
    const { content } = (await chat({ response_format: { type: "json_object" } })).json.choices[0].message
    assert.deepStrictEqual(JSON.parse(content), { you_said: "say hi" })
  })

  it("embeds texts with common words near each other", () => {
    const query = "how do bees find flowers"
    assert.approximately(dot(query, query), 1, 1e-3)
    assert.isAbove(dot(query, "a bee finds a flower"), dot(query, "trains stop at stations"))
  })

  it("has the dimensions and the encoding that are asked for", async () => {
    const { json } = await post("/v1/embeddings", { input: "a", dimensions: 8, encoding_format: "base64" })
    const bytes = Buffer.from(json.data[0].embedding, "base64")
    const vector = new Float32Array(bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.byteLength))
    assert.strictEqual(vector.length, 8)
    assert.approximately(vector[0] ?? 9, DemoEmbeddings.vector("a", 8)[0] ?? 0, 1e-6)
  })

  it.each([
    ["a body that is not JSON", "/v1/embeddings", "{", 400, "JSON object"],
    ["no input", "/v1/embeddings", {}, 400, "input must be"],
    ["an input of numbers", "/v1/embeddings", { input: [1] }, 400, "input must be"],
    ["too many dimensions", "/v1/embeddings", { input: "a", dimensions: 1e9 }, 400, "from 1 to 3072"],
    ["no messages", "/v1/chat/completions", {}, 400, "messages must be"],
    ["another path", "/v1/other", {}, 404, "POST /v1/embeddings"],
    ["a large body", "/v1/embeddings", { input: "a".repeat(1_100_000) }, 413, "larger than 1000000 bytes"],
  ])("rejects %s", async (_, path, body, status, message) => {
    const answered = await post(path, body)
    assert.strictEqual(answered.status, status)
    assert.include(answered.json.error.message, message)
  })
})
