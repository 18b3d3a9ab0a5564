// Builds and runs each bundle that users start, because tests from source do not detect what bundling breaks.
import { spawn, spawnSync } from "node:child_process"
import { readFileSync } from "node:fs"
import { join } from "node:path"
import process from "node:process"
import { fileURLToPath } from "node:url"

const root = fileURLToPath(new URL("..", import.meta.url))
const fail = (what) => {
  console.error(`FAILED: ${what}`)
  process.exit(1)
}

const bundled = spawnSync("turbo", ["run", "bundle", "--output-logs=errors-only", "--log-prefix=none"], {
  cwd: root,
  encoding: "utf8",
})
if (bundled.status !== 0) fail(`bundling\n${bundled.stdout}${bundled.stderr}`)

// Each package that is in the bundle is named beside it, with its licence.
const dist = (app, name) => readFileSync(join(root, "apps", app, "dist", name), "utf8")
const notices = dist("server", "THIRD_PARTY_NOTICES")
const held = JSON.parse(dist("server", "main.mjs.map")).sources.flatMap(
  (source) => /.*\/node_modules\/((?:@[^/]+\/)?[^/]+)\//.exec(source)?.[1] ?? [],
)
for (const name of new Set(held))
  if (!notices.includes(`\n${name} `))
    fail(`the server's bundle holds ${name}, which THIRD_PARTY_NOTICES does not name`)
if (held.length === 0 || !/^effect \d/m.test(dist("drawbar", "THIRD_PARTY_NOTICES")))
  fail("the bundles say of no package that they hold it")

const server = spawn(process.execPath, ["apps/server/dist/main.mjs", "--port", "0", "--data", ":memory:"], {
  cwd: root,
})
let said = ""
const url = await new Promise((resolve) => {
  const read = (chunk) => {
    said += chunk
    const found = /listens on (\S+)/.exec(said)?.[1]
    if (found !== undefined) resolve(found)
  }
  server.stdout.on("data", read)
  server.stderr.on("data", read)
  server.on("close", (code) => fail(`the server's bundle exited with ${code}: ${said}`))
})

const drawbar = (...args) => {
  const { status, stdout, stderr } = spawnSync(
    process.execPath,
    ["apps/drawbar/bin/drawbar.cjs", ...args, "--url", url],
    {
      cwd: root,
      encoding: "utf8",
      env: { ...process.env, OPENAI_API_KEY: "sk-of-a-canary" },
    },
  )
  if (status !== 0) fail(`drawbar ${args.join(" ")} exited with ${status}: ${stdout}${stderr}`)
  return stdout
}
drawbar("lint", "packages/blueprint-catalogue/blueprints/openai-chat/blueprint.json")
const made = drawbar("blueprint", "use", "openai-chat", "--credential", "openAI_key=env:OPENAI_API_KEY")
const connector = /connector (\S{20})/.exec(made)?.[1] ?? fail(`no id in: ${made}`)
const registered = drawbar("model", "register", "--name", "m", "--connector", connector)
const model = /model (\S{20})/.exec(registered)?.[1] ?? fail(`no id in: ${registered}`)
drawbar("render", model, "--param", 'messages:=[{"role":"user","content":"hi"}]')
drawbar("keyring", "doctor")
server.removeAllListeners("close")
const ended = new Promise((resolve) => server.on("close", resolve))
server.kill("SIGTERM")
const code = await ended
if (code !== 0) fail(`the server's bundle exited with ${code} after SIGTERM: ${said}`)
