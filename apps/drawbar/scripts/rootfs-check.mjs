// Starts what the Containerfile describes without a container engine: a root of the same layout, read-only, as the same
// user, with the same environment. It needs Linux and root, and is skipped elsewhere with a sentence.
import { spawn, spawnSync } from "node:child_process"
import { randomBytes } from "node:crypto"
import { once } from "node:events"
import {
  chownSync,
  copyFileSync,
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from "node:fs"
import { createServer } from "node:net"
import { tmpdir } from "node:os"
import { dirname, join } from "node:path"
import process from "node:process"
import { fileURLToPath } from "node:url"
import { DockerfileParser } from "dockerfile-ast"

const context = fileURLToPath(new URL("..", import.meta.url))
const file = DockerfileParser.parse(readFileSync(join(context, "../../deploy/Containerfile"), "utf8"))
const argumentsOf = (name) =>
  file
    .getInstructions()
    .find((one) => one.getKeyword() === name)
    .getArgumentsContent()

const obstacle = () => {
  if (process.platform !== "linux") return "it needs Linux"
  if (process.getuid() !== 0) return "it needs root"
  return spawnSync("unshare", ["--mount", "true"]).status === 0 ? undefined : "unshare --mount is not permitted here"
}

const expect = (sentence, holds, shown = "") => {
  if (!holds) throw new Error(`${sentence}\n${shown}`)
  process.stdout.write(`ok   ${sentence}\n`)
}

const temporary = mkdtempSync(join(tmpdir(), "drawbar-rootfs-"))
const root = join(temporary, "root")
const outside = (volume) => join(temporary, "volumes", volume)
const [uid, gid] = argumentsOf("USER").split(":").map(Number)
const volumes = JSON.parse(argumentsOf("VOLUME"))
const secretFile = "/run/secrets/initial-admin-key"

/** The base image's part is Node with the libraries that it is linked to. */
const layOut = () => {
  for (const folder of ["/proc", "/dev", "/tmp", "/usr/local/bin", dirname(secretFile), ...volumes])
    mkdirSync(join(root, folder), { recursive: true })
  copyFileSync(process.execPath, join(root, "usr/local/bin/node"))
  const { stdout } = spawnSync("ldd", [process.execPath], { encoding: "utf8" })
  for (const [, path] of stdout.matchAll(/(\/\S+) \(0x/g)) {
    mkdirSync(join(root, dirname(path)), { recursive: true })
    copyFileSync(path, join(root, path))
  }
  for (const copy of file.getCOPYs()) {
    const paths = copy.getArguments().map(String)
    const target = paths.at(-1)
    for (const source of paths.slice(0, -1))
      cpSync(join(context, source), join(root, target, target.endsWith("/") ? source : ""), { recursive: true })
  }
  for (const volume of volumes) {
    mkdirSync(outside(volume), { recursive: true })
    chownSync(outside(volume), uid, gid)
  }
}

const mounts = [
  "mount --make-rprivate /",
  `mount --bind ${root} ${root}`,
  `mount -o remount,ro,bind ${root}`,
  ...volumes.map((volume) => `mount --bind ${outside(volume)} ${root}${volume}`),
  `mount --rbind /dev ${root}/dev`,
  `mount -t proc proc ${root}/proc`,
  `mount -t tmpfs tmpfs ${root}/tmp`,
].join(" && ")

/** A command in that root, as the image's user; `said` is what it has printed so far. */
const inside = (command, env) => {
  const script = `${mounts} && exec chroot --userspec=${uid}:${gid} ${root} "$@"`
  const child = spawn("unshare", ["--mount", "sh", "-c", script, "sh", ...command], { env })
  let said = ""
  for (const stream of [child.stdout, child.stderr]) stream.on("data", (chunk) => (said += chunk))
  return { child, said: () => said, ended: once(child, "close").then(([code]) => code) }
}

const environmentOf = (port) => ({
  PATH: "/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin",
  ...Object.fromEntries(
    file.getENVs().flatMap((env) => env.getProperties().map((one) => [one.getName(), one.getValue()])),
  ),
  DRAWBAR_PORT: String(port),
  DRAWBAR_BEHIND_PROXY: "on",
  DRAWBAR_INITIAL_ADMIN_KEY_FILE: secretFile,
})

const freePort = async () => {
  const server = createServer().listen(0, "127.0.0.1")
  await once(server, "listening")
  const { port } = server.address()
  server.close()
  return port
}

const check = async () => {
  layOut()
  const key = randomBytes(32).toString("hex")
  writeFileSync(join(root, secretFile), key, { mode: 0o444 })
  const port = await freePort()
  const env = environmentOf(port)
  const [, health] = /CMD (\[.*\])$/.exec(argumentsOf("HEALTHCHECK"))
  const server = inside([...JSON.parse(argumentsOf("ENTRYPOINT")), ...JSON.parse(argumentsOf("CMD"))], env)
  try {
    while (server.child.exitCode === null && !server.said().includes("listens on"))
      await new Promise((go) => setTimeout(go, 20))
    expect("the server starts with --auth on on new data", server.child.exitCode === null, server.said())
    const status = readFileSync(`/proc/${server.child.pid}/status`, "utf8")
    expect(`as user ${uid}`, new RegExp(`^Uid:\\t${uid}\\t${uid}`, "m").test(status), status)
    const own = readFileSync(`/proc/${server.child.pid}/mounts`, "utf8")
    expect("in a root that is read-only", /^\S+ \/ \S+ ro\b/m.test(own), own)
    const check = inside(JSON.parse(health), env)
    expect("its health check succeeds", (await check.ended) === 0, check.said())
    const url = `http://127.0.0.1:${port}/_plugins/_ml/api_keys`
    expect("a request without a key is 401", (await fetch(url)).status === 401)
    const { status: withKey } = await fetch(url, { headers: { authorization: `Bearer ${key}` } })
    expect("the first admin's key is accepted", withKey === 200, String(withKey))
    expect("the key is not printed", !server.said().includes(key))
    for (const [volume, name] of [
      ["/data", "drawbar.db"],
      ["/keys", "keyring.json"],
    ])
      expect(`${name} is in ${volume}`, readdirSync(outside(volume)).includes(name))
  } finally {
    server.child.kill("SIGTERM")
    expect("SIGTERM stops it, exit code 0", (await server.ended) === 0, server.said())
  }
  const after = inside(JSON.parse(health), env)
  expect("its health check fails then", (await after.ended) === 1, after.said())
}

try {
  const why = obstacle()
  if (why !== undefined) process.stdout.write(`skip the image's root: ${why}\n`)
  else if (!existsSync(join(context, "dist", "main.mjs")))
    throw new Error("there is no bundle: run npx -y pnpm@12.21.0 pack-drawbar")
  else await check()
} catch (error) {
  process.stderr.write(`FAIL ${error.message}\n`)
  process.exitCode = 1
} finally {
  rmSync(temporary, { recursive: true, force: true })
}
