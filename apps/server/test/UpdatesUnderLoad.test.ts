/**
 * Changes while callers predict: no predict fails, and none is answered by an older version than one that was
 * acknowledged before it began, or than one that its caller has seen.
 */
import * as Answer from "@drawbar/stub-platform/Answer"
import * as StubPlatform from "@drawbar/stub-platform/StubPlatform"
import { assert, it } from "vitest"
import { ask } from "./AuthenticatedServer.ts"
import * as InProcess from "./InProcess.ts"
import * as Loopback from "./Loopback.ts"

const ml = "/_plugins/_ml"
const updates = 100
const rollbacks = 20
const switches = 20
const callers = 8

/** A value that changes in steps; each step has a content, which an earlier one may have had. */
class Steps {
  readonly contents: Array<string>
  acknowledged = 0
  constructor(first: string) {
    this.contents = [first]
  }
  /** The first step not before `least` with that content; undefined where there is none. */
  at(content: string, least: number): number | undefined {
    const found = this.contents.indexOf(content, least)
    return found === -1 ? undefined : found
  }
  async step(content: string, change: () => Promise<unknown>) {
    this.contents.push(content)
    await change()
    this.acknowledged = this.contents.length - 1
  }
}

it(`${updates} updates, ${rollbacks} rollbacks and ${switches} switches of an alias fail no predict`, async () => {
  await using platform = await StubPlatform.start({
    handler: ({ target, text }) => Answer.json({ model: target, x: JSON.parse(text).x }),
  })
  await using server = await InProcess.listen({ settings: Loopback.settings })
  const send = async (method: string, path: string, body?: unknown) => {
    const answered = await ask(server.url, undefined, method, path, body)
    assert.strictEqual(answered.status, 200, answered.text)
    return answered.json
  }
  const connectorOf = async (path: string) =>
    (
      await send("POST", `${ml}/connectors/_create`, {
        name: "c",
        version: 1,
        protocol: "http",
        parameters: { x: "0" },
        credential: { key: "sk-planted-0123456789" },
        actions: [
          {
            action_type: "predict",
            method: "POST",
            url: `http://127.0.0.1:${platform.port}${path}`,
            headers: { authorization: "Bearer ${credential.key}" },
            request_body: '{"x":"${parameters.x}"}',
          },
        ],
      })
    ).connector_id as string
  const modelOf = async (connector_id: string) =>
    (await send("POST", `${ml}/models/_register`, { name: "m", function_name: "remote", connector_id }))
      .model_id as string
  const connectors = { "/a": await connectorOf("/a"), "/b": await connectorOf("/b") }
  const models = { "/a": await modelOf(connectors["/a"]), "/b": await modelOf(connectors["/b"]) }
  const alias = (path: "/a" | "/b") => send("PUT", "/_plugins/_drawbar/aliases/live", { model_id: models[path] })
  await alias("/a")

  const contents = new Steps("0")
  const targets = new Steps("/a")
  const state = { isDone: false }
  let predicts = 0

  const call = async (name: string) => {
    const seen = { contents: 0, targets: 0 }
    while (!state.isDone) {
      const least = {
        contents: Math.max(seen.contents, contents.acknowledged),
        targets: Math.max(seen.targets, targets.acknowledged),
      }
      const json = await send("POST", `${ml}/models/${name}/_predict`, { parameters: {} })
      const { model, x } = json.inference_results[0].output[0].dataAsMap
      predicts++
      if (name === "live") {
        const target = targets.at(model, least.targets)
        assert.isDefined(target, `the alias stood for ${model} in no step from ${least.targets} on`)
        seen.targets = target!
      }
      if (model === "/b") continue
      const step = contents.at(x, least.contents)
      assert.isDefined(step, `x was ${x} in no step from ${least.contents} on`)
      seen.contents = step!
    }
  }

  const at = `${ml}/connectors/${connectors["/a"]}`
  const change = async () => {
    const every = updates / rollbacks
    for (let i = 1; i <= updates; i++) {
      await contents.step(String(i), () => send("PUT", at, { parameters: { x: String(i) } }))
      if (i % every !== 0) continue
      // Versions count from 1, and every step is one.
      const back = contents.contents.length - 3
      await contents.step(contents.contents[back]!, () => send("POST", `${at}/_rollback`, { version: back + 1 }))
      const path = (i / every) % 2 === 0 ? "/a" : "/b"
      await targets.step(path, () => alias(path))
    }
  }
  const calls = Array.from({ length: callers }, (_, i) => call(i % 2 === 0 ? "live" : models["/a"]))
  await Promise.all([...calls, change().finally(() => (state.isDone = true))])

  assert.strictEqual(contents.contents.length, 1 + updates + rollbacks)
  assert.strictEqual(targets.contents.length, 1 + switches)
  // Callers that were not served meanwhile would have seen nothing.
  assert.isAbove(predicts, updates)
}, 120_000)
