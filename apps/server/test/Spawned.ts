/** The server as a process of its own, as users start it. */
import { type ChildProcess, spawn } from "node:child_process"
import { once } from "node:events"
import { join } from "node:path"
import process from "node:process"

export interface Spawned extends AsyncDisposable {
  readonly child: ChildProcess
  /** All that it has said so far, on either output. */
  readonly said: () => string
  readonly ended: Promise<number | null>
  /** The URL that it says it listens on. */
  readonly url: Promise<string>
}

const main = join(import.meta.dirname, "../src/main.ts")

export interface Options {
  /** Node's own flags. */
  readonly node?: ReadonlyArray<string>
  readonly env?: Readonly<Record<string, string>>
}

export const start = (flags: ReadonlyArray<string>, { node = [], env = {} }: Options = {}): Spawned => {
  const child = spawn(process.execPath, ["--conditions=@drawbar/source", ...node, main, ...flags], { env })
  let said = ""
  const ended = once(child, "close").then(([code]) => code)
  const url = new Promise<string>((resolve, reject) => {
    const read = (chunk: Buffer) => {
      said += chunk.toString()
      const found = /listens on (\S+)/.exec(said)?.[1]
      if (found !== undefined) resolve(found)
    }
    child.stdout.on("data", read)
    child.stderr.on("data", read)
    void ended.then((code) => reject(new Error(`it ended with ${code}: ${said}`)))
  })
  url.catch(() => {})
  const stop = async () => {
    child.kill("SIGKILL")
    await ended
  }
  return { child, said: () => said, ended, url, [Symbol.asyncDispose]: stop }
}
