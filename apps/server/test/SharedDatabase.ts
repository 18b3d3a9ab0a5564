/** Servers that share a PostgreSQL database, an upstream whose embeddings say which version of a connector called it, and load. */
import { mkdtemp, rm } from "node:fs/promises"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { setTimeout as wait } from "node:timers/promises"
import * as Answer from "@drawbar/stub-platform/Answer"
import * as Received from "@drawbar/stub-platform/Received"
import * as StubPlatform from "@drawbar/stub-platform/StubPlatform"
import * as PostgresServer from "@drawbar/test-postgres/PostgresServer"
import type { StartOptions } from "../src/options/StartOptions.ts"
import * as Drawbar from "./Drawbar.ts"
import * as InProcess from "./InProcess.ts"

export const ml = "/_plugins/_ml"

export interface SharedDatabase extends AsyncDisposable {
  readonly server: PostgresServer.PostgresServer
  readonly platform: StubPlatform.StubPlatform
  readonly folder: string
  readonly keyring: string
  readonly databaseUrl: string
  readonly postgres: PostgresServer.ClientOptions
  /** Starts one more server in this process. */
  readonly listen: (options?: Partial<StartOptions>) => Promise<InProcess.InProcess>
}

/** Returns the number in the model's name, `v12`, and fails for keys that are not in use. */
export const byVersion: Answer.Handler = (received) => {
  const [, version = "0"] = /"model": ?"v(\d+)"/.exec(received.text) ?? []
  return Received.header(received, "authorization")?.startsWith("Bearer key-") === true
    ? Answer.json({ embeddings: [[Number(version)]] })
    : Answer.json({ message: "no such key" }, 401)
}

export const start = async (handler = byVersion): Promise<SharedDatabase> => {
  const [server, platform, folder] = await Promise.all([
    PostgresServer.start(),
    StubPlatform.start({ handler, tls: ["api.cohere.ai"] }),
    mkdtemp(join(tmpdir(), "drawbar-shared-")),
  ])
  const database = await server.createDatabase()
  const keyring = join(folder, "keyring.json")
  const postgres = server.optionsOf(database)
  return {
    server,
    platform,
    folder,
    keyring,
    databaseUrl: server.url(database),
    postgres,
    listen: (options) =>
      InProcess.listen({
        files: { database: "PostgreSQL", keyring },
        postgres,
        connectTo: { "api.cohere.ai:443": `127.0.0.1:${platform.port}` },
        certificateAuthorities: [platform.ca],
        ...options,
      }),
    [Symbol.asyncDispose]: async () => {
      await platform.close()
      await server.close()
      await rm(folder, { recursive: true, force: true })
    },
  }
}

export interface Reply {
  readonly status: number
  readonly json: any
  readonly headers: Headers
}

export const ask = async (
  url: string,
  method: string,
  path: string,
  body?: unknown,
  headers: Readonly<Record<string, string>> = {},
): Promise<Reply> => {
  const response = await fetch(url + path, {
    method,
    headers: { ...headers, ...(body === undefined ? {} : { "content-type": "application/json" }) },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  })
  return { status: response.status, json: await response.json(), headers: response.headers }
}

/** Creates a connector and a deployed model of it; returns their ids. */
export const createModel = async (url: string) => {
  const blueprint = { ...Drawbar.blueprint, parameters: { model: "v0" }, credential: { cohere_key: "key-0" } }
  const action = {
    ...Drawbar.blueprint.actions[0],
    request_body: '{"texts": ${parameters.texts}, "model": "${parameters.model}"}',
  }
  const connector = await ask(url, "POST", `${ml}/connectors/_create`, { ...blueprint, actions: [action] })
  const { connector_id } = connector.json
  const model = await ask(url, "POST", `${ml}/models/_register?deploy=true`, {
    name: `m-${connector_id}`,
    function_name: "remote",
    connector_id,
  })
  return { connector: String(connector_id), model: String(model.json.model_id) }
}

export const predict = (url: string, model: string) =>
  ask(url, "POST", `${ml}/models/${model}/_predict`, { parameters: { texts: ["x"] } })

/** The version that a predict was made with. */
export const versionOf = ({ json }: Reply): number => Number(json.inference_results?.[0]?.output?.[0]?.data?.[0])

/** Waits until it holds; returns how long that took, in ms. */
export const until = async (holds: () => Promise<boolean>, what: string, limitMillis = 30_000): Promise<number> => {
  const began = performance.now()
  while (!(await holds())) {
    if (performance.now() - began > limitMillis) throw new Error(`not within ${limitMillis} ms: ${what}`)
    await wait(5)
  }
  return performance.now() - began
}

/** Predicts again and again, on each of the servers, until it is stopped; returns what failed, and how many there were. */
export const load = (urls: ReadonlyArray<string>, model: string, lanes = 4, paceMillis = 15) => {
  const done = new AbortController()
  const failed: Array<unknown> = []
  const answers: Array<{ readonly sentAt: number; readonly millis: number; readonly version: number }> = []
  const lane = async (i: number) => {
    const url = urls[i % urls.length] ?? ""
    while (!done.signal.aborted) {
      const sentAt = performance.now()
      const reply = await predict(url, model)
      answers.push({ sentAt, millis: performance.now() - sentAt, version: versionOf(reply) })
      if (reply.status !== 200) failed.push(reply.json)
      await wait(paceMillis)
    }
  }
  const running = Array.from({ length: lanes }, (_, i) => lane(i))
  return {
    stop: async () => {
      done.abort()
      await Promise.all(running)
      return { failed, answers, count: answers.length }
    },
  }
}
