/**
 * Forty secrets and forty prompts, upstreams that echo both in six encodings in every kind of response, and all output
 * of the server: no secret appears anywhere, and a prompt only in a response to its sender. By default each kind of
 * response is combined with each encoding once, alternating secrets and prompts; DRAWBAR_LEAKS=all tests all secrets.
 */
import { readFile } from "node:fs/promises"
import { join } from "node:path"
import process from "node:process"
import { assert, describe, it } from "vitest"
import { finder, prompts, secrets } from "./CanarySecrets.ts"
import { answer, portOf, remember, responseThat, streaming, streams } from "./EchoingPlatform.ts"
import {
  json,
  say,
  ml,
  blueprint,
  remote,
  register,
  answers,
  asked,
  server,
  admin,
  collected,
  folder,
} from "./leaks/LeakServer.ts"
import { type Meet, platformDoes, spelled, metBy, modelOf, models } from "./leaks/LeakAttempts.ts"
import { reasons } from "./leaks/LeakReasons.ts"
import { spell, sinks, find, leakOf } from "./leaks/LeakSinks.ts"

const everySecret = process.env["DRAWBAR_LEAKS"] === "all"

/** Successful responses are checked as well. */
const successes: Readonly<Record<string, Meet>> = {
  "a success": platformDoes(responseThat((it) => answer(json({ it })))),
  "text as success": platformDoes(responseThat((it) => answer(it, 200, { "content-type": "text/plain" }))),
  "a success in tensors": platformDoes(
    responseThat((it) => answer(json({ embeddings: [[1]], said: it }))),
    "tensors",
    { post_process_function: "connector.post_process.cohere.embedding" },
  ),
  "an internal error of the server": platformDoes(
    responseThat((it) => answer(`{"it":${json(`${it} a defect, please`)}}`)),
  ),
  "a connector test": async ({ said: reply, prompt, third }) => {
    const id = remember({ said: reply, act: responseThat((it) => answer(json({ it }), 400)) })
    const made = await say("trial", "POST", `${ml}/connectors/_create`, blueprint(third))
    const path = `${ml}/connectors/${made.json.connector_id}/_test`
    return (await say("trial", "POST", path, { parameters: { q: `${prompt} #case#${id}` } }, { ofPlatform: true }))
      .status
  },
}

const kinds: ReadonlyArray<readonly [string, Meet]> = [
  ...Object.entries(successes),
  ...Object.entries(reasons).flatMap(([tag, meets]) =>
    typeof meets === "string" ? [] : Object.entries(meets).map(([name, meet]) => [`${tag}: ${name}`, meet] as const),
  ),
]

/** Maximum concurrent requests. */
const inLanes = async <A>(all: ReadonlyArray<A>, lanes: number, run: (one: A) => Promise<void>) => {
  const waiting = [...all]
  const lane = async () => {
    for (let next = waiting.shift(); next !== undefined; next = waiting.shift()) await run(next)
  }
  await Promise.all(Array.from({ length: lanes }, lane))
}

describe("an upstream that echoes what it received", () => {
  it(
    "covers every kind of response and encoding",
    async () => {
      const seen = new Map<string, Set<number>>()
      const every = kinds.flatMap(([name, meet], kind) =>
        spelled.flatMap(([, spell], spelling) =>
          Array.from({ length: everySecret ? secrets.length : 1 }, (_, n) => ({
            name,
            meet,
            met: metBy(everySecret ? n : kind * spelled.length + spelling, spell),
          })),
        ),
      )
      await inLanes(every, 24, async ({ name, meet, met }) => {
        const status = await meet(met)
        seen.set(name, (seen.get(name) ?? new Set()).add(status))
      })
      // Each secret in each encoding, if the upstream would echo it.
      const refusal = platformDoes(responseThat((it) => answer(json({ error: it }), 401)))
      const pairs = secrets.flatMap((_, n) => spelled.map(([, spell]) => metBy(n, spell)))
      await inLanes(pairs, 24, async (met) => void assert.strictEqual(await refusal(met), 401))
      // Everything that is not a success above must have failed, otherwise the table tests nothing.
      for (const [name, statuses] of seen)
        if (!(name in successes)) assert.isFalse(statuses.has(200), `${name}: ${[...statuses].join()}`)
        else assert.isFalse(statuses.has(404), name)
    },
    everySecret ? 1_200_000 : 120_000,
  )
})

describe("a stream that echoes a key", () => {
  it(
    "does not reveal it across chunks",
    async () => {
      const every = Object.entries(streams).flatMap(([name, streamed], row) =>
        spelled.flatMap(([spelling, spell], column) =>
          Array.from({ length: everySecret ? secrets.length : 2 }, (_, n) => {
            const met = metBy(everySecret ? n : row * 12 + column * 2 + n, spell)
            return { name, streamed, spelling, size: [1, 3, 7, 1_000][(row + column + n) % 4] ?? 1, met }
          }),
        ),
      )
      await inLanes(every, 16, async ({ name, streamed, spelling, size, met }) => {
        const id = remember({ said: met.said, act: streaming(streamed, size) })
        const url = `http://127.0.0.1:${portOf(remote)}${streamed.url}`
        const model = await modelOf(`${streamed.url} ${met.third}`, () =>
          register(name, blueprint(met.third, { url }, { parameters: streamed.parameters ?? {} })),
        )
        const path = `${ml}/models/${model}/_predict/stream`
        const kind = `${name}, ${spelling}, by ${size}`
        const got = await say(
          kind,
          "POST",
          path,
          { parameters: { q: `${met.prompt} #case#${id}` } },
          { ofPlatform: true },
        )
        // The concatenated chunks are checked too.
        const reply = [...got.text.matchAll(/^data: (.*)$/gm)].map(([, data]) => JSON.parse(data ?? "{}"))
        const output = reply.map((one) => one.inference_results?.[0]?.output[0].dataAsMap ?? one)
        const content = output.map((one) => one.content ?? "").join("")
        const tools = output.map(({ tool_calls }) => {
          const [call] = Array.isArray(tool_calls) ? tool_calls : [tool_calls]
          return call?.function?.arguments ?? call?.delta?.partial_json ?? ""
        })
        answers.push({ text: `${content}\n${tools.join("")}`, ofPlatform: true, kind })
        // The prompt is complete: everything that was held back was sent in the end.
        if (size !== 1_000 && got.status === 200 && spelling === "plain" && !/error|JSON/.test(name))
          assert.include(`${content}${tools.join("")}`, met.prompt, kind)
      })
    },
    everySecret ? 600_000 : 30_000,
  )
})

describe("the output of the server", () => {
  const findPrompts = finder(prompts)

  const check = async () => {
    for (const [name, texts] of Object.entries(await sinks()))
      for (const text of texts) {
        assert.isAbove(text.length, 0, name)
        assert.deepStrictEqual(find()(text), [], `a secret in ${name}`)
        assert.deepStrictEqual(findPrompts(text), [], `a prompt in ${name}`)
      }
  }

  it("contains no secret, and a prompt only in responses with upstream content", () => {
    const search = find()
    for (const { text, ofPlatform, kind } of answers) {
      assert.deepStrictEqual(search(text), [], `${kind}: ${text.slice(0, 2_000)}`)
      if (!ofPlatform) assert.deepStrictEqual(findPrompts(text), [], `${kind}: ${text.slice(0, 2_000)}`)
    }
    assert.isAbove(answers.length, 500)
  })

  it("contains neither in logs, audit log, metrics, records, files or traces", async () => {
    await asked(server.url, admin, "GET", "/", undefined, { "x-request-id": leakOf(7).text })
    await new Promise((resume) => setTimeout(resume, 2_300))
    await check()
    assert.include(server.said(), "TypeError\n    at ")
    assert.include(Buffer.concat(collected).toString(), "resourceSpans")
  })

  it("detects ten planted leaks, each with its location and encoding", async () => {
    const model = await register("leaking", blueprint(0, {}, { parameters: { note: spell(0) } }), {
      description: spell(1),
    })
    const leaks: Readonly<Record<string, () => Promise<string | Buffer | ReadonlyArray<string | Buffer>>>> = {
      "a response, in plain text": async () => (await asked(server.url, admin, "GET", `${ml}/models/${model}`)).text,
      "the records, in JSON": async () => (await sinks())["records"] ?? [],
      "the database, throughout": async () => {
        await register("leaking", blueprint(0, {}, { parameters: { note: spell(2) } }))
        return (await sinks())["database, write-ahead log and key ring"] ?? []
      },
      "the write-ahead log, percent-encoded": async () => {
        await register("leaking", blueprint(0, {}, { parameters: { note: spell(3) } }))
        return readFile(join(folder, "data", "drawbar.db-wal"))
      },
      "a header": async () => {
        const got = await asked(server.url, admin, "GET", "/", undefined, { "x-opaque-id": leakOf(4).text })
        return json([...got.headers])
      },
      "the log": async () => {
        await asked(server.url, admin, "GET", `${ml}/models/${spell(5)}`)
        await new Promise((resume) => setTimeout(resume, 200))
        return server.said()
      },
      "the audit": async () => {
        await asked(server.url, admin, "DELETE", `${ml}/models/${encodeURIComponent(leakOf(6).text)}`)
        return readFile(join(folder, "audit.log"))
      },
      // Read earlier, because spans are sent periodically.
      "a trace": async () => Buffer.concat(collected),
      "a metric": async () => {
        await say("metric", "POST", `${ml}/models/_register`, {
          name: "counted",
          function_name: "remote",
          connector: blueprint(0),
          model_id: leakOf(8).text,
        })
        await asked(server.url, admin, "POST", `${ml}/models/${leakOf(8).text}/_predict`, {
          parameters: { q: "#case#0" },
        })
        return (await asked(server.url, admin, "GET", "/metrics")).text
      },
      "a stream, in pieces": async () => {
        const id = remember({ said: spell(9), act: streaming(streams["OpenAI's deltas"]!, 3) })
        const chat = await models.get("/v1/chat/completions 0")
        const path = `${ml}/models/${chat}/_predict/stream`
        const got = await asked(server.url, admin, "POST", path, { parameters: { q: `#case#${id}` } })
        return [...got.text.matchAll(/"content":"([^"]*)"/g)].map(([, part]) => part).join("")
      },
    }
    for (const [n, [name, leak]] of Object.entries(leaks).entries()) {
      const where = await leak()
      const texts = typeof where === "string" || Buffer.isBuffer(where) ? [where] : where
      const found = texts.flatMap((text) => finder([leakOf(n)])(text))
      assert.isAbove(found.length, 0, name)
    }
  }, 20_000)

  it("contains neither if the process crashes", async () => {
    server.child.kill("SIGUSR2")
    assert.strictEqual(await server.ended, 1)
    assert.include(server.said(), "Drawbar crashed: SyntaxError\n    at ")
    assert.deepStrictEqual(find()(server.said()), [])
    assert.deepStrictEqual(findPrompts(server.said()), [])
  })
})
