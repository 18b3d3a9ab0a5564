/**
 * Calls a model of its own on loopback until V8 has compiled what a predict runs through, so that the first callers do not wait for that.
 * docs/decisions/0040-hot-path.md has the measurement.
 */
import { randomBytes } from "node:crypto"
import { once } from "node:events"
import { createServer, type RequestListener } from "node:http"
import { text } from "node:stream/consumers"
import { brief } from "@drawbar/egress/EgressPool"
import { Resolver } from "@drawbar/egress/Resolver"
import { basePath } from "@drawbar/http-api/routes/BasePath"
import * as SafeErrorText from "@drawbar/http-server/http/SafeErrorText"
import { Context, Effect, Layer, Redacted } from "effect"
import { OperatorHttpClient } from "./secrets/OperatorHttpClient.ts"
import * as Server from "./Server.ts"

/**
 * After how many calls V8 optimizes a function, and so how many predicts are made: by its default of 3,000 a server takes some 20 seconds
 * of load to its full speed.
 */
export const callsUntilOptimized = 1_000

/** In ms: a slow machine is not kept busy for longer. */
const longestMillis = 3_000

const host = "127.0.0.1"

/** Ends with the last predict, or when its time is over. One call after the other, so that those of callers come between. */
export const run: Effect.Effect<void> = Effect.suspend(() => Effect.scoped(predicting)).pipe(
  Effect.timeoutOption(longestMillis),
  Effect.orDie,
  Effect.catchDefect((defect) =>
    Effect.logWarning(
      `The server could not warm up, and its first predicts take longer: ${SafeErrorText.describe(defect)}`,
    ),
  ),
  Effect.asVoid,
)

const predicting = Effect.gen(function* () {
  const { port } = yield* provider
  const key = randomBytes(32).toString("base64url")
  const { url } = yield* Server.listen({
    host,
    port: 0,
    exclusive: true,
    auth: true,
    initialAdminKey: Redacted.make(key),
    settings: {
      "plugins.ml_commons.trusted_connector_endpoints_regex": [`^http://127\\.0\\.0\\.1:${port}/.*$`],
      "plugins.ml_commons.connector.private_ip_enabled": true,
    },
    accessLog: () => {},
    graceMillis: 0,
  })
  const send = yield* client(`${url}${basePath}`, key)
  const { connector_id } = yield* send("/connectors/_create", connector(port))
  const model = { name: "warm-up", function_name: "remote", connector_id }
  const { model_id } = yield* send("/models/_register?deploy=true", model)
  yield* Effect.repeat(send(`/models/${model_id}/_predict`, input), { times: callsUntilOptimized - 1 })
})

const provider = Effect.acquireRelease(
  Effect.promise(async () => {
    const server = createServer(answer)
    server.listen({ port: 0, host, exclusive: true })
    await once(server, "listening")
    const address = server.address()
    return { server, port: typeof address === "object" && address !== null ? address.port : 0 }
  }),
  ({ server }) =>
    Effect.sync(() => {
      server.close()
      server.closeAllConnections()
    }),
)

/** A chat completion of OpenAI's API. */
const completion = JSON.stringify({
  id: "chatcmpl-1",
  object: "chat.completion",
  created: 0,
  model: "warm-up",
  choices: [{ index: 0, message: { role: "assistant", content: "Hello." }, finish_reason: "stop" }],
  usage: { prompt_tokens: 10, completion_tokens: 2, total_tokens: 12 },
})

const answer: RequestListener = async (asked, response) => {
  await text(asked)
  response.writeHead(200, { "content-type": "application/json" })
  response.end(completion)
}

const connector = (port: number) => ({
  name: "warm-up",
  version: 1,
  protocol: "http",
  parameters: { model: "warm-up" },
  credential: { key: "not-a-secret" },
  actions: [
    {
      action_type: "predict",
      method: "POST",
      url: `http://${host}:${port}/v1/chat/completions`,
      headers: { Authorization: "Bearer ${credential.key}" },
      request_body: '{"model":"${parameters.model}","messages":${parameters.messages}}',
    },
  ],
})

const input = { parameters: { messages: [{ role: "user", content: "Hello?" }] } }

/** Posts JSON as an admin. */
const client = Effect.fnUntraced(function* (base: string, key: string) {
  const services = yield* Layer.build(Layer.provide(OperatorHttpClient.layer([]), Resolver.layer))
  const pool = yield* Context.get(services, OperatorHttpClient).open(new URL(base).origin)
  const headers = { "content-type": "application/json", authorization: `Bearer ${key}` }
  return (path: string, sent: object) =>
    Effect.map(
      pool.send({ method: "POST", url: `${base}${path}`, headers, body: JSON.stringify(sent) }, brief(1_000_000)),
      ({ status, body }) => {
        const received = Buffer.from(body).toString()
        if (status !== 200) throw new Error(`${path} returned ${status}: ${received}`)
        return JSON.parse(received)
      },
    )
})
