/** A terminal beside a server: each command runs as a separate process, as a user would start it. */
import { spawn } from "node:child_process"
import { mkdtemp, rm, writeFile } from "node:fs/promises"
import { tmpdir } from "node:os"
import { join } from "node:path"
import process from "node:process"
import { text } from "node:stream/consumers"
import { fileURLToPath } from "node:url"
import * as Server from "@drawbar/server/Server"
import * as OpenAi from "@drawbar/stub-platform/OpenAi"
import * as StubPlatform from "@drawbar/stub-platform/StubPlatform"
import { Effect, Exit, Scope } from "effect"

export const secret = "sk-do-not-show-1234567890"

export interface Ended {
  readonly code: number | null
  readonly out: string
  readonly err: string
}

export interface Terminal extends AsyncDisposable {
  readonly url: string
  readonly platform: StubPlatform.StubPlatform
  /** Runs a command; `input` is piped to its standard input, `variables` are added to its environment. */
  readonly drawbar: (
    args: ReadonlyArray<string>,
    input?: string,
    variables?: Readonly<Record<string, string>>,
  ) => Promise<Ended>
  readonly folder: string
  /** Writes a file and returns its path. */
  readonly file: (name: string, content: string) => Promise<string>
}

const main = fileURLToPath(new URL("../src/main.ts", import.meta.url))

/** Starts the OpenAI stub, a server with a memory store and a temporary folder; `await using` disposes of them. */
export const open = async (): Promise<Terminal> => {
  const platform = await StubPlatform.start({ handler: OpenAi.handler({ apiKey: secret }), tls: ["api.openai.com"] })
  const scope = Effect.runSync(Scope.make())
  const { url } = await Effect.runPromise(
    Server.listen({
      host: "127.0.0.1",
      port: 0,
      connectTo: { "api.openai.com:443": `127.0.0.1:${platform.port}` },
      certificateAuthorities: [platform.ca],
    }).pipe(Scope.provide(scope)),
  )
  const folder = await mkdtemp(join(tmpdir(), "drawbar-cli-"))
  return {
    url,
    platform,
    folder,
    drawbar: async (args, input = "", variables = {}) => {
      const env = {
        PATH: process.env["PATH"],
        DRAWBAR_URL: url,
        OPENAI_API_KEY: secret,
        NO_COLOR: "1",
        NODE_COMPILE_CACHE: folder,
        XDG_CONFIG_HOME: folder,
        ...variables,
      }
      const child = spawn(process.execPath, ["--conditions=@drawbar/source", main, ...args], { cwd: folder, env })
      child.stdin.on("error", () => undefined).end(input)
      const code = new Promise<number | null>((resolve) => child.on("close", resolve))
      const [out, err] = await Promise.all([text(child.stdout), text(child.stderr)])
      return { code: await code, out, err }
    },
    file: async (name, content) => {
      await writeFile(join(folder, name), content)
      return name
    },
    [Symbol.asyncDispose]: async () => {
      await Effect.runPromise(Scope.close(scope, Exit.void))
      await platform.close()
      await rm(folder, { recursive: true, force: true })
    },
  }
}
