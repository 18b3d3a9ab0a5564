/**
 * A fuzzer of resources: random requests of three roles, biased to sizes, repetitions, nesting and wildcards, against a server with a small heap. It must
 * not end, answer 500, keep a request waiting, hold its event loop up, or hold more than before when it is over.
 */
import { cp, mkdtemp, readdir, rm, writeFile } from "node:fs/promises"
import { Agent, request as send } from "node:http"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { setTimeout as wait } from "node:timers/promises"
import { ask } from "../AuthenticatedServer.ts"
import * as Loopback from "../Loopback.ts"
import * as Spawned from "../Spawned.ts"
import { Draw } from "./Draw.ts"
import * as FuzzUpstream from "./FuzzUpstream.ts"

export const ml = "/_plugins/_ml"

export type Role = "reader" | "application" | "developer"

export interface Sent {
  readonly method: string
  readonly path: string
  readonly body?: string | Buffer
  readonly headers?: Readonly<Record<string, string>>
  /** In ms: its caller goes away after so long; or reads so slowly. */
  readonly leaves?: number
  readonly readsSlowly?: boolean
  /** Sends no key. */
  readonly isStranger?: boolean
}

export interface World {
  readonly models: Readonly<Record<string, string>>
  readonly upstream: number
}

export interface Generator {
  readonly role: Role
  readonly make: (draw: Draw, world: World) => Sent
}

export interface Options {
  readonly seed: number
  readonly seconds: number
  readonly generators: Readonly<Record<string, Generator>>
  /** What is planted in the server. */
  readonly plant?: string
  /** In ms: how long a request may take. */
  readonly patience?: number
  /** Stops at the first that is wrong. */
  readonly stopsEarly?: boolean
  /** Goes on for as many requests, however slow the machine is. */
  readonly least?: number
}

/** The records of a server, the keys of each role, and the upstream that its models call. */
export interface Prepared extends AsyncDisposable {
  readonly folder: string
  readonly keys: Readonly<Record<Role, string>>
  readonly world: World
}

export interface Report {
  /** What must not be; each says the request. */
  readonly wrong: ReadonlyArray<string>
  readonly requests: number
  readonly longShare: number
  readonly most: number
  /** In bytes, before and after. */
  readonly bytes: readonly [number, number]
  /** By generator: how many, of which status, and the longest in ms. */
  readonly table: string
}

/**
 * The share of the time that steps of more than 250 ms may take together, and the longest step in ms of a processor. A single search may take half a second
 * of a busy processor; steps that follow one another without a pause are the fault.
 */
const longShareAtMost = 0.2
const longestStep = 2_000

/** In bytes: what a server may hold more when all is over. Compiled code, and the shapes of what it has met, stay. */
const growth = 40_000_000
const callers = 12

/** A server without authentication makes the keys and the records; each run begins with a copy of them. */
export const prepare = async (): Promise<Prepared> => {
  const upstream = await FuzzUpstream.listen()
  const folder = await mkdtemp(join(tmpdir(), "drawbar-resources-"))
  await writeFile(join(folder, "settings.json"), JSON.stringify(Loopback.settings))
  await using server = await Spawned.start(flags(folder))
  const keyOf = async (role: Role) => {
    const made = await ask(server.url, undefined, "POST", `${ml}/api_keys`, { name: role, roles: [role] })
    if (made.status !== 200) throw new Error(made.text)
    return `Bearer ${made.json.api_key}`
  }
  const models = await modelsOf(server.url, upstream.port)
  await Promise.all(Array.from({ length: 8 }, (_, n) => groupsOf(server.url, n)))
  return {
    folder,
    keys: {
      reader: await keyOf("reader"),
      application: await keyOf("application"),
      developer: await keyOf("developer"),
    },
    world: { upstream: upstream.port, models },
    [Symbol.asyncDispose]: async () => {
      upstream.close()
      await rm(folder, { recursive: true, force: true })
    },
  }
}

export const run = async ({ folder: template, keys, world }: Prepared, options: Options): Promise<Report> => {
  const { seed, seconds, generators, plant, patience = 60_000, stopsEarly = false, least = 0 } = options
  const folder = await mkdtemp(join(tmpdir(), "drawbar-resources-"))
  const agent = new Agent({ keepAlive: true, maxSockets: callers * 2 })
  try {
    await cp(template, folder, { recursive: true })
    await using server = await Spawned.start([...flags(folder), "--auth", "on"], {
      node: [
        "--max-old-space-size=512",
        "--expose-gc",
        ...["ResourceMonitor.ts", "ResourcePlants.ts"].map((file) => `--import=${join(import.meta.dirname, file)}`),
      ],
      env: plant === undefined ? {} : { DRAWBAR_PLANT: plant },
    })
    const names = Object.keys(generators)
    const wrong: Array<string> = []
    const rows = new Map<string, { count: number; longest: number; readonly statuses: Map<number | string, number> }>()
    let ended = false
    void server.ended.then((code) => {
      if (!ended) wrong.push(`the server ended with ${code}: ${server.said().slice(-2_000)}`)
      ended = true
    })

    const hasEnded = () => ended
    const isOver = () => ended || (stopsEarly && wrong.length > 0)
    let requests = 0
    const one = async (name: string, draw: Draw) => {
      const { role, make } = generators[name] as Generator
      const sent = make(draw, world)
      const began = performance.now()
      const { status, text } = await answerOf(server.url, agent, keys[role], sent, patience)
      const millis = performance.now() - began
      requests += 1
      const row = rows.get(name) ?? { count: 0, longest: 0, statuses: new Map() }
      rows.set(name, row)
      row.count += 1
      row.longest = Math.max(row.longest, millis)
      row.statuses.set(status, (row.statuses.get(status) ?? 0) + 1)
      const shown = () =>
        `${name} (${role}): ${sent.method} ${sent.path.slice(0, 200)} ${String(sent.body ?? "").slice(0, 300)}`
      if (status === 500) wrong.push(`500 ${text.slice(0, 300)} for ${shown()}`)
      if (status === "unanswered" && !ended) wrong.push(`no answer within ${patience} ms to ${shown()}`)
    }
    const isEnough = (end: number) => isOver() || (performance.now() >= end && requests >= least)
    const asLongAs = async (end: number, salt: number) => {
      const caller = async (n: number) => {
        const draw = new Draw(seed * 1_009 + salt * 101 + n)
        while (!isEnough(end)) await one(draw.of(names), draw)
      }
      await Promise.all(Array.from({ length: callers }, (_, n) => caller(n)))
    }
    const level = async () => {
      // What is under way at the upstream ends, and connections that are not used close.
      await wait(1_500)
      if (ended) return { samples: 0, longShare: 0, most: 0, bytes: 0, timers: 0, files: 0 }
      const from = server.said().length
      server.child.kill("SIGUSR2")
      for (let n = 0; n < 600 && !hasEnded() && !/resources (\{.*\})\n/.test(server.said().slice(from)); n++)
        await wait(50)
      const said = /resources (\{.*\})\n/.exec(server.said().slice(from))?.[1]
      if (said === undefined) wrong.push("the server does not say what it holds within 30 s")
      const files = ended ? 0 : (await readdir(`/proc/${server.child.pid}/fd`)).length
      return { longShare: 0, most: 0, bytes: 0, timers: 0, ...JSON.parse(said ?? "{}"), files } as Level
    }

    // Each generator once: code is compiled, and pools have their connections.
    const warming = new Draw(seed)
    for (const name of names) if (!isOver()) await one(name, warming)
    const before = await level()
    await asLongAs(performance.now() + seconds * 1_000, 1)
    if (!ended)
      await removeAll(server.url, keys.developer, Object.values(world.models)).catch((cause) =>
        wrong.push(`the records cannot be removed: ${cause}`),
      )
    const after = await level()
    ended = true
    if (after.longShare > longShareAtMost || after.most > longestStep)
      wrong.push(
        `the event loop is late: ${Math.round(after.longShare * 100)} % of the time in long steps, ${Math.round(after.most)} ms at the worst`,
      )
    if (after.bytes > before.bytes + growth) wrong.push(`it holds ${after.bytes} bytes, ${before.bytes} before`)
    if (after.timers > before.timers + 100) wrong.push(`it has ${after.timers} timers, ${before.timers} before`)
    if (after.files > before.files + 60) wrong.push(`it has ${after.files} files open, ${before.files} before`)
    const lines = [...rows].map(
      ([name, { count, longest, statuses }]) =>
        `${name}: ${count}, ${Math.round(longest)} ms, ${[...statuses].map(([status, n]) => `${status}×${n}`).join(" ")}`,
    )
    return {
      wrong,
      requests,
      longShare: after.longShare,
      most: after.most,
      bytes: [before.bytes, after.bytes],
      table: lines.toSorted().join("\n"),
    }
  } finally {
    agent.destroy()
    await rm(folder, { recursive: true, force: true })
  }
}

interface Level {
  readonly longShare: number
  readonly most: number
  readonly bytes: number
  readonly timers: number
  readonly files: number
}

const flags = (folder: string) => [
  "--data",
  folder,
  "--keyring",
  join(folder, "keyring.json"),
  "--settings",
  join(folder, "settings.json"),
  "--log",
  "off",
]

/** Models of several forms; each says by `want` what its upstream is to answer. */
const modelsOf = async (url: string, port: number): Promise<Readonly<Record<string, string>>> => {
  const want = '"want":"${parameters.want:-}"'
  const forms: Readonly<Record<string, object>> = {
    body: { request_body: `{${want},"q":"\${parameters.q}"}` },
    value: { request_body: `{${want},"q":\${parameters.q}}` },
    repeated: { request_body: `{${want},"q":[${Array.from({ length: 60 }, () => '"${parameters.q}"').join(",")}]}` },
    url: { url: `http://127.0.0.1:${port}/v1/\${parameters.p:-p}?q=\${parameters.q}`, request_body: `{${want}}` },
    header: { headers: { "X-Q": "${parameters.q}" }, request_body: `{${want}}` },
    documents: {
      request_body: `{${want},"input":\${parameters.input}}`,
      pre_process_function: "connector.pre_process.openai.embedding",
    },
    each: {
      request_body: `{${want},"input":"\${parameters.input}"}`,
      pre_process_function: 'return \'{"parameters":{"input":"\' + params.text_docs[0] + \'"}}\'',
    },
    tensors: { request_body: `{${want}}`, post_process_function: "connector.post_process.openai.embedding" },
    chat: {
      url: `http://127.0.0.1:${port}/v1/chat/completions`,
      request_body: `{${want},"stream":true,"q":"\${parameters.q:-}"}`,
    },
  }
  const models: Record<string, string> = {}
  for (const [name, action] of Object.entries(forms)) {
    const made = await ask(url, undefined, "POST", `${ml}/models/_register`, {
      name,
      function_name: "remote",
      connector: {
        name,
        version: 1,
        protocol: "http",
        client_config: { max_connection: 100, max_retry_times: 0 },
        actions: [{ action_type: "predict", method: "POST", url: `http://127.0.0.1:${port}/v1/${name}`, ...action }],
      },
    })
    if (made.status !== 200) throw new Error(`${name}: ${made.text}`)
    models[name] = made.json.model_id
  }
  return models
}

/** Records to search in; they stay. */
const groupsOf = async (url: string, salt: number) => {
  for (let n = 0; n < 50; n++) {
    const name = `group ${salt} ${n}`
    const made = await ask(url, undefined, "POST", `${ml}/model_groups/_register`, {
      name,
      description: "words of a group ".repeat(20),
    })
    if (made.status !== 200) throw new Error(made.text)
  }
}

/** Deletes what generators have made. */
const removeAll = async (url: string, key: string, kept: ReadonlyArray<string>) => {
  for (const kind of ["models", "connectors"])
    for (let round = 0; round < 100; round++) {
      const { json } = await ask(url, key, "POST", `${ml}/${kind}/_search`, { size: 1_000, _source: ["name"] })
      const ids: ReadonlyArray<string> = (json?.hits?.hits ?? [])
        .map(({ _id }: { readonly _id: string }) => _id)
        .filter((id: string) => !kept.includes(id))
      if (ids.length === 0) break
      for (const id of ids) {
        if (kind === "models") await ask(url, key, "POST", `${ml}/models/${id}/_undeploy`, {})
        await ask(url, key, "DELETE", `${ml}/${kind}/${id}`)
      }
    }
}

/** `unanswered` where none came in time; `left` where its caller went away, or the connection was closed. */
const answerOf = (url: string, agent: Agent, key: string, sent: Sent, patience: number) =>
  new Promise<{ readonly status: number | "unanswered" | "left"; readonly text: string }>((resolve) => {
    const body = sent.body === undefined ? undefined : Buffer.from(sent.body)
    const request = send(url + sent.path, {
      agent,
      method: sent.method,
      headers: {
        "x-fuzz": "1",
        ...(sent.isStranger === true ? {} : { authorization: key }),
        ...(body === undefined ? {} : { "content-type": "application/json", "content-length": body.length }),
        ...sent.headers,
      },
    })
    let status: number | "unanswered" | "left" = "left"
    let text = ""
    const over = setTimeout(() => {
      status = "unanswered"
      request.destroy()
    }, patience)
    const leaving = sent.leaves === undefined ? undefined : setTimeout(() => request.destroy(), sent.leaves)
    request.on("response", (response) => {
      status = response.statusCode ?? "left"
      response.on("data", (piece: Buffer) => {
        if (text.length < 2_000) text += piece.toString("latin1")
        if (sent.readsSlowly !== true) return
        response.pause()
        setTimeout(() => response.resume(), 20)
      })
      response.on("error", () => {})
    })
    request.on("error", () => {})
    request.on("close", () => {
      clearTimeout(over)
      clearTimeout(leaving)
      resolve({ status, text })
    })
    request.end(body)
  })
