/**
 * SIGTERM under load: requests that an upstream has received are completed. DRAWBAR_SIGTERMS sets the number of rounds.
 */
import { once } from "node:events"
import { createServer } from "node:http"
import { mkdtemp, rm, writeFile } from "node:fs/promises"
import { type AddressInfo, connect } from "node:net"
import { tmpdir } from "node:os"
import { join } from "node:path"
import process from "node:process"
import { text } from "node:stream/consumers"
import { setTimeout as wait } from "node:timers/promises"
import { afterAll, assert, beforeAll, describe, it } from "vitest"
import { ask } from "./AuthenticatedServer.ts"
import * as Loopback from "./Loopback.ts"
import * as Spawned from "./Spawned.ts"

const ml = "/_plugins/_ml"
const rounds = Number(process.env["DRAWBAR_SIGTERMS"] ?? 4)

let folder = ""
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "drawbar-"))
  await writeFile(join(folder, "settings.json"), JSON.stringify(Loopback.settings))
})
afterAll(() => rm(folder, { recursive: true }))

const start = async () => {
  const flags = ["--port", "0", "--data", ":memory:", "--settings", join(folder, "settings.json"), "--log", "off"]
  const { child, url } = Spawned.run(flags)
  return { child, url: await url }
}

const isOpen = (port: number, host: string) =>
  new Promise<boolean>((resolve) => {
    const socket = connect(port, host, () => resolve(true)).on("error", () => resolve(false))
    socket.on("connect", () => socket.destroy())
  })

const register = (url: string, port: number) =>
  Loopback.register(url, port, { request_body: '{"nonce":"${parameters.nonce}"}' })

describe("SIGTERM under load", () => {
  it.each(Array.from({ length: rounds }, (_, n) => n))(
    "drops no started request (%i)",
    async () => {
      const requested = new Set<string>()
      const platform = createServer(async (request, response) => {
        const { nonce } = JSON.parse(await text(request))
        requested.add(nonce)
        setTimeout(() => response.end(JSON.stringify({ nonce })), 5 + Math.random() * 60)
      })
      await new Promise<void>((resume) => platform.listen(0, "127.0.0.1", resume))
      const { child, url } = await start()
      const path = `${ml}/models/${await register(url, (platform.address() as AddressInfo).port)}/_predict`
      const answered = new Set<string>()
      const refusals = new Set<string>()
      const load = new AbortController()
      const caller = async (number: number) => {
        for (let n = 0; !load.signal.aborted; n++) {
          const nonce = `${number}-${n}`
          try {
            const { status, json } = await ask(url, undefined, "POST", path, { parameters: { nonce } })
            if (status === 200 && json.inference_results[0].output[0].dataAsMap.nonce === nonce) answered.add(nonce)
            else refusals.add(String(status))
          } catch {
            // The server accepts no new connections.
            return
          }
        }
      }
      const callers = Promise.all(Array.from({ length: 16 }, (_, number) => caller(number)))
      while (answered.size <= 16) await wait(20)
      await wait(Math.random() * 300)
      child.kill("SIGTERM")
      const [code] = await once(child, "close")
      load.abort()
      await callers
      platform.closeAllConnections()
      platform.close()
      assert.strictEqual(code, 0)
      assert.deepStrictEqual(
        [...requested].filter((nonce) => !answered.has(nonce)),
        [],
      )
      for (const status of refusals) assert.strictEqual(status, "503")
    },
    60_000,
  )
})

describe("a second SIGTERM", () => {
  it("exits immediately with 1", async () => {
    const requested = Promise.withResolvers<void>()
    const platform = createServer(() => requested.resolve())
    await new Promise<void>((resume) => platform.listen(0, "127.0.0.1", resume))
    const { child, url } = await start()
    const id = await register(url, (platform.address() as AddressInfo).port)
    const predict = ask(url, undefined, "POST", `${ml}/models/${id}/_predict`, { parameters: { nonce: "x" } })
    const cut = predict.then(
      () => false,
      () => true,
    )
    await requested.promise
    child.kill("SIGTERM")
    // No new request is accepted after shutdown has begun.
    const { hostname, port } = new URL(url)
    while (await isOpen(Number(port), hostname)) await wait(5)
    child.kill("SIGTERM")
    assert.deepStrictEqual(await once(child, "close"), [1, null])
    assert.isTrue(await cut)
    platform.closeAllConnections()
    platform.close()
  }, 60_000)
})
