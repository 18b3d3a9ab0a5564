/** Authentication and authorization of every endpoint with --auth on. */
import { request as httpsRequest } from "node:https"
import { DrawbarApi } from "@drawbar/http-api/routes/DrawbarApi"
import type { Tls } from "@drawbar/http-server/http/HttpServer"
import * as EndpointPolicy from "@drawbar/http-server/access/EndpointPolicy"
import * as Permission from "@drawbar/http-server/access/Permission"
import type { Role } from "@drawbar/registry/access/Principal"
import { roles } from "@drawbar/registry/access/Principal"
import { Client } from "@opensearch-project/opensearch"
import * as Certificate from "@drawbar/stub-platform/Certificate"
import { Effect, Exit } from "effect"
import * as HttpApi from "effect/http-api/HttpApi"
import { afterAll, assert, beforeAll, describe, it } from "vitest"
import { mkdtemp, rm } from "node:fs/promises"
import { tmpdir } from "node:os"
import { join } from "node:path"
import * as Server from "../src/Server.ts"
import * as InProcess from "./InProcess.ts"

const ml = "/_plugins/_ml"
const password = "a password of a test"

interface Answered {
  readonly status: number
  readonly text: string
  readonly json: any
  readonly headers: Headers
}

const ask = async (
  url: string,
  method: string,
  path: string,
  authorization?: string,
  body?: unknown,
): Promise<Answered> => {
  const response = await fetch(url + path, {
    method,
    headers: {
      ...(authorization === undefined ? {} : { authorization }),
      ...(body === undefined ? {} : { "content-type": "application/json" }),
    },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  })
  const text = await response.text()
  return {
    status: response.status,
    text,
    json: /^[{[]/.test(text) ? JSON.parse(text) : undefined,
    headers: response.headers,
  }
}

const keys: Partial<Record<Role, string>> = {}
let expired = ""
let folder = ""
/** Repeated wrong credentials are throttled. */
let strangers = 0
let server: InProcess.InProcess

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "drawbar-"))
  const files = { database: join(folder, "drawbar.db"), keyring: join(folder, "keyring.json") }
  // Before the first principal exists, the local machine creates it.
  const first = await InProcess.listen({ files })
  for (const role of roles) {
    const made = await ask(first.url, "POST", `${ml}/api_keys`, undefined, {
      name: `a ${role}`.replace(" ", "-"),
      roles: [role],
    })
    keys[role] = made.json.api_key
  }
  const short = await ask(first.url, "POST", `${ml}/api_keys`, undefined, {
    name: "short",
    roles: ["admin"],
    expires_in_days: 1e-9,
  })
  expired = short.json.api_key
  await ask(first.url, "POST", `${ml}/users`, undefined, { name: "alice", password, roles: ["developer"] })
  await first[Symbol.asyncDispose]()
  server = await InProcess.listen({ files, auth: true })
})
afterAll(async () => {
  await server[Symbol.asyncDispose]()
  await rm(folder, { recursive: true })
})

const endpoints: Array<{
  readonly method: string
  readonly path: string
  readonly needed: Permission.Kind | undefined
}> = []
HttpApi.reflect(DrawbarApi, {
  onGroup: () => {},
  onEndpoint: ({ endpoint }) =>
    endpoints.push({ method: endpoint.method, path: endpoint.path, needed: EndpointPolicy.of(endpoint).needs }),
})

const isRefused = (status: number) => status === 401 || status === 403

describe("every endpoint", () => {
  it.each(endpoints)(
    "$method $path is open to the permitted roles and to no other caller",
    async ({ method, path, needed }) => {
      const real = path.replaceAll(/:\w+/g, "some")
      const statusOf = async (authorization?: string) => (await ask(server.url, method, real, authorization)).status
      for (const role of roles) {
        const status = await statusOf(`Bearer ${keys[role]}`)
        const may = needed === undefined || Permission.granted[role].includes(needed)
        // An admin key that rotates or lists keys may do so; only authorization is checked here.
        assert.strictEqual(isRefused(status), !may, `${role}: ${status}`)
        if (!may) assert.strictEqual(status, 403)
      }
      for (const credentials of [
        undefined,
        "Bearer dbk_000_wrong",
        `Bearer ${expired}`,
        `Basic ${btoa(`unknown-${++strangers}:wrong password`)}`,
      ])
        assert.strictEqual(
          await statusOf(credentials),
          needed === undefined ? await statusOf(`Bearer ${keys.admin}`) : 401,
        )
    },
  )
})

describe("authentication", () => {
  it("accepts OpenSearch's client with a name and a password", async () => {
    const client = new Client({ node: server.url, auth: { username: "alice", password } })
    const { body } = await client.ml.searchModels({ body: { query: { match_all: {} } } } as any)
    assert.strictEqual((body as any).hits.total.value, 0)
    await client.close()
  })

  it("explains how to authenticate", async () => {
    const answer = await ask(server.url, "GET", `${ml}/stats`)
    assert.include(answer.headers.get("www-authenticate"), "Basic")
    assert.include(answer.json.error.reason, "Authorization: Bearer")
  })

  it("names the missing permission", async () => {
    const answer = await ask(server.url, "POST", `${ml}/connectors/_create`, `Bearer ${keys.reader}`, {})
    assert.include(answer.json.error.reason, "may not write here")
  })

  it("rejects a key immediately after its deletion", async () => {
    const admin = `Bearer ${keys.admin}`
    const made = await ask(server.url, "POST", `${ml}/api_keys`, admin, { name: "gone", roles: ["reader"] })
    const key = `Bearer ${made.json.api_key}`
    assert.strictEqual((await ask(server.url, "GET", `${ml}/stats`, key)).status, 200)
    await ask(server.url, "DELETE", `${ml}/api_keys/${made.json.id}`, admin)
    assert.strictEqual((await ask(server.url, "GET", `${ml}/stats`, key)).status, 401)
  })

  it("lists principals without passwords, keys or hashes", async () => {
    const admin = `Bearer ${keys.admin}`
    const users = await ask(server.url, "GET", `${ml}/users`, admin)
    const all = users.text + (await ask(server.url, "GET", `${ml}/api_keys`, admin)).text
    assert.include(all, '"name":"alice"')
    for (const secret of [password, "scrypt", "sha256", ...Object.values(keys)]) assert.notInclude(all, secret)
  })

  it.each([
    ["a short password", `${ml}/users`, { name: "bob", password: "short", roles: ["reader"] }, 400, "12 characters"],
    ["a name that exists", `${ml}/users`, { name: "alice", password, roles: ["reader"] }, 409, "alice already"],
    ["an invalid name", `${ml}/users`, { name: "a b", password, roles: ["reader"] }, 400, "letters, digits"],
    ["an unknown role", `${ml}/api_keys`, { name: "k", roles: ["king"] }, 400, "roles"],
  ])("rejects a user with %s", async (_name, path, body, status, sentence) => {
    const answer = await ask(server.url, "POST", path, `Bearer ${keys.admin}`, body)
    assert.strictEqual(answer.status, status, answer.text)
    assert.include(answer.text, sentence)
  })
})

describe("a server with --auth on", () => {
  it("does not start without a user or API key", async () => {
    const exit = await Effect.runPromiseExit(Effect.scoped(Server.listen({ host: "127.0.0.1", port: 0, auth: true })))
    assert.isTrue(Exit.isFailure(exit))
    assert.include(String(exit), "drawbar user create")
  })

  it("serves TLS with its certificate, and with a renewed one", async () => {
    const [one, two] = [Certificate.issue(["localhost"]), Certificate.issue(["localhost"])]
    const renewals: Array<Parameters<Tls["watch"]>[0]> = []
    const tls: Tls = {
      cert: one.certificate,
      key: one.key,
      watch: (renew) => {
        renewals.push(renew)
        return () => void renewals.pop()
      },
    }
    const secure = await InProcess.listen({ tls })
    assert.match(secure.url, /^https:/)
    const statusWith = (ca: string) =>
      new Promise<number | string>((resolve) => {
        const { port } = new URL(secure.url)
        httpsRequest(
          { host: "127.0.0.1", port, servername: "localhost", path: "/_health/live", ca, agent: false },
          (response) => {
            response.resume()
            resolve(response.statusCode ?? 0)
          },
        )
          .on("error", (error: NodeJS.ErrnoException) => resolve(error.code ?? ""))
          .end()
      })
    assert.strictEqual(await statusWith(one.ca), 200)
    renewals[0]?.({ cert: two.certificate, key: two.key })
    assert.strictEqual(await statusWith(two.ca), 200)
    assert.isString(await statusWith(one.ca))
    await secure[Symbol.asyncDispose]()
  })
})
