/** The failure messages of the command, run as a user runs it and graded by the rule of Grade.ts. */
import { spawn } from "node:child_process"
import { mkdtemp, rm } from "node:fs/promises"
import { tmpdir } from "node:os"
import { join } from "node:path"
import process from "node:process"
import { text } from "node:stream/consumers"
import { fileURLToPath } from "node:url"
import * as Server from "@drawbar/server/Server"
import * as StubPlatform from "@drawbar/stub-platform/StubPlatform"
import { Effect, Exit, Scope } from "effect"
import { afterAll, beforeAll, expect, it } from "vitest"
import { cases, secret } from "./CommandCases.ts"
import * as Grade from "./Grade.ts"
import * as ServerCases from "./ServerCases.ts"

const main = fileURLToPath(new URL("../../src/main.ts", import.meta.url))
const scope = Effect.runSync(Scope.make())
let platform: StubPlatform.StubPlatform
let folder: string
/** What stands for a name in the arguments. */
let values: Readonly<Record<string, string>> = {}

const listen = async (options: Parameters<typeof Server.listen>[0]) =>
  (await Effect.runPromise(Server.listen(options).pipe(Scope.provide(scope)))).url

/** `--auth on` requires at least one user. */
const withUser = async (files: { readonly database: string; readonly keyring: string }) => {
  const first = Effect.runSync(Scope.make())
  const { url } = await Effect.runPromise(
    Server.listen({ host: "127.0.0.1", port: 0, files }).pipe(Scope.provide(first)),
  )
  const body = JSON.stringify({ name: "ada", password: "a-long-password-of-a-test", roles: ["admin"] })
  const headers = { "content-type": "application/json" }
  const made = await fetch(`${url}/_plugins/_ml/users`, { method: "POST", headers, body })
  expect(made.status, await made.text()).toBe(200)
  await Effect.runPromise(Scope.close(first, Exit.void))
}

beforeAll(async () => {
  platform = await StubPlatform.start({ handler: ServerCases.upstream })
  const url = await listen({ host: "127.0.0.1", port: 0 })
  folder = await mkdtemp(join(tmpdir(), "drawbar-messages-"))
  const files = { database: join(folder, "drawbar.db"), keyring: join(folder, "keyring.json") }
  await withUser(files)
  const locked = await listen({ host: "127.0.0.1", port: 0, files, auth: true })
  const ask = async (method: string, path: string, body: object) => {
    const headers = { "content-type": "application/json" }
    const response = await fetch(url + path, { method, headers, body: JSON.stringify(body) })
    expect(response.status).toBe(200)
    return JSON.parse(await response.text())
  }
  await ask("PUT", "/_cluster/settings", { persistent: ServerCases.openSettings })
  const made = await ask(
    "POST",
    "/_plugins/_ml/connectors/_create",
    ServerCases.blueprint(`${platform.origin}/status/401`),
  )
  const model = { name: "m", function_name: "remote", connector_id: made.connector_id }
  const registered = await ask("POST", "/_plugins/_ml/models/_register", model)
  values = {
    CONNECTOR_OF_REFUSED: made.connector_id,
    CONNECTOR: made.connector_id,
    REFUSED: registered.model_id,
    LOCKED: locked.replace("http://", ""),
    URL: url.replace("http://", ""),
    SERVER: url,
  }
})
afterAll(async () => {
  await Effect.runPromise(Scope.close(scope, Exit.void))
  await platform.close()
  await rm(folder, { recursive: true, force: true })
})

const filled = (pattern: string): string => pattern.replace(/\b[A-Z_]+\b/g, (name) => values[name] ?? name)

const run = async (args: ReadonlyArray<string>, input: string, env: Readonly<Record<string, string>>) => {
  const child = spawn(process.execPath, ["--conditions=@drawbar/source", main, ...args.map(filled)], {
    cwd: tmpdir(),
    env: { PATH: process.env["PATH"], DRAWBAR_URL: values["SERVER"], NO_COLOR: "1", ...env },
  })
  child.stdin.on("error", () => undefined).end(input)
  const code = new Promise<number | null>((resolve) => child.on("close", resolve))
  const [out, err] = await Promise.all([text(child.stdout), text(child.stderr)])
  return { code: await code, out, err }
}

it.each(cases)(
  "names what, where and what to do: $name",
  async ({ args, input = "", env = {}, code, command, ...expected }) => {
    const ended = await run(args, input, env)
    expect(ended.code, ended.err).toBe(code)
    const wanted = { ...expected, command: typeof command === "string" ? filled(command) : command }
    expect(ended.out).not.toContain(secret)
    expect(Grade.of(ended.err, wanted, [secret]), ended.err).toBe(Grade.maximum)
  },
  60_000,
)
