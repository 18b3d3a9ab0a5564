/** The cost of the pure parts of a predict, each with its floor. */
import { createHash } from "node:crypto"
import * as SigV4 from "@drawbar/auth-sigv4/SigV4"
import * as CompiledConnector from "@drawbar/connector-runtime/call/CompiledConnector"
import * as PostProcess from "@drawbar/connector-runtime/processors/PostProcess"
import * as Prediction from "@drawbar/connector-runtime/call/Prediction"
import * as UpstreamResponse from "@drawbar/connector-runtime/response/UpstreamResponse"
import * as SecretMask from "@drawbar/connector-runtime/response/SecretMask"
import * as Script from "@drawbar/painless/Script"
import * as BodyTemplate from "@drawbar/template-renderer/BodyTemplate"
import * as Parameter from "@drawbar/template-renderer/Parameter"
import { Result } from "effect"
import * as Load from "./Load.ts"

/** Microseconds per call: the median of the rounds. */
const time = async (rounds: number, run: () => unknown, calls = 2000): Promise<number> => {
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
/** From the values, like the floor: a server that slices them from the request text has less work. */
const render = () =>
  Result.getOrThrow(BodyTemplate.render(template, { caller: Parameter.fromRecord({ messages }), runtime: new Map() }))

const key = { accessKeyId: "AKIDEXAMPLE", secretAccessKey: "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY" }
const request = {
  method: "POST",
  url: "https://bedrock-runtime.us-east-1.amazonaws.com/model/a-model/invoke",
  headers: { "content-type": "application/json" },
  body: JSON.stringify({ text: "x".repeat(8192) }),
}

const script = Result.getOrThrow(
  Script.compile(
    `def vector = params.data[0].embedding;
     def text = new StringBuilder('[');
     for (int i = 0; i < vector.length; i++) { if (i > 0) { text.append(','); } text.append(vector[i]); }
     text.append(']');
     return '{"name":"sentence_embedding","data_type":"FLOAT32","shape":[' + vector.length + '],"data":' + text + '}';`,
  ),
)
const vectorOf = (length: number) => Array.from({ length }, (_, i) => Math.sin(i) / 3)
const embeddings = (count: number, length: number): string =>
  JSON.stringify({ data: Array.from({ length: count }, (_, index) => ({ index, embedding: vectorOf(length) })) })
const [one, many, half] = [embeddings(1, 1024), embeddings(256, 1024), embeddings(128, 1024)]

/** The cost of an upstream response from its bytes to the text that a caller receives. */
const openAi = Result.getOrThrow(
  CompiledConnector.compile(
    {
      protocol: "http",
      parameters: {},
      actions: [
        {
          action_type: "PREDICT",
          method: "POST",
          url: "https://api.openai.com/v1/embeddings",
          request_body: "{}",
          post_process_function: "connector.post_process.openai.embedding",
        },
      ],
    },
    [],
  ),
).actions[0]
const supplied = { caller: new Map(), runtime: new Map() }
const embed = (text: string) => () => {
  if (openAi === undefined) throw new Error("the connector has no action")
  const response = { status: 200, headers: { "content-type": "application/json" }, body: Buffer.from(text) }
  const answer = Result.getOrThrow(UpstreamResponse.read(response, 0, SecretMask.none))
  const output = Result.getOrThrow(PostProcess.run(openAi.postProcess, supplied, answer))
  return Prediction.toJsonText({ inference_results: [{ output, status_code: 200 }] })
}
const embedFloor = (text: string) => () => {
  const { data }: { data: ReadonlyArray<{ readonly embedding: ReadonlyArray<number> }> } = JSON.parse(
    Buffer.from(text).toString("utf8"),
  )
  const output = data.map(({ embedding }) => ({
    name: "sentence_embedding",
    data_type: "FLOAT32",
    shape: [embedding.length],
    data: embedding,
  }))
  return JSON.stringify({ inference_results: [{ output, status_code: 200 }] })
}

export const measure = async (rounds: number) => ({
  "painless, an embedding of 1,024 floats": {
    floor: await time(rounds, () => JSON.stringify(JSON.parse(one)), 1000),
    drawbar: await time(rounds, () => Result.getOrThrow(Script.runJson(script, one)), 1000),
  },
  "openai embeddings, 128 × 1,024": {
    floor: await time(rounds, embedFloor(half), 4),
    drawbar: await time(rounds, embed(half), 4),
  },
  "openai embeddings, 256 × 1,024": {
    floor: await time(rounds, embedFloor(many), 4),
    drawbar: await time(rounds, embed(many), 4),
  },
  "render, a chat of 20 messages": {
    floor: await time(rounds, () => JSON.stringify({ model: "a-model", messages })),
    drawbar: await time(rounds, render),
  },
  "sign, 8 KiB": {
    floor: await time(rounds, () => createHash("sha256").update(request.body).digest("hex")),
    drawbar: await time(rounds, () =>
      SigV4.sign(request, key, { region: "us-east-1", service: "bedrock" }, Date.UTC(2026, 0, 1)),
    ),
  },
})
