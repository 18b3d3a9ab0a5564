/** Using Drawbar's packages in another program: render a template, sign a request, run a connector. No server. */
import * as SigV4 from "@drawbar/auth-sigv4/SigV4"
import * as Blueprint from "@drawbar/blueprint-schema/Blueprint"
import * as CompiledConnector from "@drawbar/connector-runtime/call/CompiledConnector"
import { ConnectorRuntime } from "@drawbar/connector-runtime/call/ConnectorRuntime"
import { Egress } from "@drawbar/egress/Egress"
import * as EgressPolicy from "@drawbar/egress/EgressPolicy"
import * as Prediction from "@drawbar/connector-runtime/call/Prediction"
import { Resolver } from "@drawbar/egress/Resolver"
import * as BodyTemplate from "@drawbar/template-renderer/BodyTemplate"
import * as Parameter from "@drawbar/template-renderer/Parameter"
import { Effect, Layer, Result } from "effect"
import process from "node:process"
import * as TinyPlatform from "./TinyPlatform.ts"

const say = (what: string, text: string) => process.stdout.write(`${what}: ${text}\n`)

/** A caller's text stays a string in the body, whatever it looks like. */
const rendered = (): string => {
  const author = { model: "tiny" }
  const template = Result.getOrThrow(
    BodyTemplate.compile('{"model":"${parameters.model}","prompt":"${parameters.prompt}"}', author),
  )
  const caller = Parameter.fromRecord({ prompt: 'Say "hi", then {"stop":true}' })
  return Result.getOrThrow(BodyTemplate.render(template, { caller, runtime: new Map() }))
}

/** The key is from AWS's documentation and the time is fixed, so the signature is the same in every run. */
const signed = async (body: string): Promise<string> => {
  const request = {
    method: "POST",
    url: "https://bedrock-runtime.us-east-1.amazonaws.com/model/amazon.titan-embed-text-v2:0/invoke",
    headers: { "content-type": "application/json" },
    body,
  }
  const key = { accessKeyId: "AKIDEXAMPLE", secretAccessKey: "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY" }
  const time = Date.UTC(2026, 0, 1)
  const { headers } = Result.getOrThrow(
    await SigV4.sign(request, key, { region: "us-east-1", service: "bedrock" }, time),
  )
  return headers["authorization"] ?? ""
}

const blueprint = (url: string): Blueprint.Document => ({
  name: "Tiny",
  version: 1,
  protocol: "http",
  credential: { key: "not needed here" },
  actions: [
    {
      action_type: "predict",
      method: "POST",
      url: `${url}/embed`,
      headers: { Authorization: "Bearer ${credential.key}" },
      request_body: '{"input":${parameters.input}}',
      pre_process_function: "connector.pre_process.openai.embedding",
      post_process_function: "connector.post_process.openai.embedding",
    },
  ],
})

/** From the document to the tensors: what a server does for `_create`, `_deploy` and `_predict`. */
const predicted = Effect.fnUntraced(function* (url: string) {
  const runtime = yield* ConnectorRuntime
  const { connector, credential } = yield* Effect.fromResult(Blueprint.check(blueprint(url)))
  const compiled = yield* Effect.fromResult(CompiledConnector.compile(connector, Object.keys(credential)))
  const live = yield* runtime.open(compiled, credential)
  return yield* runtime.execute(live, { _tag: "TextDocs", text_docs: ["bees", 'a "quoted" word'] })
}, Effect.scoped)

/** The only way to the network; it allows only this provider. */
const runtime = (url: string) => {
  const policy = EgressPolicy.make({
    trustedEndpoints: [`^${url.replaceAll(".", "\\.")}/.*$`],
    privateAddresses: true,
  })
  return ConnectorRuntime.layer.pipe(
    Layer.provide(Egress.layer()),
    Layer.provide(Resolver.layer),
    Layer.provide(EgressPolicy.EgressPolicy.layer(Result.getOrThrow(policy))),
  )
}

const platform = await TinyPlatform.start()
try {
  const body = rendered()
  say("rendered", body)
  say("signed", await signed(body))
  const prediction = await Effect.runPromise(Effect.provide(predicted(platform.url), runtime(platform.url)))
  say("predicted", Prediction.toJsonText(prediction))
} finally {
  platform.close()
}
