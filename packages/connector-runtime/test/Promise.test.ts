/** The runtime for programs without Effect, against a provider on a socket. */
import { once } from "node:events"
import { createServer, type IncomingMessage, type ServerResponse } from "node:http"
import type { AddressInfo } from "node:net"
import { text as textOf } from "node:stream/consumers"
import { assert, describe, it } from "vitest"
import { ConnectorError } from "../src/ConnectorError.ts"
import { compile } from "../src/Promise.ts"

const secret = "sk-not-to-be-shown"

const blueprint = (port: number) => ({
  name: "Loopback",
  version: 1,
  protocol: "http",
  parameters: { model: "m" },
  credential: { key: secret },
  actions: [
    {
      action_type: "predict",
      method: "POST",
      url: `http://127.0.0.1:${port}/v1/chat/completions`,
      headers: { Authorization: "Bearer ${credential.key}" },
      request_body: '{ "model": "${parameters.model}", "messages": ${parameters.messages} }',
    },
  ],
})

const messages = { parameters: { messages: [{ role: "user", content: "Hello" }] } }

type Answer = (request: IncomingMessage, response: ServerResponse) => void

/** A provider and a connector to it. */
const connected = async (answer: Answer) => {
  const server = createServer(answer).listen(0, "127.0.0.1")
  await once(server, "listening")
  const { port } = server.address() as AddressInfo
  const connector = await compile(blueprint(port), {
    trustedEndpoints: [`http://127.0.0.1:${port}`],
    privateAddresses: true,
  })
  return {
    connector,
    port,
    [Symbol.asyncDispose]: async () => {
      await connector.close()
      server.closeAllConnections()
      server.close()
    },
  }
}

const rejected = (promise: Promise<unknown>): Promise<unknown> =>
  promise.then(
    () => assert.fail("it did not reject"),
    (cause: unknown) => cause,
  )

const delta = (content: string) => `data: ${JSON.stringify({ choices: [{ index: 0, delta: { content } }] })}\n\n`

const collected = async (pieces: AsyncIterable<{ readonly content: string }>) => {
  let text = ""
  for await (const { content } of pieces) text += content
  return text
}

describe("predict", () => {
  it("resolves with the response of _predict", async () => {
    await using provider = await connected(async (request, response) => {
      const { model, messages } = JSON.parse(await textOf(request))
      assert.strictEqual(request.headers.authorization, `Bearer ${secret}`)
      response.setHeader("content-type", "application/json").end(JSON.stringify({ model, said: messages[0].content }))
    })
    assert.deepStrictEqual(await provider.connector.predict(messages), {
      inference_results: [
        { output: [{ name: "response", dataAsMap: { model: "m", said: "Hello" } }], status_code: 200 },
      ],
    })
  })

  it("rejects with the provider's status", async () => {
    await using provider = await connected((_, response) => {
      response.writeHead(401, { "content-type": "application/json" }).end('{"error":"no"}')
    })
    const cause = await rejected(provider.connector.predict(messages))
    assert.instanceOf(cause, ConnectorError)
    const { reason } = cause as ConnectorError
    assert.strictEqual(reason._tag === "UpstreamError" ? reason.remote.status : reason._tag, 401)
  })

  it("names what is missing, and sends nothing", async () => {
    await using provider = await connected(() => assert.fail("it was sent"))
    const cause = await rejected(provider.connector.predict({ parameters: {} }))
    assert.include(String(cause), "messages")
  })

  it("rejects with the reason of its signal, or at its timeout", async () => {
    await using provider = await connected(() => {})
    const aborter = new AbortController()
    const pending = rejected(provider.connector.predict(messages, { signal: aborter.signal }))
    const reason = new Error("enough")
    aborter.abort(reason)
    assert.strictEqual(await pending, reason)
    const late = await rejected(provider.connector.predict(messages, { timeout: 20 }))
    assert.instanceOf(late, Error)
  })
})

const streaming: Answer = async (request, response) => {
  assert.isTrue(JSON.parse(await textOf(request)).stream)
  response.writeHead(200, { "content-type": "text/event-stream" })
  for (const word of ["Hel", "lo"]) response.write(delta(word))
  response.end("data: [DONE]\n\n")
}

describe("stream", () => {
  it("yields pieces", async () => {
    await using provider = await connected(streaming)
    assert.strictEqual(await collected(provider.connector.stream(messages)), "Hello")
  })

  it("closes the provider's connection when its loop is left, or its signal aborts", async () => {
    const closed: Array<() => void> = []
    const closing = () => new Promise<void>((resolve) => closed.push(resolve))
    await using provider = await connected((_, response) => {
      response.writeHead(200, { "content-type": "text/event-stream" }).write(delta("first"))
      response.on("close", () => closed.shift()?.())
    })
    const left = closing()
    for await (const { content } of provider.connector.stream(messages)) {
      assert.strictEqual(content, "first")
      break
    }
    await left
    const aborted = closing()
    const aborter = new AbortController()
    const reason = new Error("enough")
    const reading = async () => {
      for await (const _ of provider.connector.stream(messages, { signal: aborter.signal })) aborter.abort(reason)
    }
    assert.strictEqual(await rejected(reading()), reason)
    await aborted
  })

  it("throws a failure before its first piece", async () => {
    await using provider = await connected((_, response) => {
      response.writeHead(429, { "content-type": "application/json" }).end("{}")
    })
    assert.instanceOf(await rejected(collected(provider.connector.stream(messages))), ConnectorError)
  })
})

describe("render", () => {
  it("shows the request with secrets masked", async () => {
    await using provider = await connected(() => assert.fail("it was sent"))
    const [request] = await provider.connector.render(messages)
    assert.isDefined(request)
    assert.strictEqual(request.url, `http://127.0.0.1:${provider.port}/v1/chat/completions`)
    assert.deepStrictEqual(JSON.parse(request.body ?? ""), { model: "m", messages: messages.parameters.messages })
    assert.notInclude(JSON.stringify(request), secret)
  })
})

describe("compile", () => {
  it.each([
    ["lacks fields", { name: "x" }, {}, "version"],
    ["names a host that is not trusted", blueprint(9_999), {}, "127.0.0.1"],
    ["has an invalid list of hosts", blueprint(9_999), { trustedEndpoints: ["("] }, "("],
  ])("rejects what %s", async (_, document, options, expected) => {
    const cause = await rejected(
      compile(document, options).then((connector) => connector.predict(messages).finally(connector.close)),
    )
    assert.instanceOf(cause, Error)
    assert.include(String(cause), expected)
  })
})
