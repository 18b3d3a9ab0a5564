import { readdir, readFile } from "node:fs/promises"
import { join } from "node:path"
import { assert } from "vitest"
import { finder, type Plant, word } from "../CanarySecrets.ts"
import { asked, server, admin, ml, folder, collected, findSecrets } from "./LeakServer.ts"
import { spelled } from "./LeakAttempts.ts"

type Sinks = Readonly<Record<string, ReadonlyArray<string | Buffer>>>

const filesIn = async (path: string): Promise<ReadonlyArray<Buffer>> => {
  const files = (await readdir(path, { withFileTypes: true, recursive: true })).filter((one) => one.isFile())
  return Promise.all(files.map(({ parentPath, name }) => readFile(join(parentPath, name))))
}

export const sinks = async (): Promise<Sinks> => {
  const metrics = (await asked(server.url, admin, "GET", "/metrics")).text
  const stats = (await asked(server.url, admin, "GET", `${ml}/stats`)).text
  const query = { query: { match_all: {} }, size: 10_000 }
  const searched = ["connectors", "models", "tasks"].map((of) =>
    asked(server.url, admin, "POST", `${ml}/${of}/_search`, query),
  )
  const data = await readdir(join(folder, "data"))
  assert.isTrue(
    data.some((name) => name.endsWith("-wal")),
    data.join(),
  )
  return {
    log: [server.said()],
    audit: [await readFile(join(folder, "audit.log"))],
    metrics: [metrics, stats],
    records: (await Promise.all(searched)).map(({ text }) => text),
    "database, write-ahead log and key ring": await filesIn(join(folder, "data")),
    traces: collected,
  }
}

export const find = () => finder(findSecrets)

/** Not one of the planted secrets. */
export const leakOf = (n: number): Plant => ({ word: word("S", 80 + n), text: `leak-${word("S", 80 + n)}` })

export const spell = (n: number) => spelled[n % spelled.length]?.[1](leakOf(n).text, n) ?? ""
