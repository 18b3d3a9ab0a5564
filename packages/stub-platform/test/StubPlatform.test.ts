import { connect, isIP } from "node:net"
import { get, request as httpsRequest } from "node:https"
import { text as readText } from "node:stream/consumers"
import { assert, describe, expect, it } from "vitest"
import * as Answer from "../src/Answer.ts"
import * as StubPlatform from "../src/StubPlatform.ts"

/** Writes to the port directly, so that no client changes what is sent. */
const speak = (port: number, wire: string): Promise<string> => {
  const socket = connect(port, "127.0.0.1")
  socket.write(wire)
  return readText(socket)
}

describe("received requests", () => {
  it("are kept byte for byte: the target, repeated headers in case and order, the body", async () => {
    await using platform = await StubPlatform.start()
    const head = "PUT /a//../b%3Ac?x=1&x=%20+ HTTP/1.1\r\nHost: h\r\nX-B: 2\r\nx-a: 1\r\nX-B:  3 \r\n"
    await speak(platform.port, `${head}Content-Length: 3\r\nConnection: close\r\n\r\n\x7bé`)
    const [received] = platform.requests
    assert.deepInclude(received, { method: "PUT", target: "/a//../b%3Ac?x=1&x=%20+", text: "{é" })
    assert.deepStrictEqual(received?.headers.slice(1, 4), [
      ["X-B", "2"],
      ["x-a", "1"],
      ["X-B", "3"],
    ])
    assert.deepStrictEqual([...(received?.bytes ?? [])], [0x7b, 0xc3, 0xa9])
  })
})

describe("responses", () => {
  it("are returned in order, then the last is repeated", async () => {
    const handler = Answer.inTurn(Answer.html(), Answer.json({ ok: true }, 200, { "x-id": "1" }))
    await using platform = await StubPlatform.start({ handler })
    const [first, second, third] = [
      await fetch(platform.origin),
      await fetch(platform.origin),
      await fetch(platform.origin),
    ]
    assert.deepStrictEqual([first.status, second.status, third.status], [502, 200, 200])
    assert.deepStrictEqual(await third.json(), { ok: true })
    assert.strictEqual(third.headers.get("x-id"), "1")
  })

  it("can be a redirect, which the stub does not follow", async () => {
    await using platform = await StubPlatform.start({
      handler: () => Answer.redirect("https://elsewhere.example/", 307),
    })
    const response = await fetch(platform.origin, { redirect: "manual" })
    assert.deepStrictEqual([response.status, response.headers.get("location")], [307, "https://elsewhere.example/"])
  })

  it("can be delayed", async () => {
    await using platform = await StubPlatform.start({ handler: () => Answer.slow(Answer.text("late"), 10) })
    assert.strictEqual(await (await fetch(platform.origin)).text(), "late")
  })

  it("can be a closed connection", async () => {
    await using platform = await StubPlatform.start({ handler: () => Answer.reset })
    await expect(fetch(platform.origin)).rejects.toThrow()
  })

  it("can be half a body before the connection closes", async () => {
    await using platform = await StubPlatform.start({ handler: () => Answer.half(Answer.text("0123456789")) })
    const wire = await speak(platform.port, "GET / HTTP/1.1\r\nHost: h\r\n\r\n")
    assert.match(wire, /content-length: 10\r\n/)
    assert.isTrue(wire.endsWith("\r\n\r\n01234"))
  })

  it.each([
    ["nothing", Answer.hang],
    ["half a body and nothing more", Answer.half(Answer.text("0123456789"), "hang")],
  ])("can be %s, and the stub still closes", async (_name, answer) => {
    const { promise: requested, resolve } = Promise.withResolvers<void>()
    const platform = await StubPlatform.start({
      handler: () => {
        resolve()
        return answer
      },
    })
    const response = fetch(platform.origin).then((head) => head.text())
    const failed = expect(response).rejects.toThrow()
    await requested
    await platform.close()
    await failed
  })

  it("report the error of a handler that throws", async () => {
    await using platform = await StubPlatform.start({
      handler: () => {
        throw new Error("not expected here")
      },
    })
    const response = await fetch(platform.origin)
    assert.strictEqual(response.status, 500)
    assert.include(await response.text(), "not expected here")
  })
})

describe("with TLS", () => {
  const hosts = ["api.openai.com", "runtime.sagemaker.us-west-2.amazonaws.com"]

  it.each([...hosts, "localhost", "127.0.0.1"])("accepts a client that trusts the authority for %s", async (host) => {
    await using platform = await StubPlatform.start({ tls: hosts, handler: () => Answer.text("hello") })
    const { promise, resolve, reject } = Promise.withResolvers<string>()
    const options = {
      host: "127.0.0.1",
      port: platform.port,
      ca: platform.ca,
      servername: isIP(host) === 0 ? host : "",
      headers: { host },
    }
    get(options, (response) => resolve(readText(response))).on("error", reject)
    assert.strictEqual(await promise, "hello")
  })

  it.each([
    ["a host that the certificate does not contain", { servername: "api.cohere.ai" }, "ERR_TLS_CERT_ALTNAME_INVALID"],
    [
      "a client that does not trust the authority",
      { servername: "localhost", ca: [] },
      "UNABLE_TO_VERIFY_LEAF_SIGNATURE",
    ],
  ])("rejects %s", async (_name, options, code) => {
    await using platform = await StubPlatform.start({ tls: hosts })
    const { promise, reject } = Promise.withResolvers<never>()
    httpsRequest({ host: "127.0.0.1", port: platform.port, ca: platform.ca, ...options })
      .on("error", reject)
      .end()
    await expect(promise).rejects.toMatchObject({ code })
  })
})
