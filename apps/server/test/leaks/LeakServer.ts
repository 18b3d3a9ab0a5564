import { createServer as createHttpServer } from "node:http"
import { mkdtemp, rm, writeFile } from "node:fs/promises"
import type { Server } from "node:net"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { afterAll, assert, beforeAll } from "vitest"
import { ask, askPatiently } from "../AuthenticatedServer.ts"
import { type Plant, prompts, secrets } from "../CanarySecrets.ts"
import { portOf, start as platform } from "../EchoingPlatform.ts"
import * as Spawned from "../Spawned.ts"

export const ml = "/_plugins/_ml"

export const json = JSON.stringify

export const findSecrets: Array<Plant> = [...secrets]

export const collected: Array<Buffer> = []

export const answers: Array<{ readonly text: string; readonly ofPlatform: boolean; readonly kind: string }> = []

export let folder = ""

export let server: Spawned.Spawned

export let remote: Server

/** Separate, because the circuit of an origin that gives no responses opens. */
export let mute: Server

export let collector: Server

export let admin = ""

export let application = ""

interface Said {
  readonly status: number
  readonly text: string
  readonly json: any
}

/** A server may close a kept connection just as it is reused. */
export const asked: typeof ask = (...request) => askPatiently(...request).catch(() => askPatiently(...request))

/**
 * `kind` names the attempt in failures; `ofPlatform`: the response may contain the caller's prompt, because the
 * upstream echoes it.
 */
export const say = async (
  kind: string,
  method: string,
  path: string,
  body?: unknown,
  { who = admin, ofPlatform = false, headers = {} as Readonly<Record<string, string>> } = {},
): Promise<Said> => {
  const got = await asked(server.url, who, method, path, body, headers)
  answers.push({ text: got.text + json([...got.headers]), ofPlatform, kind })
  return got
}

export const register = async (name: string, connector: object, more: object = {}): Promise<string> => {
  const { json: made, text } = await say(name, "POST", `${ml}/models/_register`, {
    name,
    function_name: "remote",
    connector,
    ...more,
  })
  assert.isString(made?.model_id, text)
  return made.model_id
}

/** In thirds, because a connector cannot have forty keys. */
const credentialsOf = (from: number, to: number) =>
  Object.fromEntries(secrets.slice(from, to).map(({ text }, at) => [`key_${from + at}`, text]))

const quick = { connection_timeout: 1, read_timeout: 1, max_retry_times: 0 }

/** For the third that a secret belongs to. */
export const blueprint = (third: number, action: object = {}, more: object = {}) => ({
  name: "Planted",
  version: 1,
  protocol: "http",
  credential: credentialsOf(third * 14, third * 14 + 14),
  client_config: quick,
  actions: [
    {
      action_type: "predict",
      method: "POST",
      url: `http://127.0.0.1:${portOf(remote)}/say`,
      headers: { "X-Key": `Bearer \${credential.key_${[0, 21, 28][third]}}` },
      request_body: '{"q":"${parameters.q}"}',
      ...action,
    },
  ],
  ...more,
})

export const thirdOf = (n: number) => Math.min(2, Math.floor(n / 14))

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "drawbar-"))
  remote = await platform()
  mute = await platform()
  collector = createHttpServer((request, response) => {
    request.on("data", (piece: Buffer) => void collected.push(piece))
    request.on("end", () => response.end("{}"))
  })
  await new Promise<void>((resume) => collector.listen(0, "127.0.0.1", resume))
  const settings = {
    "plugins.ml_commons.trusted_connector_endpoints_regex": ["^https?://127\\.0\\.0\\.1:\\d+/.*$"],
    "plugins.ml_commons.connector.private_ip_enabled": true,
    "plugins.ml_commons.model_access_control_enabled": true,
  }
  await writeFile(join(folder, "settings.json"), json(settings))
  const password = "a-password-of-Sl4npw"
  const flags = ["--data", join(folder, "data"), "--settings", join(folder, "settings.json")]
  {
    await using first = await Spawned.start(flags)
    const key = async (name: string, role: string) =>
      (await ask(first.url, undefined, "POST", `${ml}/api_keys`, { name, roles: [role] })).json.api_key as string
    admin = `Bearer ${await key("admin", "admin")}`
    application = `Bearer ${await key("app", "application")}`
    await ask(first.url, undefined, "POST", `${ml}/users`, { name: "ada", password, roles: ["developer"] })
    first.child.kill("SIGTERM")
    await first.ended
  }
  for (const held of [admin, application, password]) findSecrets.push({ text: held, word: held.slice(-24) })
  const before = join(folder, "crash.mjs")
  await writeFile(before, crashing)
  server = await Spawned.start([...flags, "--auth", "on", "--audit", join(folder, "audit.log"), "--log", "on"], {
    env: {
      OTEL_EXPORTER_OTLP_ENDPOINT: `http://127.0.0.1:${portOf(collector)}`,
      OTEL_BSP_SCHEDULE_DELAY: "500",
      OTEL_METRIC_EXPORT_INTERVAL: "500",
    },
    node: ["--import", before],
  })
  await asked(server.url, `Basic ${btoa(`ada:${password}`)}`, "GET", `${ml}/stats`)
}, 60_000)

afterAll(async () => {
  await server[Symbol.asyncDispose]()
  for (const one of [remote, mute, collector]) one.close()
  await rm(folder, { recursive: true })
})

/** An internal error that quotes its input if a text asks for it; and one outside any request. */
const crashing = `
  const { trim } = String.prototype
  String.prototype.trim = function () {
    if (this.includes("a defect, please")) throw Object.assign(new TypeError("Cannot trim " + this), { input: String(this) })
    return trim.call(this)
  }
  process.on("SIGUSR2", () => setTimeout(() => {
    const text = ${json(`${secrets[1]?.text}\n    at ${prompts[1]?.text} (file:///a.ts:1:1)\n`)}
    throw Object.assign(new SyntaxError("Unexpected token in " + text), { input: text })
  }))
`
