/** Contexts: which server a command calls, and with which credentials. */
import { readFile, stat } from "node:fs/promises"
import { join } from "node:path"
import * as Server from "@drawbar/server/Server"
import * as Certificate from "@drawbar/stub-platform/Certificate"
import { Effect, Exit, Scope } from "effect"
import { afterAll, beforeAll, expect, it } from "vitest"
import * as Terminal from "./Terminal.ts"

let terminal: Terminal.Terminal
const scope = Effect.runSync(Scope.make())
let guarded = ""
let key = ""
let narrow = ""
const password = "a password of a test"

beforeAll(async () => {
  terminal = await Terminal.open()
  const { drawbar, folder } = terminal
  const files = { database: join(folder, "drawbar.db"), keyring: join(folder, "keyring.json") }
  const listen = (options: object, scope: Scope.Scope) =>
    Effect.runPromise(Server.listen({ host: "127.0.0.1", port: 0, files, ...options }).pipe(Scope.provide(scope)))
  const first = Effect.runSync(Scope.make())
  const { url } = await listen({}, first)
  const made = await drawbar(["key", "create", "ada", "--role", "admin", "--url", url])
  // The key stands alone on standard output, and what is said of it does not.
  key = made.out.trim()
  expect(key).toMatch(/^dbk_\S+$/)
  expect(made.err).toContain("shown only once")
  narrow = (await drawbar(["key", "create", "app", "--role", "application", "--url", url])).out.trim()
  const user = ["user", "create", "grace", "--role", "reader", "--password", "env:PASSWORD", "--url", url]
  expect((await drawbar(user, "", { PASSWORD: password })).code).toBe(0)
  await Effect.runPromise(Scope.close(first, Exit.void))

  const certificate = Certificate.issue(["localhost"])
  await terminal.file("ca.pem", certificate.ca)
  const { address } = await listen(
    { auth: true, tls: { cert: certificate.certificate, key: certificate.key, watch: () => () => {} } },
    scope,
  )
  guarded = `https://localhost:${address.port}`
})
afterAll(async () => {
  await Effect.runPromise(Scope.close(scope, Exit.void))
  await terminal[Symbol.asyncDispose]()
})

const withoutUrl = { DRAWBAR_URL: "" }
const run = (...args: ReadonlyArray<string>) => terminal.drawbar(args, "", { ...withoutUrl, KEY: key, NARROW: narrow })

it("logs in with a key, a user and an authority, and keeps the file to its user", async () => {
  const stranger = await run("login", guarded, "--key", "env:KEY")
  expect(stranger.code).toBe(1)
  expect(stranger.err).toContain("is not trusted")

  const stored = await run("login", guarded, "--key", "env:KEY", "--ca-file", "ca.pem", "--name", "work")
  expect(stored).toMatchObject({ code: 0, err: "" })
  expect(stored.out).toContain("API key ada")
  const path = join(terminal.folder, "drawbar", "config.json")
  expect((await stat(path)).mode & 0o777).toBe(0o600)
  expect(await readFile(path, "utf8")).toContain(key)
  expect((await run("whoami")).out).toMatch(/API key ada .* role admin[^]*permissions +identity, read, predict, write/)
  expect((await run("status")).out).toMatch(/^ready +yes$/m)

  const second = ["login", guarded, "--user", "grace", "--password", "-", "--ca-file", "ca.pem", "--name", "reading"]
  expect((await terminal.drawbar(second, `${password}\n`, withoutUrl)).out).toContain("user grace")
  expect((await run("whoami", "-o", "json")).out).toContain('"reader"')
  expect((await run("context", "list")).out).toMatch(/^\* +reading +https:\S+ +user grace$/m)

  expect((await run("context", "use", "work")).code).toBe(0)
  expect((await run("connector", "list")).code).toBe(0)
  expect((await run("whoami", "--context", "reading")).out).toContain("user grace")
  expect((await run("context", "list", "-o", "name")).out).toBe("work\nreading\n")
  expect((await run("context", "delete", "reading")).code).toBe(0)
  expect((await run("context", "use", "reading")).err).toContain("not found")
  for (const { out, err } of [stored, await run("context", "list", "-o", "json")]) expect(out + err).not.toContain(key)
}, 240_000)

it("stores no credentials that do not work", async () => {
  const wrong = await terminal.drawbar(
    ["login", guarded, "--key", "env:KEY", "--ca-file", "ca.pem", "--name", "wrong"],
    "",
    { ...withoutUrl, KEY: "dbk_000_wrong" },
  )
  expect(wrong.code).toBe(1)
  expect(wrong.err).toContain("status 401")
  expect((await run("context", "list")).out).not.toContain("wrong")
})

it("shows a principal that may only predict who it is", async () => {
  await run("login", guarded, "--key", "env:NARROW", "--ca-file", "ca.pem", "--name", "app")
  const { code, out } = await run("whoami", "--context", "app")
  expect(code).toBe(0)
  expect(out).toMatch(/permissions +identity, predict$/m)
  expect((await run("status", "--context", "app")).code).toBe(0)
})

it("sends the credentials of a context to no other server", async () => {
  await run("login", guarded, "--key", "env:KEY", "--ca-file", "ca.pem", "--name", "work")
  const { platform } = terminal
  const before = platform.requests.length
  // The stub records what it receives; it is another kind of server, so that the command fails.
  await terminal.drawbar(["connector", "list", "--url", `https://localhost:${platform.port}`], "", {
    ...withoutUrl,
    NODE_TLS_REJECT_UNAUTHORIZED: "0",
  })
  const sent = platform.requests.slice(before)
  expect(sent.length).toBeGreaterThan(0)
  expect(JSON.stringify(sent.map(({ headers }) => headers))).not.toContain(key)
  expect((await run("whoami", "--url", terminal.url)).out).toContain("authenticates no caller")
})

it.each([
  { behaviour: "a secret on the command line", args: ["--key", "dbk_1_2"], err: "env:VARIABLE" },
  { behaviour: "two kinds of credentials", args: ["--key", "env:KEY", "--user", "ada"], err: "not both" },
  { behaviour: "a password without a user", args: ["--password", "env:KEY"], err: "--user" },
  { behaviour: "a URL that is none", args: ["localhost"], err: "https://drawbar.example:9200" },
  { behaviour: "a context that is not there", args: ["--context", "none"], err: "context none not found" },
])("login rejects $behaviour", async ({ args, err }) => {
  const ended = await run("login", ...args)
  expect(ended).toMatchObject({ code: 2, out: "" })
  expect(ended.err).toContain(err)
  expect(ended.err).not.toContain("dbk_1_2")
})

it("names the file of contexts that cannot be read, without its text", async () => {
  await terminal.file("drawbar/config.json", `{"contexts":{"a":{"key":"${Terminal.secret}"`)
  const ended = await run("connector", "list")
  expect(ended.code).toBe(1)
  expect(ended.err).toContain("config.json")
  expect(ended.err).not.toContain(Terminal.secret)
})
