/** The measured subjects: each its own process, each requesting the same response from the same upstream. */
import { cp, mkdtemp, rm, writeFile } from "node:fs/promises"
import { createServer, type AddressInfo } from "node:net"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { setTimeout } from "node:timers/promises"
import { fileURLToPath } from "node:url"
import { issue } from "@drawbar/stub-platform/Certificate"
import { Agent, type Dispatcher, request } from "undici"
import type * as Load from "./Load.ts"
import * as Program from "./Program.ts"

/** The task, the upstream's delay in ms, and the size of the messages in bytes. */
export interface Work {
  readonly task?: Task
  readonly delay: number
  readonly bytes: number
}

/** `messages`: a chat with Anthropic's API; `vectors`: texts in, through the connector's functions. */
type Task = "chat" | "embeddings" | "messages" | "vectors"

export interface Subject {
  readonly name: string
  readonly program: Program.Program
  readonly target: (work: Work) => Promise<Load.Target>
  /** The same model by OpenAI's API. */
  readonly face?: Subject
  /** The same as a stream; absent if it is not measured. */
  readonly streamed?: (work: Work) => Promise<Load.Target>
  /** Whether only chats are measured. */
  readonly onlyChats?: true
  /** Changes a record; absent if there are none. */
  readonly write?: () => Promise<void>
}

const file = (path: string) => fileURLToPath(new URL(path, import.meta.url))
const source = "--conditions=@drawbar/source"
/** The server's bundle, started like `pnpm start`. */
export const bundle: ReadonlyArray<string> = [
  "--max-semi-space-size=12",
  "--v8-pool-size=2",
  file("../apps/server/dist/main.mjs"),
]
const portkey = "@portkey-ai/gateway@1.15.2"

type Json = Readonly<Record<string, string>>

const post = async (url: string, body: unknown, headers: Json = {}, dispatcher?: Dispatcher): Promise<Json> => {
  const sent = { "content-type": "application/json", ...headers }
  const answer = await request(url, {
    method: "POST",
    headers: sent,
    body: JSON.stringify(body),
    ...(dispatcher && { dispatcher }),
  })
  const text = await answer.body.text()
  if (answer.statusCode >= 300) throw new Error(`${url} returned ${answer.statusCode}: ${text}`)
  return JSON.parse(text)
}

/** Waits as a load balancer does. */
const untilReady = async (origin: string, dispatcher: Dispatcher): Promise<void> => {
  for (;;) {
    const { statusCode, body } = await request(`${origin}/_health/ready`, { dispatcher })
    await body.dump()
    if (statusCode === 200) return
    await setTimeout(50)
  }
}

const settings = {
  "plugins.ml_commons.trusted_connector_endpoints_regex": ["^https?://127\\.0\\.0\\.1:.*$"],
  "plugins.ml_commons.connector.private_ip_enabled": true,
}

const messages = (bytes: number) =>
  Array.from({ length: 4 }, (_, i) => ({
    role: i % 2 === 0 ? "user" : "assistant",
    content: "how do bees find flowers? ".repeat(bytes / 104 + 1).slice(0, bytes / 4),
  }))

const texts = Array.from({ length: 256 }, (_, i) => `how do bees find flower ${i}?`)

/** Each task's upstream path, the body in addition to the model's name, and a text that a correct response contains. */
const tasks: Readonly<
  Record<Task, { readonly path: string; readonly sent: (bytes: number) => object; readonly expects: string }>
> = {
  chat: { path: "/v1/chat/completions", sent: (bytes) => ({ messages: messages(bytes) }), expects: "Hello there." },
  embeddings: { path: "/v1/embeddings", sent: () => ({ input: texts }), expects: "0.8414709848078965" },
  messages: {
    path: "/v1/messages",
    sent: (bytes) => ({ max_tokens: 100, messages: messages(bytes) }),
    expects: "Hello there.",
  },
  vectors: { path: "/v1/embeddings", sent: () => ({ input: texts }), expects: "0.8414709848078965" },
}

const actions: Readonly<Record<Task, object>> = {
  chat: { request_body: '{"model":"${parameters.model}","messages":${parameters.messages}}' },
  embeddings: {
    request_body: '{"model":"${parameters.model}","input":${parameters.input}}',
    post_process_function: "connector.post_process.openai.embedding",
  },
  messages: {
    request_body:
      '{"model":"${parameters.model}","max_tokens":${parameters.max_tokens},"messages":${parameters.messages}}',
  },
  vectors: {
    request_body: '{"model":"${parameters.model}","input":${parameters.input}}',
    pre_process_function: "connector.pre_process.openai.embedding",
    post_process_function: "connector.post_process.openai.embedding",
  },
}

/** The same tasks in OpenAI's API; the beginning of a vector as 32-bit floats. */
const faces: Readonly<Record<Task, { readonly path: string; readonly sent: (bytes: number) => object }>> = {
  chat: { path: "/v1/chat/completions", sent: tasks.chat.sent },
  messages: { path: "/v1/chat/completions", sent: tasks.messages.sent },
  embeddings: { path: "/v1/embeddings", sent: () => ({ input: texts }) },
  vectors: { path: "/v1/embeddings", sent: () => ({ input: texts, encoding_format: "base64" }) },
}
const packed = Buffer.from(Float32Array.from([0, 1, 2, 3, 4, 5], Math.sin).buffer).toString("base64")

const ml = "/_plugins/_ml"

/** The path of a model for that task; created once. */
const modelsOf = (origin: string, platform: string, headers: Json, dispatcher: Dispatcher) => {
  const known = new Map<string, Promise<string>>()
  return (task: Task, delay: number) => {
    const made = known.get(`${task} ${delay}`) ?? register(task, delay)
    known.set(`${task} ${delay}`, made)
    return made
  }
  async function register(task: Task, delay: number) {
    const connector = {
      name: "benchmark",
      version: 1,
      protocol: "http",
      client_config: { max_connection: 1_000 },
      parameters: { model: "a-model" },
      credential: { key: "a-key-of-16-chars" },
      actions: [
        {
          action_type: "predict",
          method: "POST",
          url: `${platform}/d${delay}${tasks[task].path}`,
          headers: { Authorization: "Bearer ${credential.key}" },
          ...actions[task],
        },
      ],
    }
    const { connector_id } = await post(`${origin}${ml}/connectors/_create`, connector, headers, dispatcher)
    const model = { name: `benchmark ${delay}`, function_name: "remote", connector_id }
    const { model_id } = await post(`${origin}${ml}/models/_register?deploy=true`, model, headers, dispatcher)
    return `${ml}/models/${model_id}/_predict`
  }
}

const drawbar = (
  name: string,
  program: Program.Program,
  platform: string,
  headers: Json,
  ca: { readonly ca?: string },
): Subject => {
  const { origin } = program
  const dispatcher = new Agent({ connect: ca })
  const pathOf = modelsOf(origin, platform, headers, dispatcher)
  const target =
    (suffix: string): Subject["target"] =>
    async ({ task = "chat", delay, bytes }) => ({
      ...ca,
      origin,
      headers,
      path: `${await pathOf(task, delay)}${suffix}`,
      body: JSON.stringify(task === "vectors" ? { text_docs: texts } : { parameters: tasks[task].sent(bytes) }),
      expects: tasks[task].expects,
    })
  const faced =
    (stream: boolean): Subject["target"] =>
    async ({ task = "chat", delay, bytes }) => {
      const [, model] = /models\/([^/]+)/.exec(await pathOf(task, delay)) ?? []
      return {
        ...ca,
        origin,
        headers,
        path: faces[task].path,
        body: JSON.stringify({ model, ...faces[task].sent(bytes), ...(stream ? { stream } : {}) }),
        expects: task === "vectors" ? packed : tasks[task].expects,
      }
    }
  let written = 0
  return {
    name,
    program,
    target: target(""),
    streamed: target("/stream"),
    face: { name: `${name}, /v1`, program, target: faced(false), streamed: faced(true) },
    write: async () => {
      const connector = { name: `written ${written++}`, version: 1, protocol: "http", actions: [writtenAction] }
      await post(`${origin}${ml}/connectors/_create`, connector, headers, dispatcher)
    },
  }
}

const writtenAction = { action_type: "predict", method: "GET", url: "http://127.0.0.1:8080/" }

/** The same body as OpenAI's, for a subject with its API; `prefix` is the beginning of its paths. */
const openAi = (
  name: string,
  program: Program.Program,
  prefix: (delay: number) => string,
  headers: (delay: number) => Json,
): Subject => {
  const target =
    (stream: boolean): Subject["target"] =>
    async ({ task = "chat", delay, bytes }) => ({
      origin: program.origin,
      path: `${prefix(delay)}${tasks[task].path}`,
      headers: headers(delay),
      body: JSON.stringify({ model: "a-model", ...tasks[task].sent(bytes), ...(stream ? { stream } : {}) }),
      expects: tasks[task].expects,
    })
  return { name, program, target: target(false), streamed: target(true) }
}

const freePort = () =>
  new Promise<number>((resolve) => {
    const server = createServer().listen(0, "127.0.0.1", () => {
      const { port } = server.address() as AddressInfo
      server.close(() => resolve(port))
    })
  })

const portkeyHeaders = (platform: string) => (delay: number) => ({
  authorization: "Bearer a-key",
  "x-portkey-provider": "openai",
  "x-portkey-custom-host": `${platform}/d${delay}/v1`,
})

/** What speaks TLS: the callers, the upstream, or nothing. */
export type Tls = "none" | "callers" | "upstream"

/** Starts new processes, each with the same records and the same upstream. */
export interface Starter {
  readonly floor: () => Promise<Subject>
  /** With authentication, log, metrics, and its records on disk; `flags` are those of `node`. */
  readonly drawbar: (flags?: ReadonlyArray<string>) => Promise<Subject>
  readonly bare: () => Promise<Subject>
  readonly direct: () => Subject
  readonly peer: () => Promise<Subject>
}

/** Starts the upstream, runs `work`, and stops all processes that it started. */
export const withStarter = async <A>(tls: Tls, work: (starter: Starter) => Promise<A>): Promise<A> => {
  const folder = await mkdtemp(join(tmpdir(), "drawbar-bench-"))
  const programs: Array<Program.Program> = []
  const start = async (args: ReadonlyArray<string>, command?: string) => {
    const program = await Program.start(args, command)
    programs.push(program)
    return program
  }
  try {
    const issued = issue(["127.0.0.1"])
    for (const [name, text] of Object.entries(issued)) await writeFile(join(folder, `${name}.pem`), text)
    await writeFile(join(folder, "settings.json"), JSON.stringify(settings))
    const served = ["certificate", "key"].map((name) => join(folder, `${name}.pem`))
    const listens = tls === "callers" ? served : []
    const ca = tls === "callers" ? { ca: issued.ca } : {}
    const platform = await start([source, file("platform.ts"), ...(tls === "upstream" ? served : [])])
    const flags = [
      "--port",
      "0",
      "--settings",
      join(folder, "settings.json"),
      "--ca-file",
      join(folder, "ca.pem"),
      ...(tls === "callers" ? ["--tls-cert", served[0]!, "--tls-key", served[1]!] : []),
    ]
    const kept = join(folder, "data")
    const first = await Program.start([...bundle, ...flags, "--data", kept])
    const dispatcher = new Agent({ connect: ca })
    const { api_key } = await post(`${first.origin}${ml}/api_keys`, { name: "bench", roles: ["admin"] }, {}, dispatcher)
    await Program.stop(first)
    let copies = 0
    return await work({
      floor: async () => {
        const floor = await start([source, file("floor.ts"), platform.origin, join(folder, "ca.pem"), ...listens])
        const target =
          (stream: boolean): Subject["target"] =>
          async ({ task = "chat", delay, bytes }) => ({
            ...ca,
            origin: floor.origin,
            path: `/d${delay}${tasks[task].path}`,
            body: JSON.stringify({ parameters: { ...tasks[task].sent(bytes), ...(stream ? { stream } : {}) } }),
            expects: tasks[task].expects,
          })
        return { name: "floor", program: floor, target: target(false), streamed: target(true) }
      },
      drawbar: async (own = bundle) => {
        const data = join(folder, `data ${copies++}`)
        await cp(kept, data, { recursive: true })
        const program = await start([...own, ...flags, "--data", data, "--auth", "on"])
        await untilReady(program.origin, dispatcher)
        const headers = { authorization: `Bearer ${api_key}` }
        return drawbar("drawbar: auth, log, metrics", program, platform.origin, headers, ca)
      },
      bare: async () => {
        const program = await start([...bundle, ...flags, "--data", ":memory:", "--log", "off"])
        await untilReady(program.origin, dispatcher)
        return drawbar("drawbar: no auth, no log", program, platform.origin, {}, ca)
      },
      direct: () =>
        openAi(
          "direct",
          platform,
          (delay) => `/d${delay}`,
          () => ({}),
        ),
      peer: async () => {
        const peer = await start(["-y", portkey, `--port=${await freePort()}`, "--headless"], "npx")
        return { ...openAi("portkey", peer, () => "", portkeyHeaders(platform.origin)), onlyChats: true }
      },
    })
  } finally {
    await Promise.all(programs.map(Program.stop))
    await rm(folder, { recursive: true, force: true })
  }
}

/** Starts all subjects, runs `work`, and stops them. */
export const use = <A>(withPeer: boolean, work: (subjects: ReadonlyArray<Subject>) => Promise<A>): Promise<A> =>
  withStarter("none", async ({ floor, direct, drawbar, bare, peer }) =>
    work([await floor(), direct(), await drawbar(), await bare(), ...(withPeer ? [await peer()] : [])]),
  )
