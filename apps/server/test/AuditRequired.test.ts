/** `--audit-required`: no change is made without an audit record. */
import { mkdtemp, readFile, rm } from "node:fs/promises"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { assert, describe, it } from "vitest"
import * as AuditLog from "../src/telemetry/AuditLog.ts"
import { blueprint } from "./Drawbar.ts"
import { ask } from "./AuthenticatedServer.ts"
import * as InProcess from "./InProcess.ts"

const ml = "/_plugins/_ml"
const create = (url: string) =>
  ask(url, undefined, "POST", `${ml}/connectors/_create`, { ...blueprint, dry_run: false })
const count = async (url: string) =>
  (await ask(url, undefined, "POST", `${ml}/connectors/_search`, { query: { match_all: {} } })).json.hits.total.value

/** A device that rejects writes, like a full disk. */
const full = () => AuditLog.open("/dev/full")

describe("an audit log that cannot be written", () => {
  it("blocks changes, and only changes, if it is required", async () => {
    await using server = await InProcess.listen({ auditLog: full(), auditRequired: true })
    const refused = await create(server.url)
    assert.strictEqual(refused.status, 503)
    assert.include(refused.json.error.reason, "--audit-required")
    assert.strictEqual(await count(server.url), 0)
    const settings = { persistent: { "plugins.ml_commons.stream_enabled": false } }
    assert.strictEqual((await ask(server.url, undefined, "PUT", "/_cluster/settings", settings)).status, 503)
    assert.strictEqual((await ask(server.url, undefined, "GET", "/_cluster/settings")).status, 200)
  })

  it("does not block changes if it is not required", async () => {
    await using server = await InProcess.listen({ auditLog: full() })
    assert.strictEqual((await create(server.url)).status, 200)
    assert.strictEqual(await count(server.url), 1)
  })
})

describe("a required audit log", () => {
  it("has a line before each change and one after it", async () => {
    const folder = await mkdtemp(join(tmpdir(), "drawbar-"))
    const file = join(folder, "audit.log")
    await using server = await InProcess.listen({ auditLog: AuditLog.open(file), auditRequired: true })
    assert.strictEqual((await create(server.url)).status, 200)
    await count(server.url)
    const lines = (await readFile(file, "utf8")).trim().split("\n")
    assert.deepStrictEqual(
      lines.map((line) => JSON.parse(line).outcome),
      ["begun", "done"],
    )
    assert.strictEqual(JSON.parse(lines[0]!).id, JSON.parse(lines[1]!).id)
    await rm(folder, { recursive: true })
  })
})
