/**
 * What writes of one worker cost the predicts of all, and what a second worker brings: predicts per second with and
 * without registry writes beside them, and the ratio of two workers to one.
 *
 * `node --conditions=@drawbar/source benchmarks/workers.ts [postgres://…]`; `--seconds=20` sets the length of each run.
 * With `--pin`, load and provider have the first core for themselves, and the workers the others (`taskset`, Linux);
 * otherwise all share the cores of this machine. A database server has a place of its own in neither case.
 */
import { execFileSync, spawn } from "node:child_process"
import { mkdtemp, rm, writeFile } from "node:fs/promises"
import { availableParallelism, tmpdir } from "node:os"
import { join } from "node:path"
import { setTimeout as wait } from "node:timers/promises"
import * as Answer from "@drawbar/stub-platform/Answer"
import * as StubPlatform from "@drawbar/stub-platform/StubPlatform"
import { Agent, setGlobalDispatcher } from "undici"

const seconds = Number(
  process.argv.find((argument) => argument.startsWith("--seconds="))?.slice("--seconds=".length) ?? 6,
)
const lanes = 16
const writesPerSecond = 50
const isPinned = process.argv.includes("--pin")
const database = process.argv.slice(2).find((argument) => !argument.startsWith("--"))
const cores = availableParallelism()
if (isPinned) execFileSync("taskset", ["-a", "-cp", "0", String(process.pid)])
const ml = "/_plugins/_ml"

setGlobalDispatcher(new Agent({ connections: lanes * 2, pipelining: 1 }))

const ask = async (url: string, path: string, body: unknown): Promise<any> => {
  const headers = { "content-type": "application/json" }
  const response = await fetch(url + path, { method: "POST", headers, body: JSON.stringify(body) })
  const json = await response.json()
  if (response.status !== 200) throw new Error(JSON.stringify(json))
  return json
}

const connector = {
  name: "bench",
  version: "1",
  protocol: "http",
  credential: { key: "k-1234567890" },
  actions: [
    {
      action_type: "predict",
      method: "POST",
      url: "https://api.cohere.ai/v1/embed",
      headers: { Authorization: "Bearer ${credential.key}" },
      request_body: '{"texts": ${parameters.texts}}',
    },
  ],
}

const percentile = (values: ReadonlyArray<number>, share: number) =>
  (values.toSorted((a, b) => a - b)[Math.floor(values.length * share)] ?? Number.NaN).toFixed(1)

const timed = async (times: Array<number>, call: () => Promise<unknown>) => {
  const began = performance.now()
  await call()
  times.push(performance.now() - began)
}

const measured = async (workers: number, hasWrites: boolean, platform: StubPlatform.StubPlatform) => {
  const folder = await mkdtemp(join(tmpdir(), "drawbar-workers-"))
  const ca = join(folder, "ca.pem")
  await writeFile(ca, platform.ca)
  const flags = ["--port", "0", "--data", folder, "--log", "off", "--ca-file", ca, "--workers", String(workers)]
  const target = ["--connect-to", `api.cohere.ai:443:127.0.0.1:${platform.port}`]
  const where = database === undefined ? [] : ["--database", database]
  const main = join(import.meta.dirname, "../apps/server/src/main.ts")
  const command = [process.execPath, "--conditions=@drawbar/source", main, ...flags, ...target, ...where]
  const [program = "", ...rest] = isPinned ? ["taskset", "-c", `1-${cores - 1}`, ...command] : command
  const child = spawn(program, rest)
  const url = await new Promise<string>((resolve) => {
    let said = ""
    child.stdout.setEncoding("utf8").on("data", (text: string) => {
      said += text
      const found = /listens on (\S+)/.exec(said)?.[1]
      if (found !== undefined) resolve(found)
    })
    child.stderr.pipe(process.stderr)
  })
  // The other workers start after the first one.
  await wait(workers === 1 ? 500 : 5_000)
  const { connector_id } = await ask(url, `${ml}/connectors/_create`, connector)
  const name = `bench-${Date.now()}`
  const { model_id } = await ask(url, `${ml}/models/_register?deploy=true`, {
    name,
    function_name: "remote",
    connector_id,
  })
  const until = performance.now() + seconds * 1_000
  const predicts: Array<number> = []
  const writes: Array<number> = []
  const lane = async () => {
    while (performance.now() < until)
      await timed(predicts, () => ask(url, `${ml}/models/${model_id}/_predict`, { parameters: { texts: ["x"] } }))
  }
  const writer = async () => {
    for (let n = 0; performance.now() < until; n++) {
      void timed(writes, () => ask(url, `${ml}/model_groups/_register`, { name: `${name}-${n}` }))
      await wait(1_000 / writesPerSecond)
    }
  }
  await Promise.all([...Array.from({ length: lanes }, lane), ...(hasWrites ? [writer()] : [])])
  child.kill("SIGTERM")
  await new Promise((resolve) => child.once("close", resolve))
  await rm(folder, { recursive: true, force: true })
  const rate = predicts.length / seconds
  const line = [
    `${workers} worker${workers === 1 ? " " : "s"}, ${hasWrites ? `${writesPerSecond} writes/s` : "no writes   "}:`,
    `${rate.toFixed().padStart(6)} predicts/s`,
    `p50 ${percentile(predicts, 0.5)} ms`,
    `p99 ${percentile(predicts, 0.99)} ms`,
    hasWrites ? `writes p50 ${percentile(writes, 0.5)} ms, p99 ${percentile(writes, 0.99)} ms` : "",
  ].join("  ")
  return { line, rate }
}

const platform = await StubPlatform.start({
  handler: () => Answer.json({ embeddings: [[0.1]] }),
  tls: ["api.cohere.ai"],
})
console.log(
  `${database === undefined ? "SQLite" : "PostgreSQL"}, ${cores} cores, ${lanes} callers; ${isPinned ? `load and provider on core 0, workers on ${cores === 2 ? "core 1" : `cores 1 to ${cores - 1}`}` : "load, provider and workers share the cores"}`,
)
for (const hasWrites of [false, true]) {
  const rates: Array<number> = []
  for (const workers of [1, 2]) {
    const { line, rate } = await measured(workers, hasWrites, platform)
    console.log(line)
    rates.push(rate)
  }
  const [one = Number.NaN, two = Number.NaN] = rates
  console.log(`  two workers: ${(two / one).toFixed(2)} times the predicts of one`)
}
await platform.close()
process.exit(0)
