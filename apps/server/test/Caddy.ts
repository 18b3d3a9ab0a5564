/** Caddy with the file of examples/compose, in front of servers of a test. `node scripts/caddy.mjs` installs it. */
import { spawn } from "node:child_process"
import { once } from "node:events"
import { existsSync } from "node:fs"
import { mkdtemp, readFile, rm } from "node:fs/promises"
import { Agent, request } from "node:https"
import { createServer, type AddressInfo } from "node:net"
import { tmpdir } from "node:os"
import { join } from "node:path"
import process from "node:process"

const root = join(import.meta.dirname, "../../..")

/** Its program; `undefined` where it is not installed. */
export const binary = [
  process.env["DRAWBAR_CADDY"] ?? "",
  join(root, "node_modules/.cache/caddy-2.11.7/bin/caddy"),
].find((path) => path !== "" && existsSync(path))

export interface Reply {
  readonly status: number
  readonly text: string
}

export interface Caddy extends AsyncDisposable {
  /** Sends a request through it; `seen` gets each piece of the response as it arrives. */
  readonly ask: (method: string, path: string, body?: unknown, seen?: (piece: string) => void) => Promise<Reply>
}

export const freePort = async () => {
  const server = createServer().listen(0, "127.0.0.1")
  await once(server, "listening")
  const { port } = server.address() as AddressInfo
  server.close()
  await once(server, "close")
  return port
}

/** Listens for TLS on that port of `localhost`. */
export const start = async (port: number, servers: ReadonlyArray<string>): Promise<Caddy> => {
  const folder = await mkdtemp(join(tmpdir(), "drawbar-caddy-"))
  const child = spawn(
    binary ?? "",
    ["run", "--config", join(root, "examples/compose/Caddyfile"), "--adapter", "caddyfile"],
    {
      env: {
        HOME: folder,
        XDG_DATA_HOME: folder,
        XDG_CONFIG_HOME: folder,
        CADDY_ADMIN: `127.0.0.1:${await freePort()}`,
        DRAWBAR_ADDRESS: `https://localhost:${port}`,
        DRAWBAR_SERVERS: servers.join(" "),
      },
      stdio: ["ignore", "ignore", "pipe"],
    },
  )
  const ended = once(child, "close")
  let said = ""
  await new Promise<void>((resolve, reject) => {
    child.stderr.setEncoding("utf8").on("data", (text: string) => {
      said += text
      if (said.includes("serving initial configuration")) resolve()
    })
    void ended.then(() => reject(new Error(`Caddy ended: ${said}`)))
  })
  const ca = await readFile(join(folder, "caddy/pki/authorities/local/root.crt"))
  const agent = new Agent({ ca, keepAlive: true })
  return {
    ask: (method, path, body, seen) =>
      new Promise((resolve, reject) => {
        const headers = { "content-type": "application/json" }
        const sent = request({ agent, host: "localhost", port, path, method, headers }, (response) => {
          let text = ""
          response.setEncoding("utf8").on("data", (piece: string) => {
            text += piece
            seen?.(piece)
          })
          response.once("end", () => resolve({ status: response.statusCode ?? 0, text }))
          response.once("error", reject)
        })
        sent.once("error", reject)
        sent.end(body === undefined ? undefined : JSON.stringify(body))
      }),
    [Symbol.asyncDispose]: async () => {
      agent.destroy()
      child.kill("SIGTERM")
      await ended
      await rm(folder, { recursive: true, force: true })
    },
  }
}
