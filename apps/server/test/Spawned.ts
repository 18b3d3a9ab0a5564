/** The server as a process of its own, and all that it says. */
import { type ChildProcess, spawn } from "node:child_process"
import { once } from "node:events"
import { join } from "node:path"
import process from "node:process"

export interface Spawned extends AsyncDisposable {
  readonly child: ChildProcess
  readonly url: string
  /** On standard output and standard error, so far. */
  readonly said: () => string
  readonly ended: Promise<number | null>
}

export interface Options {
  readonly env?: Readonly<Record<string, string>>
  /** A module that is loaded before the server. */
  readonly before?: string
}

const main = join(import.meta.dirname, "../src/main.ts")

/** Starts it on a free port, and waits until it says where; `await using` kills it. */
export const start = async (flags: ReadonlyArray<string>, { env = {}, before }: Options = {}): Promise<Spawned> => {
  const own = ["--conditions=@drawbar/source", ...(before === undefined ? [] : ["--import", before])]
  const child = spawn(process.execPath, [...own, main, "--port", "0", ...flags], { env })
  const ended = once(child, "close").then(([code]) => code)
  let said = ""
  const url = await new Promise<string>((resolve, reject) => {
    for (const stream of [child.stdout, child.stderr])
      stream.setEncoding("utf8").on("data", (piece: string) => {
        said += piece
        const found = /listens on (\S+)/.exec(said)?.[1]
        if (found !== undefined) resolve(found)
      })
    void ended.then((code) => reject(new Error(`it ended with ${code}: ${said}`)))
  })
  const stop = async () => {
    child.kill("SIGKILL")
    await ended
  }
  return { child, url, said: () => said, ended, [Symbol.asyncDispose]: stop }
}
