/** A predict through Drawbar beside the same JSON work without it; rounds alternate, medians of rounds are compared. */
import { mkdtemp, rm, writeFile } from "node:fs/promises"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { fileURLToPath } from "node:url"
import { request } from "undici"
import * as Load from "./Load.ts"
import * as Program from "./Program.ts"

const file = (path: string) => fileURLToPath(new URL(path, import.meta.url))
const source = "--conditions=@drawbar/source"

const post = async (url: string, body: unknown): Promise<Record<string, string>> => {
  const headers = { "content-type": "application/json" }
  const answer = await request(url, { method: "POST", headers, body: JSON.stringify(body) })
  const text = await answer.body.text()
  if (answer.statusCode >= 300) throw new Error(`${url} answered ${answer.statusCode}: ${text}`)
  return JSON.parse(text)
}

const deploy = async (drawbar: string, platform: string): Promise<string> => {
  const { connector_id } = await post(`${drawbar}/_plugins/_ml/connectors/_create`, {
    name: "benchmark",
    version: 1,
    protocol: "http",
    parameters: { model: "a-model" },
    credential: { key: "a-key" },
    actions: [
      {
        action_type: "predict",
        method: "POST",
        url: `${platform}/v1/chat/completions`,
        headers: { Authorization: "Bearer ${credential.key}" },
        request_body: '{"model":"${parameters.model}","messages":${parameters.messages}}',
      },
    ],
  })
  const model = { name: "benchmark", function_name: "remote", connector_id }
  const { model_id } = await post(`${drawbar}/_plugins/_ml/models/_register?deploy=true`, model)
  return `/_plugins/_ml/models/${model_id}/_predict`
}

const settings = {
  "plugins.ml_commons.trusted_connector_endpoints_regex": ["^http://127\\.0\\.0\\.1:.*$"],
  "plugins.ml_commons.connector.private_ip_enabled": true,
}

const messages = Array.from({ length: 4 }, (_, i) => ({
  role: i % 2 === 0 ? "user" : "assistant",
  content: `Message ${i}: ${"how do bees find flowers? ".repeat(8)}`,
}))

export const measure = async ({ rounds, seconds }: { readonly rounds: number; readonly seconds: number }) => {
  const folder = await mkdtemp(join(tmpdir(), "drawbar-bench-"))
  const programs: Array<Program.Program> = []
  const start = async (...args: ReadonlyArray<string>) => {
    const program = await Program.start(args)
    programs.push(program)
    return program
  }
  try {
    await writeFile(join(folder, "settings.json"), JSON.stringify(settings))
    const platform = await start(source, file("platform.ts"))
    const floor = await start(source, file("floor.ts"), platform.origin)
    const flags = ["--port", "0", "--data", ":memory:", "--settings", join(folder, "settings.json")]
    const drawbar = await start(file("../apps/server/dist/main.mjs"), ...flags)
    const silent = await start(file("../apps/server/dist/main.mjs"), ...flags, "--log", "off")
    const body = JSON.stringify({ parameters: { messages } })
    const path = await deploy(drawbar.origin, platform.origin)
    const silentPath = await deploy(silent.origin, platform.origin)
    const subjects = [
      { name: "floor", program: floor, target: { origin: floor.origin, path: "/", body } },
      { name: "drawbar", program: drawbar, target: { origin: drawbar.origin, path, body } },
      { name: "drawbar, log off", program: silent, target: { origin: silent.origin, path: silentPath, body } },
    ] as const

    const table = []
    for (const connections of [1, 16]) {
      const results = subjects.map(({ name }) => ({ name, rows: [] as Array<readonly number[]> }))
      for (const { target } of subjects) await Load.run(target, connections, Math.min(seconds, 2))
      for (let round = 0; round < rounds; round++)
        for (let step = 0; step < subjects.length; step++) {
          const i = (round + step) % subjects.length
          const { program, target } = subjects[i] ?? subjects[0]
          const before = Program.cpuSeconds(program)
          const { requests, seconds: took, latencies } = await Load.run(target, connections, seconds)
          const cpu = ((Program.cpuSeconds(program) - before) / requests) * 1e6
          const [p50, p99] = [Load.percentile(latencies, 0.5), Load.percentile(latencies, 0.99)]
          results[i]?.rows.push([cpu, requests / took, p50, p99])
        }
      for (const { name, rows } of results)
        table.push({ connections, name, medians: [0, 1, 2, 3].map((k) => Load.median(rows.map((row) => row[k] ?? 0))) })
    }
    return table
  } finally {
    await Promise.all(programs.map(Program.stop))
    await rm(folder, { recursive: true, force: true })
  }
}
