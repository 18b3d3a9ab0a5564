/** A server with one model in front of a provider on loopback, and OpenAI's client for it. */
import type * as Answer from "@drawbar/stub-platform/Answer"
import * as OpenAi from "@drawbar/stub-platform/OpenAi"
import * as StubPlatform from "@drawbar/stub-platform/StubPlatform"
import OpenAI from "openai"
import { assert } from "vitest"
import { ask } from "./AuthenticatedServer.ts"
import * as InProcess from "./InProcess.ts"
import { settings } from "./Loopback.ts"

export const hello = [{ role: "user" as const, content: "hello" }]
export const template = '{"model": "gpt-test", "messages": ${parameters.messages}}'

interface Setup {
  readonly handler?: Answer.Handler
  readonly path?: string
  readonly template?: string
  readonly action?: object
  readonly connector?: object
  readonly model?: object
}

/** A server with a model `m`. */
export const start = async ({ handler = OpenAi.handler(), path = "/v1/chat/completions", ...setup }: Setup = {}) => {
  const platform = await StubPlatform.start({ handler })
  const server = await InProcess.listen({ settings })
  const made = await ask(server.url, undefined, "POST", "/_plugins/_ml/models/_register", {
    name: "m",
    function_name: "remote",
    ...setup.model,
    connector: {
      name: "c",
      version: 1,
      protocol: "http",
      credential: { key: "sk-upstream-secret" },
      actions: [
        {
          action_type: "predict",
          method: "POST",
          url: platform.origin + path,
          headers: { Authorization: "Bearer ${credential.key}" },
          request_body: setup.template ?? template,
          ...setup.action,
        },
      ],
      ...setup.connector,
    },
  })
  assert.strictEqual(made.status, 200, made.text)
  return {
    platform,
    url: server.url,
    id: String(made.json.model_id),
    client: new OpenAI({ baseURL: `${server.url}/v1`, apiKey: "unused", maxRetries: 0 }),
    post: (to: string, body: object, headers?: Record<string, string>) =>
      ask(server.url, undefined, "POST", `/v1${to}`, { model: "m", ...body }, headers),
    sent: () => JSON.parse(platform.requests.at(-1)?.text ?? "{}"),
    [Symbol.asyncDispose]: async () => {
      await server[Symbol.asyncDispose]()
      await platform.close()
    },
  }
}

export const chat = "/chat/completions"
