import { appendFile, mkdtemp, readdir, readFile, rm, utimes } from "node:fs/promises"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { afterEach, assert, beforeEach, describe, it } from "vitest"
import * as AuditLog from "../src/telemetry/AuditLog.ts"
import * as AuditRetention from "../src/telemetry/AuditRetention.ts"

let folder: string
let file: string
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "drawbar-"))
  file = join(folder, "audit.log")
  await appendFile(file, "")
})
afterEach(() => rm(folder, { recursive: true }))

const begin = Date.parse("2026-01-01T00:00:00.000Z")
const day = 86_400_000
const line = (at: number, n = 0) => `${JSON.stringify({ time: new Date(at).toISOString(), id: String(n) })}\n`
const kept = async (): Promise<ReadonlyArray<string>> => {
  const names = (await readdir(folder)).filter((name) => name.startsWith("audit.log")).toSorted()
  const texts = await Promise.all(names.map((name) => readFile(join(folder, name), "utf8")))
  return texts.flatMap((text) => text.split("\n").filter((text) => text !== ""))
}

describe("the audit log", () => {
  it("is kept whole unless a setting says otherwise", async () => {
    await appendFile(file, line(begin).repeat(1_000))
    assert.strictEqual(await AuditRetention.sweep(file, { lines: -1, days: -1 }, begin + 1_000 * day), 0)
    assert.deepStrictEqual(await readdir(folder), ["audit.log"])
  })

  it("keeps about as many of its newest lines as the settings say", async () => {
    for (let i = 0; i < 100; i++) {
      for (let j = 0; j < 20; j++) await appendFile(file, line(begin + i * 1_000, i * 20 + j))
      await AuditRetention.sweep(file, { lines: 100, days: -1 }, begin + i * 1_000)
    }
    const lines = await kept()
    assert.isAtLeast(lines.length, 100)
    assert.isAtMost(lines.length, 130)
    const ids = lines.map((text) => Number(JSON.parse(text).id)).toSorted((a, b) => a - b)
    assert.deepStrictEqual(
      ids,
      Array.from({ length: ids.length }, (_, i) => 2_000 - ids.length + i),
    )
  })

  it("keeps its parts for as many days as the settings say", async () => {
    const days = 10
    for (let i = 0; i < 30; i++) {
      await appendFile(file, line(begin + i * day, i))
      await utimes(file, new Date(begin + i * day), new Date(begin + i * day))
      await AuditRetention.sweep(file, { lines: -1, days }, begin + i * day + day - 1)
    }
    const ids = (await kept()).map((text) => Number(JSON.parse(text).id))
    assert.include(ids, 29)
    assert.include(ids, 21)
    assert.notInclude(ids, 17)
  })

  it("loses no line that is written while it is cut", async () => {
    const write = AuditLog.open(file)
    let isDone = false
    const writing = (async () => {
      for (let i = 0; i < 500; i++) {
        assert.isTrue(write(line(begin, i).trimEnd()))
        if (i % 5 === 0) await new Promise((resume) => setTimeout(resume, 1))
      }
      isDone = true
    })()
    const sweeping = (async () => {
      for (let i = 0; ; i++) {
        await AuditRetention.sweep(file, { lines: 1_000, days: -1 }, begin + i * 1_000)
        if (isDone) return
      }
    })()
    await Promise.all([writing, sweeping])
    assert.lengthOf(await kept(), 500)
  })

  it("leaves files of other names alone", async () => {
    for (const name of ["audit.log.1", "audit.log.gz", "audit.logs", "other"])
      await appendFile(join(folder, name), "x\n")
    await appendFile(file, line(begin).repeat(100))
    await AuditRetention.sweep(file, { lines: 1, days: 0 }, begin + day)
    await AuditRetention.sweep(join(folder, "audit.log"), { lines: 1, days: 0 }, begin + 2 * day)
    const names = await readdir(folder)
    for (const name of ["audit.log.1", "audit.log.gz", "audit.logs", "other"]) assert.include(names, name)
  })
})
