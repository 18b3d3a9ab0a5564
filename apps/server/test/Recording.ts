/**
 * Recorded requests and responses of a running ML Commons, and the differences of this server.
 *
 * A replay sends the requests of a case in order and compares each relevant response, and what the stub upstream
 * received. Ids, times, sequence numbers, scores and durations are masked on both sides, because they differ between
 * servers.
 */
import { readFileSync } from "node:fs"
import { request as send } from "node:http"
import { resolve } from "node:path"
import { setTimeout as sleep } from "node:timers/promises"
import * as Answer from "@drawbar/stub-platform/Answer"
import type { Received } from "@drawbar/stub-platform/Received"
import { Schema } from "effect"

const reference = process.env["DRAWBAR_REFERENCE"] ?? resolve(import.meta.dirname, "../../../../shared/reference")

/** One response of the stub; missing members take the stub's defaults: 200, `application/json`, a chat completion. */
const Upstream = Schema.Struct({
  status: Schema.optionalKey(Schema.Number),
  headers: Schema.optionalKey(Schema.Record(Schema.String, Schema.NullOr(Schema.String))),
  body: Schema.optionalKey(Schema.String),
  b64: Schema.optionalKey(Schema.String),
  mode: Schema.optionalKey(Schema.Literals(["reset", "chunkcut"])),
})

const Request = Schema.Struct({
  method: Schema.String,
  path: Schema.String,
  body: Schema.optionalKey(Schema.Unknown),
  raw: Schema.optionalKey(Schema.String),
  rawB64: Schema.optionalKey(Schema.String),
  headers: Schema.optionalKey(Schema.Record(Schema.String, Schema.String)),
})

const Step = Schema.Struct({
  req: Request,
  save: Schema.optionalKey(Schema.Record(Schema.String, Schema.String)),
  setup: Schema.optionalKey(Schema.Boolean),
  poll: Schema.optionalKey(Schema.Struct({ at: Schema.String, is: Schema.Unknown, maxMs: Schema.Number })),
})

const Recorded = Schema.Struct({
  status: Schema.Number,
  type: Schema.NullOr(Schema.String),
  extra: Schema.Record(Schema.String, Schema.String),
  json: Schema.optionalKey(Schema.Unknown),
  text: Schema.optionalKey(Schema.String),
})

const Sent = Schema.Struct({
  method: Schema.String,
  path: Schema.String,
  headers: Schema.Record(Schema.String, Schema.String),
  body: Schema.String,
})

const Case = Schema.Struct({
  id: Schema.String,
  steps: Schema.Array(Step),
  upstream: Schema.optionalKey(Schema.Array(Upstream)),
  oracle: Schema.Struct({ steps: Schema.Array(Recorded), sent: Schema.Array(Sent) }),
})

const Recordings = Schema.Struct({ settings: Schema.Record(Schema.String, Schema.Unknown), cases: Schema.Array(Case) })

export type Case = typeof Case.Type
export type Recordings = typeof Recordings.Type

/** Undefined if the recordings are not on this machine. */
export const read = (): Recordings | undefined => {
  let text: string
  try {
    text = readFileSync(resolve(reference, "recordings/ml-commons-3.8.json"), "utf8")
  } catch {
    return undefined
  }
  return Schema.decodeUnknownSync(Recordings)(JSON.parse(text))
}

/** One location at which this server's response differs from the recorded one. */
export interface Difference {
  readonly id: string
  /** `METHOD /path` of the step with ids masked, or `upstream`. */
  readonly request: string
  /** `status`, `type`, `allow`, or a JSON pointer into the body with array indexes replaced by `*`. */
  readonly at: string
  readonly recorded: unknown
  readonly here: unknown
  /** The statuses of the differing responses; absent for requests to the stub. */
  readonly statuses?: readonly [recorded: number, here: number]
}

interface Response {
  readonly status: number
  readonly headers: Readonly<Record<string, string | ReadonlyArray<string> | undefined>>
  readonly text: string
}

/** A request whose GET may have a body and whose path is sent unchanged. */
export const exchange = (
  port: number,
  { method, path, body, headers }: { method: string; path: string; body?: string | Buffer; headers?: object },
): Promise<Response> =>
  new Promise((done, failed) => {
    const outgoing = send(
      {
        host: "127.0.0.1",
        port,
        method,
        path,
        headers: {
          ...(body === undefined
            ? {}
            : { "content-type": "application/json", "content-length": Buffer.byteLength(body) }),
          ...headers,
        },
      },
      (incoming) => {
        let text = ""
        incoming.setEncoding("utf8")
        incoming.on("data", (chunk) => (text += chunk))
        incoming.on("end", () => done({ status: incoming.statusCode ?? 0, headers: incoming.headers, text }))
        incoming.on("error", failed)
      },
    )
    outgoing.on("error", failed)
    outgoing.end(body)
  })

/** The stub's handler, and a switch to the case whose responses it returns. */
export const stub = (port: () => number) => {
  const waiting = new Map<string, Array<typeof Upstream.Type>>()
  const received = new Map<string, Array<Received>>()
  const handler: Answer.Handler = (request) => {
    const id = /^\/u\/([^/?]+)/.exec(request.target)?.[1] ?? ""
    received.set(id, [...(received.get(id) ?? []), request])
    const answers = waiting.get(id) ?? []
    const next = answers.length > 1 ? answers.shift() : answers[0]
    return answerOf(next ?? {}, port())
  }
  return {
    handler,
    begin: ({ id, upstream }: Case) => {
      waiting.set(id, [...(upstream ?? [])])
      received.delete(id)
    },
    /** For all ids, because a connector may have another destination. */
    received: (id: string): ReadonlyArray<Received> => received.get(id) ?? [],
  }
}

const completion = '{"ok":true,"choices":[{"message":{"role":"assistant","content":"Hi"}}]}'

const answerOf = (
  { status = 200, headers = {}, body, b64, mode }: typeof Upstream.Type,
  port: number,
): Answer.Answer => {
  if (mode === "reset") return Answer.reset
  const given = Object.entries({ "content-type": "application/json", ...headers }).flatMap(([name, value]) =>
    value === null ? [] : [[name, value.replaceAll("{{stub}}", `127.0.0.1:${port}`)] as const],
  )
  const response: Answer.Response = {
    kind: "response",
    status,
    headers: Object.fromEntries(given),
    body: b64 === undefined ? (body ?? completion) : Buffer.from(b64, "base64"),
  }
  return mode === "chunkcut" ? Answer.half(response) : response
}

/** How long the deployment of a model may take here, if it was deployed in the recording. */
const deployMillis = 300

interface Server {
  readonly port: number
  /** The stub's port. */
  readonly stub: number
}

/** Sends the requests of a case; returns every difference. */
export const replay = async (
  { id, steps, oracle }: Case,
  server: Server,
  sent: () => ReadonlyArray<Received>,
): Promise<ReadonlyArray<Difference>> => {
  const saved = new Map<string, string>()
  const onOneSide = new Set<string>()
  const filled = (text: string) =>
    text
      .replaceAll("{{stub}}", `127.0.0.1:${server.stub}`)
      .replaceAll(/\{\{(\w+)\}\}/g, (_, name: string) => saved.get(name) ?? `unset-${name}`)
  const masked = (text: string) => {
    let rest = text.replaceAll(`127.0.0.1:${server.stub}`, "<stub>")
    for (const [name, value] of saved) if (value !== "") rest = rest.replaceAll(value, `<${name}>`)
    return rest
  }
  const found: Array<Difference> = []
  let answered = 0
  let isWhole = true
  for (const { req, save = {}, setup, poll } of steps) {
    const recorded = poll === undefined ? oracle.steps[answered++] : undefined
    // A rejection on one side has consequences; they are the same difference.
    if ([...onOneSide].some((name) => JSON.stringify(req).includes(`{{${name}}}`))) {
      isWhole = false
      for (const name of Object.keys(save)) onOneSide.add(name)
      continue
    }
    const ask = () => patiently(() => exchange(server.port, outgoing(req, filled)))
    let response = await ask()
    if (poll !== undefined) {
      const end = performance.now() + Math.min(poll.maxMs, deployMillis)
      while (at(parsed(response.text), poll.at) !== poll.is && performance.now() < end) {
        await sleep(20)
        response = await ask()
      }
      continue
    }
    if (recorded === undefined) continue
    for (const [name, pointer] of Object.entries(save)) {
      const value = at(parsed(response.text), pointer)
      if (typeof value === "string") saved.set(name, value)
      if ((typeof value === "string") !== (typeof at(recorded.json, pointer) === "string")) onOneSide.add(name)
    }
    const request = `${req.method} ${req.path.replaceAll(/\{\{(\w+)\}\}/g, "<$1>")}`
    const add = (where: string, before: unknown, here: unknown) =>
      found.push({ id, request, at: where, recorded: before, here, statuses: [recorded.status, response.status] })
    const here = { ...response, text: masked(response.text) }
    if (setup === true) {
      if (recorded.status < 300 !== response.status < 300) add("status", shown(recorded), here.text)
    } else judge(recorded, here, JSON.stringify(req.body ?? "").includes('"sort"'), add)
  }
  if (!isWhole) return found
  const before = oracle.sent.map(({ method, path, headers, body }) =>
    shownSent(method, path, Object.entries(headers), body),
  )
  const here = sent().map(({ method, target, headers, text }) =>
    shownSent(method, masked(target), headers, masked(text)),
  )
  compare(before, here, "", (where, recorded, ours) =>
    found.push({ id, request: "upstream", at: where, recorded, here: ours }),
  )
  return found
}

/** A busy machine makes the server shed load: its own 503 contains nothing of a provider. */
const patiently = async (ask: () => Promise<Response>, left = 100): Promise<Response> => {
  const response = await ask()
  if (response.status !== 503 || response.text.includes('"remote"') || left === 0) return response
  await sleep(100)
  return patiently(ask, left - 1)
}

type Add = (at: string, recorded: unknown, here: unknown) => void

const outgoing = (
  { method, path, body, raw, rawB64, headers = {} }: typeof Request.Type,
  filled: (text: string) => string,
) => {
  const text = raw ?? (body === undefined ? undefined : JSON.stringify(body))
  const bytes = rawB64 === undefined ? (text === undefined ? undefined : filled(text)) : Buffer.from(rawB64, "base64")
  return { method, path: filled(path), headers, ...(bytes === undefined ? {} : { body: bytes }) }
}

const shown = ({ status, json, text }: typeof Recorded.Type) => `${status} ${text ?? JSON.stringify(json)}`

/** An error and a success are compared by status only; two errors by type and reason. */
const judge = (recorded: typeof Recorded.Type, here: Response, isSorted: boolean, add: Add): void => {
  const type = here.headers["content-type"]
  if (recorded.type !== null && recorded.type !== type) add("type", recorded.type, type)
  const allow = recorded.extra["allow"]
  if (allow !== undefined && listed(allow) !== listed(here.headers["allow"])) add("allow", allow, here.headers["allow"])
  if (recorded.status < 300 !== here.status < 300) return add("status", shown(recorded), `${here.status} ${here.text}`)
  if (recorded.status !== here.status) add("status", recorded.status, here.status)
  if (recorded.json === undefined) {
    if ((recorded.text ?? "") !== here.text) add("body", recorded.text, here.text)
    return
  }
  const body = (value: unknown) => content(inIdOrder(mask(value), isSorted))
  compare(body(recorded.json), body(parsed(here.text)), "", add)
}

const listed = (names: unknown) =>
  String(names ?? "")
    .split(/\s*,\s*/)
    .toSorted()
    .join(", ")

/** The envelope of an error repeats its status, type and reason. */
const content = (value: unknown): unknown => {
  if (!isObject(value) || !("error" in value) || !isObject(value.error)) return value
  const { root_cause: _, ...error } = { root_cause: undefined, ...value.error }
  return { error }
}

// Headers that a client library adds, and those that follow from the body.
const ofClients = new Set([
  "host",
  "user-agent",
  "accept",
  "accept-encoding",
  "connection",
  "content-length",
  "transfer-encoding",
])

const shownSent = (method: string, path: string, headers: ReadonlyArray<readonly [string, string]>, body: string) => ({
  method,
  path,
  headers: Object.fromEntries(
    headers.map(([name, value]) => [name.toLowerCase(), value] as const).filter(([name]) => !ofClients.has(name)),
  ),
  body,
})

const parsed = (text: string): unknown => {
  try {
    return JSON.parse(text)
  } catch {
    return text
  }
}

const at = (value: unknown, pointer: string): unknown =>
  pointer
    .split("/")
    .slice(1)
    .reduce<unknown>((inner, name) => (isObject(inner) ? Reflect.get(inner, name) : undefined), value)

const isObject = (value: unknown): value is object => typeof value === "object" && value !== null

const unstable = new Set(
  "took _seq_no _primary_term _score max_score stack_trace ml_jvm_heap_usage max min average p50 p90 p99".split(" "),
)
// Random letters, digits, `-` and `_`; an ordinary word of that length has no digit and no capital.
const idPattern = /(?<![\w-])(?=[\w-]*[A-Z0-9])(?:[\w-]{22}|[\w-]{20})(?![\w-])/g
const withoutIds = (text: string) => (text === "drawbar" ? "<id>" : text.replaceAll(idPattern, "<id>"))

const keyOf = (hit: unknown) => JSON.stringify(at(hit, "/_id"))

/** Without a sort, hits with equal scores are in any order. */
const inIdOrder = (value: unknown, isSorted: boolean): unknown => {
  if (isSorted || !isObject(value) || !("hits" in value) || !isObject(value.hits) || !("hits" in value.hits))
    return value
  const { hits } = value.hits
  if (!Array.isArray(hits)) return value
  return { ...value, hits: { ...value.hits, hits: hits.toSorted((a, b) => (keyOf(a) < keyOf(b) ? -1 : 1)) } }
}

const mask = (value: unknown, name = ""): unknown => {
  if (Array.isArray(value)) return value.map((item) => mask(item))
  if (isObject(value))
    return Object.fromEntries(Object.entries(value).map(([key, inner]) => [withoutIds(key), mask(inner, key)]))
  if (typeof value === "number" && (value > 1_600_000_000_000 || unstable.has(name))) return "<number>"
  return typeof value === "string" ? withoutIds(value) : value
}

/** Adds each innermost location at which two values differ; a member missing on one side is `undefined` there. */
const compare = (recorded: unknown, here: unknown, pointer: string, add: Add): void => {
  if (Array.isArray(recorded) && Array.isArray(here) && recorded.length === here.length)
    return recorded.forEach((item, i) => compare(item, here[i], `${pointer}/*`, add))
  if (isObject(recorded) && isObject(here) && !Array.isArray(recorded) && !Array.isArray(here)) {
    for (const key of new Set([...Object.keys(recorded), ...Object.keys(here)]))
      compare(Reflect.get(recorded, key), Reflect.get(here, key), `${pointer}/${key}`, add)
    return
  }
  if (JSON.stringify(recorded) !== JSON.stringify(here)) add(pointer, recorded, here)
}
