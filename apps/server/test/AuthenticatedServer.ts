/** A server with --auth on, files, keys for several principals, and a stub upstream that the test's blueprint calls. */
import { mkdtemp, rm } from "node:fs/promises"
import { tmpdir } from "node:os"
import { join } from "node:path"
import type { Role } from "@drawbar/registry/access/Principal"
import { Overloaded, RequestError } from "@drawbar/http-server/http/RequestError"
import * as Answer from "@drawbar/stub-platform/Answer"
import * as StubPlatform from "@drawbar/stub-platform/StubPlatform"
import type { StartOptions } from "../src/options/StartOptions.ts"
import * as InProcess from "./InProcess.ts"

export interface Person {
  readonly roles: ReadonlyArray<Role>
  readonly backend_roles?: ReadonlyArray<string>
  readonly models?: ReadonlyArray<string>
  readonly quota?: object
  readonly max_budget?: number
  readonly max_budget_tokens?: number
  readonly budget_window?: "day" | "month" | "total"
}

export interface Answered {
  readonly status: number
  readonly text: string
  readonly json: any
  readonly headers: Headers
}

/** The response of a request; `who` is the value of its Authorization header. */
export const ask = async (
  url: string,
  who: string | undefined,
  method: string,
  path: string,
  body?: unknown,
  headers?: Readonly<Record<string, string>>,
): Promise<Answered> => {
  const response = await fetch(url + path, {
    method,
    headers: {
      ...(who === undefined ? {} : { authorization: who }),
      ...(body === undefined ? {} : { "content-type": "application/json" }),
      ...headers,
    },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  })
  const text = await response.text()
  const json = /^[{[]/.test(text) ? JSON.parse(text) : undefined
  return { status: response.status, text, json, headers: response.headers }
}

/** Like `ask`, but retries while the server sheds load, which can happen on a busy machine. */
export const askPatiently: typeof ask = async (...request) => {
  const answered = await ask(...request)
  if (answered.status !== 503 || !answered.text.includes(overloaded)) return answered
  await new Promise((resume) => setTimeout(resume, 100))
  return askPatiently(...request)
}
const overloaded = RequestError.from(new Overloaded({ retryAfterMillis: 0 })).message

export interface Guarded<Name extends string> extends AsyncDisposable {
  readonly url: string
  readonly folder: string
  readonly platform: StubPlatform.StubPlatform
  readonly as: (who: Name, method: string, path: string, body?: unknown) => Promise<Answered>
  readonly keys: Readonly<Record<Name, string>>
}

/** Starts it; `before` prepares the server before authentication is required. */
export const start = async <Name extends string>(
  people: Readonly<Record<Name, Person>>,
  {
    handler = () => Answer.json({ embeddings: [[0.1, 0.25]] }),
    before = async () => {},
    hosts = ["api.cohere.ai"],
    ...options
  }: Partial<StartOptions> & {
    readonly handler?: Answer.Handler
    /** The stub's host names. */
    readonly hosts?: ReadonlyArray<string>
    readonly before?: (url: string) => Promise<void>
  } = {},
): Promise<Guarded<Name>> => {
  const platform = await StubPlatform.start({ handler, tls: hosts })
  const folder = await mkdtemp(join(tmpdir(), "drawbar-"))
  const shared: Partial<StartOptions> = {
    files: { database: join(folder, "drawbar.db"), keyring: join(folder, "keyring.json") },
    connectTo: Object.fromEntries(hosts.map((host) => [`${host}:443`, `127.0.0.1:${platform.port}`])),
    certificateAuthorities: [platform.ca],
  }
  const first = await InProcess.listen(shared)
  await before(first.url)
  const keys: Partial<Record<Name, string>> = {}
  for (const name of Object.keys(people) as Array<Name>) {
    const made = await ask(first.url, undefined, "POST", "/_plugins/_ml/api_keys", { name, ...people[name] })
    if (made.status !== 200) throw new Error(made.text)
    keys[name] = `Bearer ${made.json.api_key}`
  }
  await first[Symbol.asyncDispose]()
  const server = await InProcess.listen({ ...shared, ...options, auth: true })
  return {
    url: server.url,
    folder,
    platform,
    keys: keys as Record<Name, string>,
    as: (who, method, path, body) => ask(server.url, keys[who], method, path, body),
    [Symbol.asyncDispose]: async () => {
      await server[Symbol.asyncDispose]()
      await platform.close()
      await rm(folder, { recursive: true })
    },
  }
}
