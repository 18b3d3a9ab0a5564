/** Isolation of upstreams that are down or failing from others, and the number of requests that they receive. */
import { createServer } from "node:http"
import type { AddressInfo } from "node:net"
import { assert, describe, it } from "vitest"
import { ask } from "./AuthenticatedServer.ts"
import * as InProcess from "./InProcess.ts"
import * as Loopback from "./Loopback.ts"

const ml = "/_plugins/_ml"

const listen = (settings: object) => InProcess.listen({ settings: { ...Loopback.settings, ...settings } })

const model = async (url: string, port: number, client_config: object = {}) => {
  const id = await Loopback.register(url, port, { client_config, request_body: '{"q":"${parameters.q}"}' })
  return (q = "x") => ask(url, undefined, "POST", `${ml}/models/${id}/_predict`, { parameters: { q } })
}

const platform = async (status: number, body: string) => {
  let requested = 0
  const server = createServer((request, response) => {
    requested += 1
    request.resume().on("end", () => response.writeHead(status, { "content-type": "application/json" }).end(body))
  })
  await new Promise<void>((resume) => server.listen(0, "127.0.0.1", resume))
  return {
    port: (server.address() as AddressInfo).port,
    asked: () => requested,
    close: () => {
      server.closeAllConnections()
      server.close()
    },
  }
}

describe("an upstream that is down", () => {
  it("receives no requests for a while, and the error says so, while another upstream responds", async () => {
    const gone = await platform(200, "{}")
    gone.close()
    const well = await platform(200, '{"a":1}')
    await using server = await listen({})
    const [dead, alive] = [await model(server.url, gone.port), await model(server.url, well.port)]
    const statuses: Array<number> = []
    for (let n = 0; n < 22; n++) statuses.push((await dead()).status)
    assert.deepStrictEqual(statuses, [...Array<number>(20).fill(502), 503, 503])
    const refused = await dead()
    assert.include(refused.json.error.reason, "did not respond to the last 20 requests")
    assert.isAtLeast(Number(refused.headers.get("retry-after")), 1)
    assert.strictEqual((await alive()).status, 200)
    const { text } = await ask(server.url, undefined, "GET", "/metrics")
    assert.include(text, `drawbar_breaker_open{origin="http://127.0.0.1:${gone.port}"} 1`)
    assert.include(text, `drawbar_breaker_open{origin="http://127.0.0.1:${well.port}"} 0`)
    assert.deepStrictEqual(
      [...text.matchAll(/^drawbar_predict_attempts_total\{.*\} (\d+)$/gm)].map(([, count]) => Number(count)).toSorted(),
      [1, 20],
    )
    well.close()
  })

  it("that returns 503 to all requests receives few retries", async () => {
    const failing = await platform(503, '{"error":"busy"}')
    await using server = await listen({})
    const predict = await model(server.url, failing.port, {
      max_retry_times: 5,
      retry_backoff_millis: 10,
      max_connection: 50,
    })
    const begun = Date.now()
    const calls = 1_000
    for (let round = 0; round < calls / 50; round++) await Promise.all(Array.from({ length: 50 }, () => predict()))
    const seconds = (Date.now() - begun) / 1_000
    assert.isAtMost(failing.asked(), calls * 1.2 + 10 * seconds + 20)
    assert.isAbove(failing.asked(), calls)
    failing.close()
  })
})

describe("a response that is not in its charset", () => {
  it.each([
    ["UTF-8 cut short", "application/json", Buffer.from([0x7b, 0x22, 0x61, 0x22, 0x3a, 0x22, 0xc3, 0x22, 0x7d]), 502],
    ["Latin-1 that says so", "application/json; charset=iso-8859-1", Buffer.from('{"a":"\xe9"}', "latin1"), 200],
    ["an unknown charset, with bytes of UTF-8", "application/json; charset=klingon", Buffer.from('{"a":"é"}'), 200],
    [
      "an unknown charset, with other bytes",
      "application/json; charset=klingon",
      Buffer.from('{"a":"\xe9"}', "latin1"),
      502,
    ],
  ] as const)("(%s) is read or refused, and never passed on in part", async (_, type, body, status) => {
    const server = createServer((request, response) => {
      request.resume().on("end", () => response.writeHead(200, { "content-type": type }).end(body))
    })
    await new Promise<void>((resume) => server.listen(0, "127.0.0.1", resume))
    await using drawbar = await listen({})
    const predict = await model(drawbar.url, (server.address() as AddressInfo).port)
    const answer = await predict()
    assert.strictEqual(answer.status, status, answer.text)
    if (status === 200) assert.include(answer.text, "é")
    else assert.include(answer.json.error.reason, "charset")
    server.closeAllConnections()
    server.close()
  })
})
