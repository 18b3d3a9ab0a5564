/** The failure messages of the HTTP API, each graded by the rule of Grade.ts; apps/cli/test/messages/CommandMessages.test.ts has the command's. */
import * as Server from "@drawbar/server/Server"
import * as StubPlatform from "@drawbar/stub-platform/StubPlatform"
import { Effect, Exit, Scope } from "effect"
import { afterAll, beforeAll, expect, it } from "vitest"
import * as Grade from "./Grade.ts"
import { blueprint, cases, type Context, openSettings, secret, upstream } from "./ServerCases.ts"

const scope = Effect.runSync(Scope.make())
let platform: StubPlatform.StubPlatform
let secure: StubPlatform.StubPlatform
let context: Context

const fieldOf = async (response: Response, name: string) => {
  const text = await response.text()
  expect(response.status, text).toBe(200)
  return JSON.parse(text)[name]
}

beforeAll(async () => {
  platform = await StubPlatform.start({ handler: upstream })
  secure = await StubPlatform.start({ tls: true })
  const stopped = await StubPlatform.start()
  await stopped.close()
  const { url: server } = await Effect.runPromise(
    Server.listen({ host: "127.0.0.1", port: 0, secrets: { environment: {} } }).pipe(Scope.provide(scope)),
  )
  const send: Context["send"] = (method, path, body, headers = { "content-type": "application/json" }) =>
    fetch(server + path, {
      method,
      ...(body === undefined ? {} : { headers, body: typeof body === "string" ? body : JSON.stringify(body) }),
    })
  const model: Context["model"] = async (to, more) => {
    const url = to.startsWith("/") ? `${platform.origin}${to}` : to
    const created = await send("POST", "/_plugins/_ml/connectors/_create", blueprint(url, more))
    const document = { name: "m", function_name: "remote", connector_id: await fieldOf(created, "connector_id") }
    return fieldOf(await send("POST", "/_plugins/_ml/models/_register", document), "model_id")
  }
  context = { url: server, upstream: platform.origin, secure: secure.origin, closed: stopped.origin, send, model }
  await fieldOf(await send("PUT", "/_cluster/settings", { persistent: openSettings }), "acknowledged")
})
afterAll(async () => {
  await Effect.runPromise(Scope.close(scope, Exit.void))
  await platform.close()
  await secure.close()
})

/** The sentence that a client shows. */
const messageOf = (text: string): string => {
  const { error } = JSON.parse(text)
  return typeof error === "string" ? error : error.reason
}

it.each(cases)("names what, where and what to do: $name", async ({ request, status, ...expected }) => {
  const response = await request(context)
  const text = await response.text()
  expect(response.status, text).toBe(status)
  const message = messageOf(text)
  expect(text).not.toContain(secret)
  expect(Grade.of(message, expected, [secret]), message).toBe(Grade.maximum)
})
