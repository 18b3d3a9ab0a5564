/** A Drawbar server for the example. */
import { spawn } from "node:child_process"
import { once } from "node:events"
import process from "node:process"
import { createInterface } from "node:readline"
import { fileURLToPath } from "node:url"

export interface DrawbarServer {
  readonly url: string
  readonly close: () => Promise<void>
}

/** A server that is already running, and keeps running. */
export const at = (url: string): DrawbarServer => ({ url, close: async () => {} })

/** The server in DRAWBAR_URL, or a new one on a free port with its records in memory. */
export const start = async (): Promise<DrawbarServer> => {
  const given = process.env["DRAWBAR_URL"]
  if (given !== undefined) return at(given)
  const main = fileURLToPath(import.meta.resolve("@drawbar/server/main"))
  const flags = ["--port", "0", "--data", ":memory:", "--log", "off"]
  const child = spawn(process.execPath, ["--conditions=@drawbar/source", main, ...flags], {
    stdio: ["ignore", "pipe", "inherit"],
  })
  const close = async () => {
    if (child.exitCode !== null) return
    child.kill("SIGTERM")
    await once(child, "exit")
  }
  for await (const line of createInterface(child.stdout)) {
    const url = / listens on (\S+)$/.exec(line)?.[1]
    if (url === undefined) continue
    // Later output must not fill the pipe.
    child.stdout.resume()
    return { url, close }
  }
  throw new Error("Drawbar exited before it listened; see its output above.")
}
