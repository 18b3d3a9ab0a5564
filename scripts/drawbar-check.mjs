// Makes the tarball of `drawbar`, installs it in an empty folder with an empty HOME and without a registry, and runs it as
// a user would: `node scripts/drawbar-check.mjs [folder that keeps the tarball]`.
import { spawn, spawnSync } from "node:child_process"
import { once } from "node:events"
import { copyFileSync, existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync, statSync, writeFileSync } from "node:fs"
import { createServer } from "node:net"
import { tmpdir } from "node:os"
import { delimiter, join, resolve } from "node:path"
import process from "node:process"
import { fileURLToPath } from "node:url"
import { journey } from "./newcomer.mjs"

const root = fileURLToPath(new URL("..", import.meta.url))
const source = join(root, "apps", "drawbar")
const temporary = mkdtempSync(join(tmpdir(), "drawbar-tarball-"))
const home = join(temporary, "home")
const empty = join(temporary, "empty")
const maxBytes = 10_000_000

const environment = { PATH: process.env.PATH, HOME: home, USERPROFILE: home, NO_COLOR: "1" }
if (process.platform === "win32") Object.assign(environment, { SystemRoot: process.env.SystemRoot, TEMP: temporary })

const expect = (sentence, holds, shown = "") => {
  if (!holds) throw new Error(`${sentence}\n${shown}`)
  process.stdout.write(`ok   ${sentence}\n`)
}

const isWindows = process.platform === "win32"
const run = (command, args, options = {}) =>
  spawnSync(command, args, { encoding: "utf8", shell: isWindows, maxBuffer: 64 * 1024 * 1024, ...options })

const freePort = async () => {
  const server = createServer().listen(0, "127.0.0.1")
  await once(server, "listening")
  const { port } = server.address()
  server.close()
  return port
}

const pack = () => {
  const packed = run("pnpm", ["pack", "--pack-destination", temporary], { cwd: source })
  expect("pnpm packs it", packed.status === 0, packed.stdout + packed.stderr)
  const file = join(
    temporary,
    readdirSync(temporary).find((name) => name.endsWith(".tgz")),
  )
  const { size } = statSync(file)
  expect(`the tarball has ${(size / 1e6).toFixed(2)} MB, at most ${maxBytes / 1e6}`, size <= maxBytes)
  return file
}

const median = (numbers) => numbers.toSorted((a, b) => a - b)[Math.floor(numbers.length / 2)]
const rounds = 9

const check = async () => {
  const tarball = pack()
  mkdirSync(home)
  mkdirSync(empty)
  writeFileSync(join(empty, "package.json"), "{}")
  const installed = run("npm", ["install", "--offline", "--no-audit", "--no-fund", tarball], {
    cwd: empty,
    env: environment,
  })
  expect("npm installs it without a registry", installed.status === 0, installed.stdout + installed.stderr)
  const packages = readdirSync(join(empty, "node_modules")).filter((name) => !name.startsWith("."))
  expect("it installs nothing else", packages.join() === "drawbar", packages.join())
  for (const file of ["LICENSE", "README.md", "dist/THIRD_PARTY_NOTICES"])
    expect(`it contains ${file}`, existsSync(join(empty, "node_modules", "drawbar", file)))

  const bins = join(empty, "node_modules", ".bin")
  const bin = join(bins, isWindows ? "drawbar.cmd" : "drawbar")
  const entry = join(empty, "node_modules", "drawbar", "bin", "drawbar.cjs")
  const old = `Object.defineProperty(process.versions, "node", { value: "18.20.0" }); require(${JSON.stringify(entry)})`
  const refused = run(process.execPath, ["--eval", old], { shell: false })
  expect("an old Node prints what to install", refused.status === 1 && /Install Node 24/.test(refused.stderr))

  await journey({
    folder: empty,
    environment: { ...environment, PATH: bins + delimiter + environment.PATH },
    ports: { server: await freePort(), demo: await freePort() },
    expect,
  })

  const port = await freePort()
  const url = `http://127.0.0.1:${port}`
  const drawbar = (...args) =>
    run(bin, args, { cwd: empty, env: { ...environment, DRAWBAR_URL: url, OPENAI_API_KEY: "sk-of-a-check" } })
  const start = async (...flags) => {
    const child = spawn(bin, ["serve", "--port", String(port), ...flags], {
      cwd: empty,
      env: environment,
      shell: isWindows,
    })
    let said = ""
    for (const stream of [child.stdout, child.stderr]) stream.on("data", (chunk) => (said += chunk))
    const began = performance.now()
    while (child.exitCode === null) {
      const isThere = await fetch(url).then(
        ({ ok }) => ok,
        () => false,
      )
      if (isThere) break
      await new Promise((go) => setTimeout(go, 5))
    }
    const millis = performance.now() - began
    if (child.exitCode !== null) throw new Error(`drawbar serve exited with ${child.exitCode}: ${said}`)
    const stop = async () => {
      const ended = once(child, "close")
      child.kill("SIGTERM")
      const [code] = await ended
      expect("SIGTERM stops the server, exit code 0", isWindows || code === 0, said)
    }
    return { millis, stop }
  }

  const first = await start()
  const succeeds = (...args) => {
    const { status, stdout, stderr } = drawbar(...args)
    expect(`drawbar ${args.join(" ")}`, status === 0, stdout + stderr)
    return stdout
  }
  try {
    const made = succeeds("blueprint", "use", "openai-chat", "--credential", "openAI_key=env:OPENAI_API_KEY")
    const connector = /connector (\S{20})/.exec(made)?.[1]
    succeeds("connector", "list")
    succeeds("connector", "get", connector)
    const lists = Array.from({ length: rounds }, () => {
      const began = performance.now()
      drawbar("connector", "list")
      return performance.now() - began
    })
    const began = performance.now()
    run(process.execPath, ["--eval", "0"])
    const floor = Math.round(performance.now() - began)
    process.stdout.write(`     node alone, on this machine as it is now: ${floor} ms\n`)
    process.stdout.write(`     connector list: ${Math.round(median(lists))} ms (median of ${rounds})\n`)
  } finally {
    await first.stop()
  }
  const starts = []
  for (let round = 0; round < rounds; round++) {
    const again = await start()
    starts.push(again.millis)
    await again.stop()
  }
  process.stdout.write(`     start to first answer: ${Math.round(median(starts))} ms (median of ${rounds})\n`)

  const folder = process.argv[2]
  if (folder === undefined) return
  mkdirSync(folder, { recursive: true })
  const kept = join(resolve(folder), tarball.slice(temporary.length + 1))
  copyFileSync(tarball, kept)
  process.stdout.write(`     ${kept}\n`)
}

try {
  await check()
} catch (error) {
  process.stderr.write(`FAIL ${error.message}\n`)
  process.exitCode = 1
} finally {
  rmSync(temporary, { recursive: true, force: true })
}
