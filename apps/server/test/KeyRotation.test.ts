/**
 * Key rotation while models are called, and interrupted rotations. DRAWBAR_ROTATION_ROUNDS sets the number of
 * interruptions, DRAWBAR_SEED their times.
 */
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises"
import { tmpdir } from "node:os"
import { join } from "node:path"
import process from "node:process"
import { setTimeout as wait } from "node:timers/promises"
import * as Answer from "@drawbar/stub-platform/Answer"
import * as Received from "@drawbar/stub-platform/Received"
import * as StubPlatform from "@drawbar/stub-platform/StubPlatform"
import { assert, it } from "vitest"
import { askPatiently } from "./AuthenticatedServer.ts"
import * as Drawbar from "./Drawbar.ts"
import * as Spawned from "./Spawned.ts"

const ml = "/_plugins/_ml"
const rounds = Number(process.env["DRAWBAR_ROTATION_ROUNDS"] ?? 5)
const seed = Number(process.env["DRAWBAR_SEED"] ?? Math.floor(Math.random() * 1e6))

/** In ms: a hundred predicts per second. */
const pace = 10

/** An upstream that verifies its key. */
const handler: Answer.Handler = (received) =>
  Received.header(received, "authorization") === `Bearer ${Drawbar.secret}`
    ? Answer.json({ embeddings: [[1]] })
    : Answer.json({}, 401)

const ask = async (url: string, method: string, path: string, body?: unknown) => {
  const response = await fetch(url + path, {
    method,
    ...(body === undefined ? {} : { headers: { "content-type": "application/json" }, body: JSON.stringify(body) }),
  })
  return { status: response.status, json: (await response.json()) as any }
}

const predict = (url: string, id: string) =>
  askPatiently(url, undefined, "POST", `${ml}/models/${id}/_predict`, { parameters: { texts: ["x"] } })

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

it("every predict succeeds during a key rotation", async () => {
  await using drawbar = await Drawbar.start(handler)
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

/** In requests: a busy machine that has so many open gets no more until one has ended. */
const maxOpen = 16

/** In ms, for one step: many times what it takes on a machine that has nothing else to do. */
const stepMs = 60_000

/** Waits until a condition holds; fails, with what it says, where a step's time is over. */
const until = async (holds: () => boolean | Promise<boolean>, says: () => string) => {
  const end = performance.now() + stepMs
  while (!(await holds())) {
    assert.isBelow(performance.now(), end, says())
    await wait(20)
  }
}

/** Predicts of all models in turn, at an even pace, whatever becomes of them. */
const load = (url: string, ids: ReadonlyArray<string>) => {
  const answers: Array<Promise<{ readonly begun: number; readonly ended: number; readonly status: number | string }>> =
    []
  let ended = 0
  const timer = setInterval(() => {
    if (answers.length - ended >= maxOpen) return
    const begun = performance.now()
    const status = predict(url, ids[answers.length % ids.length] ?? "").then(
      (answer) => answer.status,
      (cause: unknown) => String(cause),
    )
    answers.push(
      status.then((it) => {
        ended++
        return { begun, ended: performance.now(), status: it }
      }),
    )
  }, pace)
  return {
    ended: () => ended,
    end: () => {
      clearInterval(timer)
      return Promise.all(answers)
    },
  }
}

/** https://en.wikipedia.org/wiki/Linear_congruential_generator */
const randoms = (state: number) => () => {
  state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0
  return state / 2 ** 32
}

it(
  `a process killed during a rotation loses no secret and fails no predict (${rounds} rounds, DRAWBAR_SEED=${seed})`,
  async () => {
    const platform = await StubPlatform.start({ handler, tls: ["api.cohere.ai"] })
    const data = await mkdtemp(join(tmpdir(), "drawbar-"))
    const ca = join(data, "ca.pem")
    await writeFile(ca, platform.ca)
    const to = `api.cohere.ai:443:127.0.0.1:${platform.port}`
    const start = () => Spawned.start(["--data", data, "--connect-to", to, "--ca-file", ca, "--log", "off"])
    const random = randoms(seed)
    const reported = { predicts: 0, cutOff: 0, rotated: 0 }
    try {
      let server = await start()
      const ids = await makeModels(server.url, 25)
      for (let round = 0; round < rounds; round++) {
        await Promise.all(ids.map((id) => predict(server.url, id)))
        const predicts = load(server.url, ids)
        await until(
          () => predicts.ended() >= 10,
          () => `round ${round}: only ${predicts.ended()} predicts have ended`,
        )
        const rotating = ask(server.url, "POST", `${ml}/keys/_rotate`).catch(() => undefined)
        await wait(random() * 200)
        const killed = performance.now()
        server.child.kill("SIGKILL")
        await server.ended
        const answers = await predicts.end()
        const isCutOff = ({ status, ended }: (typeof answers)[number]) => typeof status === "string" && ended >= killed
        const failed = answers.filter((answer) => answer.status !== 200 && !isCutOff(answer))
        assert.deepStrictEqual(failed, [], `round ${round}`)
        reported.predicts += answers.length
        reported.cutOff += answers.filter(isCutOff).length
        if ((await rotating) !== undefined) reported.rotated++
        server = await start()
        const { json } = await ask(server.url, "GET", `${ml}/keys/_doctor`)
        assert.deepStrictEqual(json.unreadable, [], `round ${round}`)
        const statuses = await Promise.all(ids.map(async (id) => (await predict(server.url, id)).status))
        assert.deepStrictEqual([...new Set(statuses)], [200], `round ${round}`)
      }
      // The last start ends what was cut off.
      let keys: ReadonlyArray<any> = []
      await until(
        async () => {
          const { json } = await ask(server.url, "GET", `${ml}/keys/_doctor`)
          keys = json.keys
          return keys.every(({ id, secrets }) => secrets === (id === json.active ? 25 : 0))
        },
        () => `still under several keys: ${JSON.stringify(keys)}`,
      )
      server.child.kill("SIGTERM")
      await server.ended
      const ring = JSON.parse(await readFile(join(data, "keyring.json"), "utf8"))
      assert.isAbove(Object.keys(ring.keys).length, 1)
      assert.isAbove(reported.predicts - reported.cutOff, rounds * 5)
    } finally {
      await platform.close()
      await rm(data, { recursive: true })
    }
  },
  // A start, a rotation and a load for each round, each with its own bound.
  (rounds + 1) * 3 * stepMs,
)
