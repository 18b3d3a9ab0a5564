/** One key's many connections do not starve another key's one: counted in answers, not in seconds. */
import { assert, it } from "vitest"
import * as Answer from "@drawbar/stub-platform/Answer"
import { ask } from "./AuthenticatedServer.ts"
import * as AuthenticatedServer from "./AuthenticatedServer.ts"

const ml = "/_plugins/_ml"

/** Some milliseconds of a processor, once the upstream has answered. */
const script =
  'int s = 0; for (int i = 0; i < 60000; ++i) { s += i % 7 } return \'{"name":"x","data_type":"INT32","shape":[1],"data":[\' + s + \']}\''

it("a key with one connection is answered while another has sixty-four", { timeout: 120_000 }, async () => {
  let path = ""
  await using server = await AuthenticatedServer.start(
    { greedy: { roles: ["application"] }, modest: { roles: ["application"] } },
    {
      handler: () => Answer.json({ a: 1 }),
      before: async (url) => {
        const made = await ask(url, undefined, "POST", `${ml}/models/_register`, {
          name: "m",
          function_name: "remote",
          connector: {
            name: "c",
            version: 1,
            protocol: "http",
            client_config: { max_connection: 200 },
            actions: [
              {
                action_type: "predict",
                method: "POST",
                url: "https://api.cohere.ai/v1/x",
                request_body: "{}",
                post_process_function: script,
              },
            ],
          },
        })
        assert.strictEqual(made.status, 200, made.text)
        path = `${ml}/models/${made.json.model_id}/_predict`
      },
    },
  )
  const body = { parameters: {} }
  assert.strictEqual((await server.as("modest", "POST", path, body)).status, 200)
  let answered = 0
  const over = new AbortController()
  const begun = Promise.withResolvers<void>()
  const greedy = Array.from({ length: 64 }, async () => {
    while (!over.signal.aborted) {
      if ((await server.as("greedy", "POST", path, body)).status === 200) answered++
      if (answered === 10) begun.resolve()
    }
  })
  await begun.promise
  const between: Array<number> = []
  const statuses = new Set<number>()
  for (let n = 0; n < 12; n++) {
    const before = answered
    statuses.add((await server.as("modest", "POST", path, body)).status)
    between.push(answered - before)
  }
  over.abort()
  await Promise.all(greedy)
  assert.deepStrictEqual([...statuses], [200])
  // Client, server and upstream share one process, so that a predict takes some six turns of the loop. In each the other key has a slice, of a few steps.
  const sorted = between.toSorted((a, b) => a - b)
  assert.isAtMost(sorted[6] ?? Infinity, 40, `answers of the other key during each: ${between.join(", ")}`)
})
