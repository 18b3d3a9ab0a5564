/**
 * No way leads inside: each spelling of each inner address, by each entry point, on a server whose list trusts every host.
 * A canary listens on loopback and counts; and every connection of the process is made by the one door.
 */
import { createServer, Socket, type AddressInfo } from "node:net"
import { Effect, Exit, Scope } from "effect"
import { afterAll, assert, beforeAll, describe, it } from "vitest"
import * as Server from "../src/Server.ts"
import { ask } from "./Guarded.ts"

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
let url = ""
const scope = Effect.runSync(Scope.make())
const strangers: Array<string> = []
const { connect } = Socket.prototype

beforeAll(async () => {
  let heard = 0
  const server = createServer((socket) => {
    heard += 1
    socket.destroy()
  })
  await new Promise<void>((resume) => server.listen(0, "0.0.0.0", resume))
  canary = { port: (server.address() as AddressInfo).port, heard: () => heard, close: () => server.close() }
  ;({ url } = await Effect.runPromise(
    Server.listen({
      host: "127.0.0.1",
      port: 0,
      settings: { "plugins.ml_commons.trusted_connector_endpoints_regex": ["^https?://.*$"] },
    }).pipe(Scope.provide(scope)),
  ))
  const own = new URL(url).port
  Error.stackTraceLimit = 60
  // Node's one way to a TCP connection. The test's own go to the server's port.
  Socket.prototype.connect = function (this: Socket, ...args: Array<any>) {
    const stack = String(new Error("connected").stack)
    const [options] = Array.isArray(args[0]) ? args[0] : args
    if (String(options?.port) !== own && !/connector-runtime.src.internal.(Connection|Tunnel)/.test(stack))
      strangers.push(stack)
    return Reflect.apply(connect, this, args)
  } as typeof connect
})
afterAll(async () => {
  Socket.prototype.connect = connect
  await Effect.runPromise(Scope.close(scope, Exit.void))
  canary.close()
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

const entries: Readonly<Record<string, Entry>> = {
  predict: byModel("_predict", (host) => connector(at(host))),
  "predict by TLS": byModel("_predict", (host) => connector(at(host, "https"))),
  stream: byModel("_predict/stream", (host) => connector(at(host))),
  "a host from a parameter": byModel("_predict", (host) =>
    connector("http://${parameters.host}/v1", { parameters: { host: `${host}:${canary.port}` } }),
  ),
  "a token's URL": byModel("_predict", (host) =>
    connector("https://api.openai.com/v1/chat/completions", { parameters: { oauth2_token_url: at(host) } }),
  ),
  "a connector's test": async (host) => {
    const made = await ask(url, undefined, "POST", `${ml}/connectors/_create`, connector(at(host)))
    if (made.status !== 200) return made.status
    const trial = await ask(url, undefined, "POST", `${ml}/connectors/${made.json.connector_id}/_test`, body)
    // A trial answers 200 and says how far it came.
    assert.notInclude(trial.text, '"connected"')
    return 400
  },
}

describe.each(Object.keys(entries))("%s", (name) => {
  it(`reaches none of ${hosts.length} inner hosts`, async () => {
    const through: Array<string> = []
    for (const host of hosts) {
      const status = await entries[name]!(host)
      if (status < 400 || status >= 500) through.push(`${host}: ${status}`)
    }
    assert.deepStrictEqual(through, [])
    assert.strictEqual(canary.heard(), 0)
  }, 60_000)
})

describe("the process", () => {
  it("has made no connection but by its one door", () => assert.deepStrictEqual(strangers, []))
})
