/** A server that is killed: what calls under way have reserved is free again, and what was spent is still spent. */
import { createServer } from "node:http"
import type { AddressInfo } from "node:net"
import { mkdtemp, rm, writeFile } from "node:fs/promises"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { setTimeout } from "node:timers/promises"
import { assert, it } from "vitest"
import { ask } from "./AuthenticatedServer.ts"
import * as Loopback from "./Loopback.ts"
import * as Spawned from "./Spawned.ts"
import { ml } from "./Targets.ts"

/** How long after a call its cost is written at the latest, in ms; a busy machine may take longer. */
const written = 1_000

it("keeps settled spending but for the last second, and no reservation", async () => {
  const folder = await mkdtemp(join(tmpdir(), "drawbar-"))
  let hangs = false
  const upstream = createServer((request, response) => {
    request.resume().on("end", () => {
      if (hangs) return
      const usage = { prompt_tokens: 0, completion_tokens: 400 }
      response.writeHead(200, { "content-type": "application/json" }).end(JSON.stringify({ answer: 1, usage }))
    })
  })
  await new Promise<void>((resume) => upstream.listen(0, "127.0.0.1", resume))
  const { port } = upstream.address() as AddressInfo
  const files = { settings: join(folder, "settings.json"), prices: join(folder, "prices.json") }
  await writeFile(files.settings, JSON.stringify(Loopback.settings))
  await writeFile(files.prices, JSON.stringify({ models: { "model-of-test": { input: 0, output: 1_000 } } }))
  const flags = ["--data", join(folder, "data"), "--settings", files.settings, "--prices", files.prices]
  let key = ""
  {
    await using open = await Spawned.start(flags)
    const as = (method: string, path: string, body: unknown) => ask(open.url, undefined, method, path, body)
    const registered = await as("POST", `${ml}/models/_register`, {
      name: "m",
      model_id: "m",
      function_name: "remote",
      connector: {
        name: "c",
        version: 1,
        protocol: "http",
        actions: [
          {
            action_type: "predict",
            method: "POST",
            url: `http://127.0.0.1:${port}/v1`,
            request_body: '{"model":"model-of-test","max_tokens":400,"q":"${parameters.q}"}',
          },
        ],
      },
    })
    assert.strictEqual(registered.status, 200, registered.text)
    // Each call costs 0.4 USD: two of them, and the rest of a third.
    const made = await as("POST", `${ml}/api_keys`, { name: "k", roles: ["application"], max_budget: 1 })
    assert.strictEqual(made.status, 200, made.text)
    key = `Bearer ${made.json.api_key}`
    const admin = await as("POST", `${ml}/api_keys`, { name: "a", roles: ["admin"] })
    assert.strictEqual(admin.status, 200)
  }
  const predict = (url: string) => ask(url, key, "POST", `${ml}/models/m/_predict`, { parameters: { q: "x" } })
  {
    await using first = await Spawned.start([...flags, "--auth", "on"])
    assert.strictEqual((await predict(first.url)).status, 200)
    await setTimeout(3 * written)
    hangs = true
    const hanging = [predict(first.url), predict(first.url)].map((call) => call.catch(() => undefined))
    for (;;) {
      // All is reserved: 0.4 are spent, and 0.4 and the last 0.2 are reserved.
      const refused = await Promise.race([predict(first.url), setTimeout(500).then(() => undefined)])
      if (refused?.status === 429) break
    }
    first.child.kill("SIGKILL")
    await first.ended
    await Promise.all(hanging)
    hangs = false
  }
  {
    await using second = await Spawned.start([...flags, "--auth", "on"])
    // 0.6 are left: a second call, and the rest of a third.
    assert.strictEqual((await predict(second.url)).status, 200)
    assert.strictEqual((await predict(second.url)).status, 200)
    const refused = await predict(second.url)
    assert.strictEqual(refused.status, 429, refused.text)
    assert.strictEqual(refused.json.error.type, "insufficient_quota")
  }
  upstream.closeAllConnections()
  upstream.close()
  await rm(folder, { recursive: true })
}, 120_000)
