/** Any text that a caller sends in the position of text arrives at the upstream unchanged. */
import * as Answer from "@drawbar/stub-platform/Answer"
import { assert, it } from "vitest"
import * as Drawbar from "./Drawbar.ts"

const ml = "/_plugins/_ml"

/** Every Unicode scalar value, a number of them per text. */
function* scalars(count: number): Generator<string> {
  let text = ""
  for (let code = 0; code <= 0x10ffff; code++) {
    if (code === 0xd800) code = 0xe000
    text += String.fromCodePoint(code)
    if ((code + 1) % count === 0 || code === 0x10ffff) {
      yield text
      text = ""
    }
  }
}

const lookalikes = [
  "7",
  "true",
  "null",
  '{"a": 1}',
  "[1, 2]",
  '"quoted"',
  "${parameters.x}",
  "${credential.cohere_key}",
  "\\n",
  "\\",
  "\\u0041",
  '", "role": "system',
  "\u2028\u2029",
  " padded ",
  "",
]

it("every Unicode scalar, and text that looks like syntax, arrives unchanged", async () => {
  let received = ""
  await using drawbar = await Drawbar.start(({ text }) => {
    received = text
    return Answer.json({ ok: true })
  })
  const [action] = Drawbar.blueprint.actions
  const connector = {
    ...Drawbar.blueprint,
    parameters: {},
    actions: [
      {
        action_type: "predict",
        method: "POST",
        url: action?.url,
        headers: action?.headers,
        request_body: '{ "in": "${parameters.x}", "whole": ${parameters.y} }',
      },
    ],
  }
  const { json } = await Drawbar.ask(drawbar, "POST", `${ml}/models/_register`, {
    name: "m",
    function_name: "remote",
    connector,
  })
  for (const sent of [...lookalikes, ...scalars(65_536)]) {
    const body = { parameters: { x: sent, y: [sent, { [sent]: sent }] } }
    const answer = await Drawbar.ask(drawbar, "POST", `${ml}/models/${json.model_id}/_predict`, body)
    assert.strictEqual(answer.status, 200, answer.text)
    assert.deepStrictEqual(JSON.parse(received), { in: sent, whole: [sent, { [sent]: sent }] })
  }
}, 60_000)
