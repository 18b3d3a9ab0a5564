/** The environment of a soak test: the server's bundle as its own process, and upstreams in this process. */
import { once } from "node:events"
import { readdirSync } from "node:fs"
import { mkdtemp, rm, writeFile } from "node:fs/promises"
import { type AddressInfo, createServer, type Socket } from "node:net"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { Agent, request } from "undici"
import * as Program from "../Program.ts"
import { bundle } from "../Subjects.ts"

/** Maximum concurrent connections of callers. */
const callers = 512

const ml = "/_plugins/_ml"

export interface Platform {
  readonly port: number
  /** The number of requests received. */
  readonly asked: () => number
  readonly sockets: ReadonlySet<Socket>
  readonly close: () => void
}

/** Called for each complete request, with its body. */
export type Act = (socket: Socket, body: string) => void

export const platform = async (act: Act): Promise<Platform> => {
  const sockets = new Set<Socket>()
  let requested = 0
  const server = createServer({ noDelay: true }, (socket) => {
    sockets.add(socket)
    socket.on("close", () => sockets.delete(socket)).on("error", () => {})
    let text = ""
    socket.on("data", (bytes) => {
      text += bytes.toString("latin1")
      const body = /\r\n\r\n(\{.*\})$/s.exec(text)?.[1]
      if (body === undefined) return
      text = ""
      requested += 1
      act(socket, body)
    })
  })
  server.listen(0, "127.0.0.1", 4_096)
  await once(server, "listening")
  const { port } = server.address() as AddressInfo
  const close = () => {
    for (const socket of sockets) socket.destroy()
    server.close()
  }
  return { port, asked: () => requested, sockets, close }
}

export const head = (status: number, headers: Readonly<Record<string, string | number>> = {}): string =>
  [
    `HTTP/1.1 ${status} Said`,
    ...Object.entries({ "content-type": "application/json", ...headers }).map(([name, value]) => `${name}: ${value}`),
    "",
    "",
  ].join("\r\n")

export const whole = (body: string, status = 200, headers: Readonly<Record<string, string | number>> = {}): string =>
  head(status, { "content-length": Buffer.byteLength(body), ...headers }) + body

export interface Answer {
  readonly status: number
  readonly text: string
  readonly millis: number
}

/** A deployed model. */
export interface Model {
  readonly path: string
  readonly predict: (parameters: object, query?: string) => Promise<Answer>
}

export interface Stage extends AsyncDisposable {
  readonly program: Program.Program
  readonly model: (port: number, client_config?: object, action?: object) => Promise<Model>
  /** Opens all connections of the callers, so that they do not count as new. */
  readonly warm: () => Promise<unknown>
  readonly descriptors: () => number
  /** The number of active timers. */
  readonly timers: () => Promise<number>
}

// Reports on demand what keeps the process alive; the bundle itself is unchanged.
const telling = `data:text/javascript,process.on("SIGUSR2",()=>process.stdout.write("timers "+process.getActiveResourcesInfo().filter((name)=>name==="Timeout").length+"\\n"))`

export const start = async (): Promise<Stage> => {
  const folder = await mkdtemp(join(tmpdir(), "drawbar-soak-"))
  const settings = join(folder, "settings.json")
  await writeFile(
    settings,
    JSON.stringify({
      "plugins.ml_commons.trusted_connector_endpoints_regex": ["^http://127\\.0\\.0\\.1:.*$"],
      "plugins.ml_commons.connector.private_ip_enabled": true,
    }),
  )
  const flags = ["--port", "0", "--data", ":memory:", "--settings", settings, "--log", "off"]
  const program = await Program.start([`--import=${telling}`, ...bundle, ...flags])
  const agent = new Agent({ connections: callers, pipelining: 1 })
  const post = async (path: string, body: object): Promise<Answer> => {
    const began = performance.now()
    const answer = await request(program.origin + path, {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify(body),
      dispatcher: agent,
    })
    const text = await answer.body.text()
    return { status: answer.statusCode, text, millis: performance.now() - began }
  }
  return {
    program,
    model: async (port, client_config = {}, action = {}) => {
      const made = await post(`${ml}/models/_register`, {
        name: `m${port}`,
        function_name: "remote",
        connector: {
          name: "c",
          version: 1,
          protocol: "http",
          client_config,
          actions: [
            {
              action_type: "predict",
              method: "POST",
              url: `http://127.0.0.1:${port}/v1/chat/completions`,
              request_body: '{"way":"${parameters.way:-}","nonce":"${parameters.nonce:-}"}',
              ...action,
            },
          ],
        },
      })
      const path = `${ml}/models/${JSON.parse(made.text).model_id}/_predict`
      return { path, predict: (parameters, query = "") => post(path + query, { parameters }) }
    },
    warm: () => Promise.all(Array.from({ length: callers }, () => post("/_plugins/_ml/connectors/_create", {}))),
    descriptors: () => readdirSync(`/proc/${program.child.pid}/fd`).length,
    timers: async () => {
      const output = once(program.child.stdout!, "data")
      program.child.kill("SIGUSR2")
      return Number(/timers (\d+)/.exec(String(await output))?.[1])
    },
    [Symbol.asyncDispose]: async () => {
      await agent.destroy()
      await Program.stop(program)
      await rm(folder, { recursive: true, force: true })
    },
  }
}

/** Sends requests from a number of callers, each after its previous response, while `more` returns true. */
export const loop = async (callers: number, more: () => boolean, call: (n: number) => Promise<unknown>) => {
  let n = 0
  const caller = async () => {
    while (more()) await call(n++)
  }
  await Promise.all(Array.from({ length: callers }, caller))
}

export const forSeconds = (seconds: number): (() => boolean) => {
  const end = performance.now() + seconds * 1_000
  return () => performance.now() < end
}
