/** `pnpm growth`: what each operation takes with 1,000, 10,000 and 100,000 connectors and models. README.md explains it. */
import { mkdtemp, rm } from "node:fs/promises"
import { tmpdir } from "node:os"
import { join } from "node:path"
import process from "node:process"
import { setTimeout as wait } from "node:timers/promises"
import * as PostgresServer from "@drawbar/test-postgres/PostgresServer"
import { Pool } from "undici"
import * as Load from "../Load.ts"
import * as Program from "../Program.ts"
import * as Quiet from "../Quiet.ts"
import * as Subjects from "../Subjects.ts"
import * as Fill from "./Fill.ts"
import { searches } from "./Searches.ts"

const option = (name: string) =>
  process.argv.find((argument) => argument.startsWith(`--${name}=`))?.slice(name.length + 3)
const sizes = (option("sizes") ?? "1000,10000,100000").split(",").map(Number)
const databases = (option("database") ?? "sqlite,postgres").split(",")
const times = Number(option("times") ?? 30)

const ml = "/_plugins/_ml"
const say = (line: string) => process.stdout.write(`${line}\n`)
const shown = (millis: number) => (millis < 10 ? millis.toFixed(1) : millis.toFixed(0))

type Ask = (method: "GET" | "POST" | "DELETE", path: string, body?: object) => Promise<Readonly<Record<string, string>>>

const client = (origin: string): { readonly ask: Ask; readonly close: () => Promise<void> } => {
  const pool = new Pool(origin, { connections: 2 })
  return {
    ask: async (method, path, body) => {
      const sent = body === undefined ? {} : { body: JSON.stringify(body) }
      const answer = await pool.request({ method, path, headers: { "content-type": "application/json" }, ...sent })
      const text = await answer.body.text()
      if (answer.statusCode !== 200) throw new Error(`${method} ${path} returned ${answer.statusCode}: ${text}`)
      return JSON.parse(text)
    },
    close: () => pool.close(),
  }
}

const blueprint = (name: string, url: string) => ({
  name,
  description: "Answers chats",
  version: "1",
  protocol: "http",
  credential: Fill.credential,
  parameters: { model: "m-1" },
  actions: [
    {
      action_type: "predict",
      method: "POST",
      url,
      headers: { Authorization: "Bearer ${credential.key}" },
      request_body: '{"model":"${parameters.model}","messages":${parameters.messages}}',
    },
  ],
})

const languages = ["Esperanto", "English", "Spanish", "Hindi", "Swahili", "Finnish", "Thai", "Greek", "Welsh", "Maori"]
const chat = "https://api.openai.com/v1/chat/completions"

/** One connector and model for each language, of which three quarters or so are deployed. */
const seed = async (ask: Ask): Promise<ReadonlyArray<Fill.Seed>> => {
  const seeds: Array<Fill.Seed> = []
  const group = await ask("POST", `${ml}/model_groups/_register`, { name: "all" })
  for (const [i, language] of languages.entries()) {
    const token = `9${String(i).padStart(7, "0")}`
    const { connector_id = "" } = await ask(
      "POST",
      `${ml}/connectors/_create`,
      blueprint(`${language} connector ${token}`, chat),
    )
    const { model_id = "" } = await ask("POST", `${ml}/models/_register?deploy=${i % 4 !== 3}`, {
      name: `${i % 2 === 0 ? "Chat" : "Reasoning"} model ${token}`,
      description: `Answers questions in ${language}`,
      function_name: "remote",
      model_group_id: group["model_group_id"],
      connector_id,
    })
    seeds.push({ connector: connector_id, model: model_id, token })
  }
  return seeds
}

interface Figure {
  readonly p50: number
  readonly p99: number
  /** How long another request waited at most, meanwhile. */
  readonly beside: number
}

const timed = async (into: Array<number>, work: () => Promise<unknown>) => {
  const began = performance.now()
  await work()
  into.push(performance.now() - began)
}

const measured = async (operation: (n: number) => Promise<unknown>, { ask }: { readonly ask: Ask }, most = times) => {
  const [latencies, besides]: [Array<number>, Array<number>] = [[], []]
  await operation(0)
  const done = new AbortController()
  const beside = (async () => {
    while (!done.signal.aborted) {
      await timed(besides, () => ask("GET", "/_health/live"))
      await wait(2)
    }
  })()
  const until = performance.now() + 10_000
  for (let n = 1; n <= most && performance.now() < until; n++) await timed(latencies, () => operation(n))
  done.abort()
  await beside
  const sorted = latencies.toSorted((a, b) => a - b)
  return { p50: Load.median(sorted), p99: Load.percentile(sorted, 0.99), beside: Math.max(...besides) }
}

interface Place {
  /** The server's flags. */
  readonly flags: ReadonlyArray<string>
  readonly fill: (seeds: ReadonlyArray<Fill.Seed>, copies: number) => Promise<void>
}

const figuresOf = async ({ flags, fill }: Place, size: number): Promise<ReadonlyMap<string, Figure>> => {
  const figures = new Map<string, Figure>()
  const start = async () => {
    const program = await Program.start([...Subjects.bundle, ...flags])
    return { ...program, ...client(program.origin) }
  }
  const empty = await start()
  const seeds = await seed(empty.ask)
  await empty.close()
  await Program.terminate(empty)
  await fill(seeds, size / seeds.length)

  const starts: Array<number> = []
  for (let n = 0; n < 5; n++) {
    const began = performance.now()
    const program = await start()
    await program.ask("GET", "/_health/ready")
    starts.push(performance.now() - began)
    await program.close()
    await Program.terminate(program)
  }
  starts.sort((a, b) => a - b)
  figures.set("start", { p50: Load.median(starts), p99: Load.percentile(starts, 0.99), beside: Number.NaN })

  const program = await start()
  const { ask } = program
  // What the start does in the background is not what is measured here.
  await wait(Math.max(1_000, size / 5))
  const page = Object(await ask("POST", `${ml}/models/_search`, { size: 200, _source: ["connector_id"] }))
  const hits: ReadonlyArray<{ _id: string; _source: { connector_id: string } }> = page.hits.hits
  const hit = (n: number) => hits[n % hits.length] ?? { _id: "", _source: { connector_id: "" } }
  const operations: Readonly<Record<string, (n: number) => Promise<unknown>>> = {
    "get a connector": (n) => ask("GET", `${ml}/connectors/${hit(n)._source.connector_id}`),
    "get a model": (n) => ask("GET", `${ml}/models/${hit(n)._id}`),
    "create a connector": (n) => ask("POST", `${ml}/connectors/_create`, blueprint(`new ${n}`, chat)),
    "register a model": (n) =>
      ask("POST", `${ml}/models/_register`, {
        name: `new ${size} ${n}`,
        function_name: "remote",
        connector_id: hit(n)._source.connector_id,
      }),
    "deploy a model": (n) => ask("POST", `${ml}/models/${hit(n)._id}/_deploy`),
  }
  for (const [name, operation] of Object.entries(operations)) figures.set(name, await measured(operation, program))
  for (const { name, collection, body } of searches)
    await measured(() => ask("POST", `${ml}/${collection}/_search`, body), program).then(
      (found) => figures.set(name, found),
      // A search that the server refuses, because of so many records, has no figures.
      (error) => say(`  ${size}, ${name}: ${error.message}`),
    )
  await program.close()
  await Program.terminate(program)
  return figures
}

const onSqlite = async (size: number) => {
  const folder = await mkdtemp(join(tmpdir(), "drawbar-growth-"))
  try {
    return await figuresOf(
      {
        flags: ["--port=0", "--log=off", `--data=${folder}`],
        fill: async (seeds, copies) => {
          using database = Fill.sqlite(join(folder, "drawbar.db"))
          await Fill.multiply(database, join(folder, "keyring.json"), seeds, copies)
        },
      },
      size,
    )
  } finally {
    await rm(folder, { recursive: true, force: true })
  }
}

const onPostgres = async (size: number) => {
  const folder = await mkdtemp(join(tmpdir(), "drawbar-growth-"))
  const server = await PostgresServer.start({ flags: ["-c", "shared_buffers=512MB", "-c", "max_wal_size=4GB"] })
  try {
    const database = await server.createDatabase()
    return await figuresOf(
      {
        flags: ["--port=0", "--log=off", `--data=${folder}`, `--database=${server.url(database)}`],
        fill: (seeds, copies) =>
          Fill.multiply(Fill.postgres(server, database), join(folder, "keyring.json"), seeds, copies),
      },
      size,
    )
  } finally {
    await server.close()
    await rm(folder, { recursive: true, force: true })
  }
}

for (const name of databases) {
  const seen = Quiet.observe()
  const columns: Array<ReadonlyMap<string, Figure>> = []
  for (const size of sizes) columns.push(await (name === "postgres" ? onPostgres(size) : onSqlite(size)))
  say(
    `${name}: p50 / p99 in ms, and what another request waited at most meanwhile; ${sizes.join(", ")} connectors and as many models`,
  )
  for (const operation of columns[0]?.keys() ?? []) {
    const cells = columns.map((figures) => {
      const figure = figures.get(operation)
      if (figure === undefined) return "refused".padStart(6).padEnd(24)
      const { p50, p99, beside } = figure
      return `${shown(p50).padStart(6)} / ${shown(p99)}${Number.isNaN(beside) ? "" : ` (${shown(beside)})`}`.padEnd(24)
    })
    say(`  ${operation.padEnd(28)} ${cells.join(" ")}`)
  }
  say(`  (${name}: ${seen()})`)
}
