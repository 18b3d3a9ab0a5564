/**
 * No connection to private addresses: each notation of each private address, through each entry point, on a server that
 * trusts every host. A listener on loopback counts connections, and the process has no way to the network other than
 * the egress guard.
 */
import { spawnSync } from "node:child_process"
import { generateKeyPairSync } from "node:crypto"
import { mkdtemp, rm, writeFile } from "node:fs/promises"
import { connect, createServer, type AddressInfo } from "node:net"
import { tmpdir } from "node:os"
import { join } from "node:path"
import process from "node:process"
import * as Answer from "@drawbar/stub-platform/Answer"
import * as StubPlatform from "@drawbar/stub-platform/StubPlatform"
import { afterAll, assert, beforeAll, describe, it } from "vitest"
import { ask } from "./AuthenticatedServer.ts"
import * as Spawned from "./Spawned.ts"

const ml = "/_plugins/_ml"

const inner = ["127.0.0.1", "169.254.169.254", "10.0.0.1", "192.168.1.1", "172.16.0.1", "100.64.0.1", "0.0.0.0"]

const hex = (value: number) => value.toString(16)

const octal = (value: number) => `0${value.toString(8)}`

const spellings = (address: string): ReadonlyArray<string> => {
  const [a = 0, b = 0, c = 0, d = 0] = address.split(".").map(Number)
  const number = ((a << 24) | (b << 16) | (c << 8) | d) >>> 0
  const groups = `${hex((a << 8) | b)}:${hex((c << 8) | d)}`
  return [
    address,
    `${address}.`,
    String(number),
    `0x${hex(number)}`,
    `0X${hex(number).toUpperCase()}`,
    [a, b, c, d].map((one) => `0x${hex(one)}`).join("."),
    [a, b, c, d].map(octal).join("."),
    `${a}.${b}.${c * 256 + d}`,
    `${a}.${b * 65_536 + c * 256 + d}`,
    [...address].map((one) => (one === "." ? "%2e" : one)).join(""),
    address.replaceAll(".", "\u3002"),
    `[::ffff:${address}]`,
    `[::ffff:${groups}]`,
    `[::${address}]`,
    `[64:ff9b::${address}]`,
    `[64:ff9b::${groups}]`,
    `[64:ff9b:1::${groups}]`,
    `[2002:${groups}::]`,
    `[2001:0:${groups}::1]`,
  ]
}

const alone = [
  "[::1]",
  "[0:0:0:0:0:0:0:1]",
  "[::]",
  "[fc00::1]",
  "[fd00:ec2::254]",
  "[fe80::1]",
  "[ff02::1]",
  "[2001:db8::1]",
  "localhost",
  "LOCALHOST",
  "localhost.",
  "api.openai.com@127.0.0.1",
  "127.0.0.1#@api.openai.com",
  "127.0.0.1\\@api.openai.com",
  "api.openai.com:443@127.0.0.1",
  "127.0.0.1%00.api.openai.com",
  "\uff11\uff12\uff17.0.0.1",
  "1\u20e327.0.0.1",
]
const hosts = [...inner.flatMap(spellings), ...alone]

let canary: { readonly port: number; readonly heard: () => number; readonly close: () => void }
let platform: StubPlatform.StubPlatform
let server: Spawned.Spawned
let folder = ""
let url = ""
const oneDoor = ["--import", join(import.meta.dirname, "NetworkGuard.ts")]

beforeAll(async () => {
  let receivedCount = 0
  const listener = createServer((socket) => {
    receivedCount += 1
    socket.destroy()
  })
  await new Promise<void>((resume) => listener.listen(0, "0.0.0.0", resume))
  canary = { port: (listener.address() as AddressInfo).port, heard: () => receivedCount, close: () => listener.close() }
  platform = await StubPlatform.start({ handler: () => Answer.json({ a: 1 }) })
  folder = await mkdtemp(join(tmpdir(), "drawbar-"))
  const settings = join(folder, "settings.json")
  await writeFile(
    settings,
    JSON.stringify({ "plugins.ml_commons.trusted_connector_endpoints_regex": ["^https?://.*$"] }),
  )
  const outside = ["--connect-to", `own.example:80:127.0.0.1:${platform.port}`]
  const flags = ["--data", ":memory:", "--settings", settings, "--aws-credentials", "env", ...outside]
  const env = { AWS_ACCESS_KEY_ID: "AKIDOWN", AWS_SECRET_ACCESS_KEY: "the-servers-own-secret" }
  server = await Spawned.start(flags, { node: oneDoor, env })
  url = await server.url
})
afterAll(async () => {
  await server[Symbol.asyncDispose]()
  await platform.close()
  canary.close()
  await rm(folder, { recursive: true })
})

const connector = (target: string, change: object = {}) => ({
  name: "c",
  version: 1,
  protocol: "http",
  credential: { key: "sk-canary-secret", client_id: "id", client_secret: "sk-canary-secret" },
  client_config: { connection_timeout: 2, read_timeout: 2 },
  actions: [
    {
      action_type: "predict",
      method: "POST",
      url: target,
      headers: { Authorization: "Bearer ${credential.key}" },
      request_body: '{"q":"${parameters.q:-x}"}',
    },
  ],
  ...change,
})

const body = { parameters: { q: "x" } }
const modelOf = async (document: object) => {
  const made = await ask(url, undefined, "POST", `${ml}/models/_register`, {
    name: "m",
    function_name: "remote",
    connector: document,
  })
  return made.status === 200 ? String(made.json.model_id) : made
}

type Entry = (host: string) => Promise<number>
const byModel =
  (way: string, document: (host: string) => object): Entry =>
  async (host) => {
    const id = await modelOf(document(host))
    return typeof id === "string"
      ? (await ask(url, undefined, "POST", `${ml}/models/${id}/${way}`, body)).status
      : id.status
  }
const at = (host: string, scheme = "http") => `${scheme}://${host}:${canary.port}/v1/chat/completions`

const { privateKey } = generateKeyPairSync("rsa", { modulusLength: 2048 })
const account = { client_email: "a@b", private_key: String(privateKey.export({ type: "pkcs8", format: "pem" })) }

const entries: Readonly<Record<string, Entry>> = {
  predict: byModel("_predict", (host) => connector(at(host))),
  "predict by TLS": byModel("_predict", (host) => connector(at(host, "https"))),
  stream: byModel("_predict/stream", (host) => connector(at(host))),
  "a host from a parameter": byModel("_predict", (host) =>
    connector("http://${parameters.host}/v1", { parameters: { host: `${host}:${canary.port}` } }),
  ),
  "a region that is a host": byModel("_predict", (host) => ({
    ...connector("https://bedrock-runtime.us-east-1.amazonaws.com/model/m/invoke"),
    protocol: "aws_sigv4",
    parameters: { region: `x@${host}:${canary.port}/`, service_name: "bedrock" },
    credential: { key: "k", roleArn: "arn:aws:iam::123456789012:role/r" },
  })),
  "a service account's token_uri": byModel("_predict", (host) => ({
    ...connector("https://api.openai.com/v1/chat/completions"),
    credential: { key: "k", google_service_account: JSON.stringify({ ...account, token_uri: at(host) }) },
  })),
  "a token's URL": byModel("_predict", (host) =>
    connector("https://api.openai.com/v1/chat/completions", { parameters: { oauth2_token_url: at(host) } }),
  ),
  "a connector's test": async (host) => {
    const made = await ask(url, undefined, "POST", `${ml}/connectors/_create`, connector(at(host)))
    if (made.status !== 200) return made.status
    const trial = await ask(url, undefined, "POST", `${ml}/connectors/${made.json.connector_id}/_test`, body)
    // A connector test returns 200 and reports how far it came.
    assert.notInclude(trial.text, '"connected"')
    return 400
  },
}

/**
 * The hosts that an entry point does not reject, and whether the listener received a connection although all were
 * rejected.
 */
const through = async (entry: Entry): Promise<ReadonlyArray<string>> => {
  const before = canary.heard()
  const open: Array<string> = []
  for (const host of hosts) {
    const status = await entry(host)
    if (status < 400 || status >= 500) open.push(`${host}: ${status}`)
  }
  return canary.heard() === before ? open : [...open, "the listener received a connection"]
}

describe.each(Object.keys(entries))("%s", (name) => {
  it(`reaches none of ${hosts.length} private hosts`, async () => {
    assert.deepStrictEqual(await through(entries[name]!), [])
  }, 60_000)
})

const letting = (hosts: RegExp) => async (host: string) => (hosts.test(host) ? 502 : 400)

describe("the list", () => {
  it.each<[string, Entry]>([
    ["accepts only four decimal numbers", letting(/^(\d+|0x[\da-f]+)$/i)],
    ["does not read octal numbers", letting(/^0\d+\./)],
    ["does not read hexadecimal parts", letting(/^0x[\da-f]+\.0x/i)],
    ["does not read short forms", letting(/^\d+\.\d+(\.\d+)?$/)],
    ["treats a trailing dot as part of a name", letting(/^\d+\.\d+\.\d+\.\d+\.$/)],
    ["does not decode", letting(/%2e/)],
    ["does not know full-width digits", letting(/\uff11|\u20e3/)],
    ["does not know full-width dots", letting(/\u3002/)],
    ["does not unwrap mapped addresses", letting(/^\[::ffff:/)],
    ["does not unwrap translated addresses", letting(/^\[64:ff9b::/)],
    ["allows 6to4", letting(/^\[2002:/)],
    ["allows Teredo", letting(/^\[2001:0:/)],
    ["knows only loopback", letting(/^(10|192\.168|172\.16|100\.64|169\.254)\./)],
    ["knows only one metadata service", letting(/^\[fd00:ec2/)],
    ["knows localhost only in lower case", letting(/^LOCALHOST$/)],
    ["takes the user for the host", letting(/@/)],
    [
      "rejects after connecting",
      (host) =>
        new Promise((resume) => {
          if (host !== "127.0.0.1") return resume(400)
          const socket = connect(canary.port, host)
          socket.on("close", () => resume(400))
          socket.on("error", () => {})
        }),
    ],
  ])("detects an egress guard that %s", async (_, entry) => assert.isNotEmpty(await through(entry)))
})

describe("the process", () => {
  it("reaches its own upstream through the egress guard", async () => {
    const id = await modelOf(connector("http://own.example/v1"))
    const { status, text } = await ask(url, undefined, "POST", `${ml}/models/${String(id)}/_predict`, body)
    assert.strictEqual(status, 200, text)
    assert.strictEqual(platform.requests.length, 1)
  })

  it("has used no other way", () => assert.notInclude(server.said(), "NOT BY THE DOOR"))

  it.each([
    'import { connect } from "node:net"; connect(PORT, "127.0.0.1")',
    'import * as net from "node:net"; net.createConnection(PORT, "127.0.0.1")',
    'import net from "net"; new net.Socket().connect(PORT, "127.0.0.1")',
    'import { connect } from "node:tls"; connect(PORT, "127.0.0.1")',
    'import { request } from "node:http"; request("http://127.0.0.1:PORT")',
    'import http from "node:http"; http.get("http://127.0.0.1:PORT")',
    'import { get } from "node:https"; get("https://127.0.0.1:PORT")',
    'import { connect } from "node:http2"; connect("http://127.0.0.1:PORT")',
    'import { createSocket } from "node:dgram"; createSocket("udp4").send("x", PORT, "127.0.0.1")',
    'import dgram from "node:dgram"; new dgram.Socket("udp4")',
    'await fetch("http://127.0.0.1:PORT")',
    'new WebSocket("ws://127.0.0.1:PORT")',
    'const { ClientRequest } = await import("node:http"); new ClientRequest("http://127.0.0.1:PORT")',
  ])("detects another way: %s", (script) => {
    const before = canary.heard()
    const source = script.replace("PORT", String(canary.port))
    const { status, stderr } = spawnSync(process.execPath, [...oneDoor, "--input-type=module", "--eval", source], {
      encoding: "utf8",
    })
    assert.include(stderr, "NOT BY THE DOOR")
    assert.strictEqual(status, 1)
    assert.strictEqual(canary.heard(), before)
  })
})
