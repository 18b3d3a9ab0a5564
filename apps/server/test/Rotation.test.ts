/** Keys are rotated while models answer, and a rotation that is cut off loses nothing. */
import { type ChildProcess, spawn } from "node:child_process"
import { once } from "node:events"
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { setTimeout } from "node:timers/promises"
import * as Answer from "@drawbar/stub-platform/Answer"
import * as StubPlatform from "@drawbar/stub-platform/StubPlatform"
import { assert, it } from "vitest"
import * as Drawbar from "./Drawbar.ts"

const ml = "/_plugins/_ml"
const main = join(import.meta.dirname, "../src/main.ts")
const rounds = Number(process.env["DRAWBAR_ROTATION_ROUNDS"] ?? 8)

interface Started {
  readonly child: ChildProcess
  readonly url: string
}

const start = async (args: ReadonlyArray<string>): Promise<Started> => {
  const child = spawn(process.execPath, ["--conditions=@drawbar/source", main, ...args], { env: {} })
  let said = ""
  for await (const chunk of child.stdout) {
    said += chunk
    const url = /listens on (\S+)/.exec(said)?.[1]
    if (url !== undefined) return { child, url }
  }
  throw new Error(`it did not start: ${said}`)
}

const ask = async (url: string, method: string, path: string, body?: unknown) => {
  const response = await fetch(url + path, {
    method,
    ...(body === undefined ? {} : { headers: { "content-type": "application/json" }, body: JSON.stringify(body) }),
  })
  return { status: response.status, json: (await response.json()) as any }
}

const predict = (url: string, id: string) =>
  ask(url, "POST", `${ml}/models/${id}/_predict`, { parameters: { texts: ["x"] } })

const makeModels = async (url: string, count: number): Promise<ReadonlyArray<string>> => {
  const ids: Array<string> = []
  for (let i = 0; i < count; i++) {
    const { json } = await ask(url, "POST", `${ml}/models/_register`, {
      name: `m${i}`,
      function_name: "remote",
      connector: Drawbar.blueprint,
    })
    ids.push(json.model_id)
  }
  return ids
}

it("every predict is answered while keys are rotated", async () => {
  await using drawbar = await Drawbar.start(({ headers }) => {
    const sent = headers.find(([name]) => name.toLowerCase() === "authorization")?.[1]
    return sent === `Bearer ${Drawbar.secret}` ? Answer.json({ embeddings: [[1]] }) : Answer.json({}, 401)
  })
  const ids = await makeModels(drawbar.url, 12)
  const done = new AbortController()
  const failed: Array<unknown> = []
  let answered = 0
  const load = async (from: number) => {
    for (let i = from; !done.signal.aborted; i++) {
      const { status, json } = await predict(drawbar.url, ids[i % ids.length]!)
      answered++
      if (status !== 200) failed.push(json)
    }
  }
  const loads = [load(0), load(4), load(8)]
  for (let i = 0; i < 5; i++) {
    const { json } = await ask(drawbar.url, "POST", `${ml}/keys/_rotate`)
    assert.strictEqual(json.records, 12)
  }
  done.abort()
  await Promise.all(loads)
  assert.deepStrictEqual(failed, [])
  assert.isAbove(answered, 10)
  const { json } = await ask(drawbar.url, "GET", `${ml}/keys/_doctor`)
  assert.deepStrictEqual(json.unreadable, [])
  assert.strictEqual(json.keys.length, 6)
  assert.deepStrictEqual(
    json.keys.filter(({ secrets }: any) => secrets > 0),
    [{ id: json.active, secrets: 12 }],
  )
})

it(`a process that is killed while it rotates has lost no secret (${rounds} rounds)`, async () => {
  const platform = await StubPlatform.start({
    handler: () => Answer.json({ embeddings: [[1]] }),
    tls: ["api.cohere.ai"],
  })
  const data = await mkdtemp(join(tmpdir(), "drawbar-"))
  const ca = join(data, "ca.pem")
  await writeFile(ca, platform.ca)
  const to = `api.cohere.ai:443:127.0.0.1:${platform.port}`
  const flags = ["--port", "0", "--data", data, "--connect-to", to, "--ca-file", ca]
  try {
    let { child, url } = await start(flags)
    const ids = await makeModels(url, 25)
    for (let round = 0; round < rounds; round++) {
      const rotating = ask(url, "POST", `${ml}/keys/_rotate`).catch(() => undefined)
      await setTimeout(Math.random() * 60)
      child.kill("SIGKILL")
      await once(child, "close")
      await rotating
      ;({ child, url } = await start(flags))
      const { json } = await ask(url, "GET", `${ml}/keys/_doctor`)
      assert.deepStrictEqual(json.unreadable, [], `round ${round}`)
      for (const id of ids) assert.strictEqual((await predict(url, id)).status, 200)
    }
    // The last start ends what was cut off.
    for (let tries = 0; tries < 100; tries++) {
      const { json } = await ask(url, "GET", `${ml}/keys/_doctor`)
      if (json.keys.every(({ id, secrets }: any) => secrets === (id === json.active ? 25 : 0))) break
      assert.isBelow(tries, 99)
      await setTimeout(50)
    }
    child.kill("SIGTERM")
    await once(child, "close")
    const ring = JSON.parse(await readFile(join(data, "keyring.json"), "utf8"))
    assert.isAbove(Object.keys(ring.keys).length, 1)
  } finally {
    await platform.close()
    await rm(data, { recursive: true })
  }
})
