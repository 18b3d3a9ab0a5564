/** What rendering a body and signing a request cost, each beside its floor. */
import { createHash } from "node:crypto"
import * as SigV4 from "@drawbar/auth-sigv4/SigV4"
import * as BodyTemplate from "@drawbar/template-renderer/BodyTemplate"
import * as Parameter from "@drawbar/template-renderer/Parameter"
import { Result } from "effect"
import * as Load from "./Load.ts"

/** Microseconds a call: the median of the rounds. */
const time = async (rounds: number, run: () => unknown): Promise<number> => {
  const calls = 2000
  const round = async () => {
    const began = performance.now()
    for (let i = 0; i < calls; i++) await run()
    return ((performance.now() - began) * 1000) / calls
  }
  await round()
  const times: Array<number> = []
  for (let i = 0; i < rounds; i++) times.push(await round())
  return Load.median(times)
}

const messages = Array.from({ length: 20 }, (_, i) => ({ role: "user", content: `Message ${i} of a "chat"` }))
const template = Result.getOrThrow(
  BodyTemplate.compile('{"model":"${parameters.model}","messages":${parameters.messages}}', { model: "a-model" }),
)
/** From the values, as the floor does: a server that cuts them from the text of a request has less to do. */
const render = () =>
  Result.getOrThrow(BodyTemplate.render(template, { caller: Parameter.fromRecord({ messages }), runtime: new Map() }))

const key = { accessKeyId: "AKIDEXAMPLE", secretAccessKey: "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY" }
const request = {
  method: "POST",
  url: "https://bedrock-runtime.us-east-1.amazonaws.com/model/a-model/invoke",
  headers: { "content-type": "application/json" },
  body: JSON.stringify({ text: "x".repeat(8192) }),
}

export const measure = async (rounds: number) => ({
  render: {
    floor: await time(rounds, () => JSON.stringify({ model: "a-model", messages })),
    drawbar: await time(rounds, render),
  },
  sign: {
    floor: await time(rounds, () => createHash("sha256").update(request.body).digest("hex")),
    drawbar: await time(rounds, () =>
      SigV4.sign(request, key, { region: "us-east-1", service: "bedrock" }, Date.UTC(2026, 0, 1)),
    ),
  },
})
