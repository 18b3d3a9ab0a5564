/**
 * Runs the shell blocks of the pages as a reader would, in their order. Ports of the pages stand for those of the test;
 * a comment before a block says why it is not run, or that the server is started again with other flags.
 */
import { spawn } from "node:child_process"
import { chmod, mkdtemp, readFile, rm, writeFile } from "node:fs/promises"
import { tmpdir } from "node:os"
import { delimiter, dirname, join } from "node:path"
import process from "node:process"
import { text } from "node:stream/consumers"
import * as Server from "@drawbar/server/Server"
import * as Answer from "@drawbar/stub-platform/Answer"
import * as OpenAi from "@drawbar/stub-platform/OpenAi"
import * as StubPlatform from "@drawbar/stub-platform/StubPlatform"
import { Effect, Exit, Scope } from "effect"
import { expect, it } from "vitest"
import * as DemoPlatform from "../../src/demo/DemoPlatform.ts"

const root = join(import.meta.dirname, "../../../..")
const main = join(import.meta.dirname, "../../src/main.ts")
const key = "sk-do-not-show-1234567890"

/** A model server on this machine, by Ollama's own API and by OpenAI's. */
const local: Answer.Handler = ({ target }) =>
  Answer.json(
    target === "/api/chat"
      ? { message: { role: "assistant", content: "Hi!" }, done: true }
      : { choices: [{ message: { role: "assistant", content: "Hi!" } }] },
  )

interface Segment {
  readonly requiresAuthentication: boolean
  readonly script: string
}

/** The blocks that are run, between those that start a server. */
const segmentsOf = (page: string): ReadonlyArray<Segment> => {
  const segments: Array<Segment> = [{ requiresAuthentication: false, script: "" }]
  for (const [, comment = "", script = ""] of page.matchAll(/(?:<!-- ([^\n]*) -->\n\n)?```sh\n(.*?)```/gs)) {
    const last = segments.at(-1)
    if (comment.startsWith("server:")) segments.push({ requiresAuthentication: true, script: "" })
    else if (!comment.startsWith("not run:") && last !== undefined)
      segments.splice(-1, 1, { ...last, script: last.script + script })
  }
  return segments
}

it.each([
  "README.md",
  "docs/guide.md",
  "docs/local-model.md",
  "docs/from-ml-commons.md",
  "docs/team-keys.md",
  "docs/not-included.md",
])(
  "the shell blocks of %s run as they are written",
  async (path) => {
    const folder = await mkdtemp(join(tmpdir(), "drawbar-pages-"))
    const demo = await DemoPlatform.start(0)
    await using machine = await StubPlatform.start({ handler: local })
    await using openai = await StubPlatform.start({ handler: OpenAi.handler({ apiKey: key }), tls: ["api.openai.com"] })
    try {
      await writeFile(
        join(folder, "drawbar"),
        `#!/bin/sh\nexec "${process.execPath}" --conditions=@drawbar/source "${main}" "$@"\n`,
      )
      await chmod(join(folder, "drawbar"), 0o755)
      const page = await readFile(join(root, path), "utf8")
      for (const { requiresAuthentication, script } of segmentsOf(page)) {
        const scope = Effect.runSync(Scope.make())
        const { address } = await Effect.runPromise(
          Server.listen({
            host: "127.0.0.1",
            port: 0,
            auth: requiresAuthentication,
            files: { database: join(folder, "drawbar.db"), keyring: join(folder, "keyring.json") },
            connectTo: { "api.openai.com:443": `127.0.0.1:${openai.port}` },
            certificateAuthorities: [openai.ca],
          }).pipe(Scope.provide(scope)),
        )
        const ended = await run(
          script
            .replaceAll("127.0.0.1:9200", `127.0.0.1:${address.port}`)
            .replaceAll("use demo-chat", "use demo-chat --set endpoint=127.0.0.1:11435")
            .replaceAll("127.0.0.1:11435", `127.0.0.1:${demo.port}`)
            .replaceAll("localhost:11434", `localhost:${machine.port}`),
          folder,
          address.port,
        )
        await Effect.runPromise(Scope.close(scope, Exit.void))
        expect(ended.code, ended.output).toBe(0)
        expect(ended.output).not.toContain(key)
      }
    } finally {
      await demo.close()
      await rm(folder, { recursive: true, force: true })
    }
  },
  180_000,
)

const run = async (script: string, folder: string, port: number) => {
  const child = spawn("sh", ["-eux", "-c", script], {
    cwd: folder,
    env: {
      PATH: [folder, dirname(process.execPath), process.env["PATH"]].join(delimiter),
      HOME: folder,
      DRAWBAR_URL: `http://127.0.0.1:${port}`,
      OPENAI_API_KEY: key,
      ADAS_PASSWORD: "a-long-password-of-a-test",
      NO_COLOR: "1",
      NODE_COMPILE_CACHE: folder,
    },
  })
  child.stdin.end()
  const code = new Promise<number | null>((resolve) => child.on("close", resolve))
  const [out, err] = await Promise.all([text(child.stdout), text(child.stderr)])
  return { code: await code, output: out + err }
}
