/** The server as a separate process, as users start it, and its output. */
import { type ChildProcess, spawn } from "node:child_process"
import { once } from "node:events"
import { join } from "node:path"
import process from "node:process"

export interface Running extends AsyncDisposable {
  readonly child: ChildProcess
  /** On standard output and standard error, so far. */
  readonly said: () => string
  readonly ended: Promise<number | null>
  /** The URL that it reports. */
  readonly url: Promise<string>
}

export interface Spawned extends Omit<Running, "url"> {
  readonly url: string
}

export interface Options {
  readonly env?: Readonly<Record<string, string>>
  /** Node's own flags. */
  readonly node?: ReadonlyArray<string>
}

const main = join(import.meta.dirname, "../src/main.ts")

/** Warming up costs a second of processor time, and says nothing of most tests. */
const cold = { DRAWBAR_WARM_UP: "off" }

/** Starts it; `await using` kills it. */
export const run = (flags: ReadonlyArray<string>, { env = {}, node = [] }: Options = {}): Running => {
  const child = spawn(process.execPath, ["--conditions=@drawbar/source", ...node, main, ...flags], {
    env: { ...cold, ...env },
  })
  const ended = once(child, "close").then(([code]) => code)
  let reply = ""
  const url = new Promise<string>((resolve, reject) => {
    for (const stream of [child.stdout, child.stderr])
      stream.setEncoding("utf8").on("data", (piece: string) => {
        reply += piece
        const found = /listens on (\S+)/.exec(reply)?.[1]
        if (found !== undefined) resolve(found)
      })
    void ended.then((code) => reject(new Error(`it exited with ${code}: ${reply}`)))
  })
  url.catch(() => {})
  const stop = async () => {
    child.kill("SIGKILL")
    await ended
  }
  return { child, url, said: () => reply, ended, [Symbol.asyncDispose]: stop }
}

/** Starts it on a free port, and waits until it reports the URL. */
export const start = async (flags: ReadonlyArray<string>, options: Options = {}): Promise<Spawned> => {
  const running = run(["--port", "0", ...flags], options)
  return { ...running, url: await running.url }
}
