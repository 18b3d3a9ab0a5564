/** The parts of examples/compose without Docker: PostgreSQL, two servers, and Caddy in front of them. */
import { setTimeout as wait } from "node:timers/promises"
import * as Answer from "@drawbar/stub-platform/Answer"
import * as Received from "@drawbar/stub-platform/Received"
import { assert, it } from "vitest"
import * as Caddy from "./Caddy.ts"
import * as Shared from "./SharedDatabase.ts"

const { ml, until } = Shared
const body = { parameters: { texts: ["x"] } }

const predictsOf = async (url: string) => {
  const text = await (await fetch(`${url}/metrics`)).text()
  return [...text.matchAll(/^drawbar_predict_requests_total\{.*\} (\d+)$/gm)].reduce((sum, [, n]) => sum + Number(n), 0)
}

/** A deployed model that streams. */
const createChat = async (url: string): Promise<string> => {
  const action = {
    action_type: "predict",
    method: "POST",
    url: "https://api.cohere.ai/v1/chat",
    headers: { Authorization: "Bearer ${credential.key}" },
    request_body: '{ "messages": [] }',
  }
  const { json } = await Shared.ask(url, "POST", `${ml}/models/_register?deploy=true`, {
    name: "chat",
    function_name: "remote",
    connector: {
      name: "chat",
      version: 1,
      protocol: "http",
      parameters: { _llm_interface: "openai/v1/chat/completions" },
      credential: { key: "key-0" },
      actions: [action],
    },
  })
  assert.isString(json.model_id, JSON.stringify(json))
  return json.model_id
}

it.skipIf(Caddy.binary === undefined)(
  "the proxy calls both servers, passes streams on as they come, and leaves out a server that stops",
  async () => {
    const streamed = Promise.withResolvers<void>()
    const events = async function* () {
      yield 'data: {"choices":[{"delta":{"content":"first"}}]}\n\n'
      // Sent only when the caller has the first.
      await streamed.promise
      yield 'data: {"choices":[{"delta":{"content":"second"}}]}\n\ndata: [DONE]\n\n'
    }
    await using shared = await Shared.start((received) =>
      Received.path(received) === "/v1/chat"
        ? Answer.stream("text/event-stream", events())
        : Shared.byVersion(received),
    )
    const port = await Caddy.freePort()
    const options = { allowedHosts: [`localhost:${port}`] }
    await using one = await shared.listen(options)
    const second = await shared.listen(options)
    await using caddy = await Caddy.start(
      port,
      [one, second].map((server) => `127.0.0.1:${server.port}`),
    )

    const { model } = await Shared.createModel(one.url)
    const chat = await createChat(one.url)
    const predict = () => caddy.ask("POST", `${ml}/models/${model}/_predict`, body)
    await until(async () => (await predict()).status === 200, "a predict through the proxy")
    for (let n = 0; n < 40; n++) assert.strictEqual((await predict()).status, 200)
    for (const { url } of [one, second]) assert.isAbove(await predictsOf(url), 0, "each server has been called")

    let text = ""
    const reply = await caddy.ask("POST", `${ml}/models/${chat}/_predict/stream`, { parameters: {} }, (piece) => {
      text += piece
      if (text.includes("first")) streamed.resolve()
    })
    assert.strictEqual(reply.status, 200)
    assert.include(reply.text, "second")

    const statuses: Array<number> = []
    const stopped = new AbortController()
    const load = (async () => {
      for (; !stopped.signal.aborted; await wait(5)) statuses.push((await predict()).status)
    })()
    await wait(200)
    await second[Symbol.asyncDispose]()
    await wait(200)
    stopped.abort()
    await load
    assert.deepEqual(
      statuses.filter((status) => status !== 200),
      [],
      "no predict fails while a server stops",
    )
    for (let n = 0; n < 20; n++) assert.strictEqual((await predict()).status, 200)
  },
)
