import * as CohereStub from "@drawbar/stub-platform/CohereStub"
import * as OpenAi from "@drawbar/stub-platform/OpenAi"
import * as Received from "@drawbar/stub-platform/Received"
import * as SageMaker from "@drawbar/stub-platform/SageMaker"
import * as StubPlatform from "@drawbar/stub-platform/StubPlatform"
import { Client } from "@opensearch-project/opensearch"
import { describe, expect, it } from "vitest"
import * as InProcess from "./InProcess.ts"

const aws = { accessKeyId: "AKIDEXAMPLE", secretAccessKey: "a-secret-of-a-test", sessionToken: "a-token-of-a-test" }
const json = { "content-type": "application/json" }

const action = (url: string, headers: Record<string, string>, request_body: string) => ({
  actions: [{ action_type: "predict", method: "POST", url, headers, request_body }],
})
const bearer = (name: string) => ({ Authorization: `Bearer \${credential.${name}}` })

/**
 * The connectors that new users meet first: each with its blueprint, a predict, and the body that the upstream must
 * receive.
 */
const connectors = {
  "OpenAI chat": {
    host: "api.openai.com",
    handler: OpenAi.handler({ apiKey: "k" }),
    document: {
      protocol: "http",
      parameters: { endpoint: "api.openai.com", model: "gpt-3.5-turbo" },
      credential: { openAI_key: "k" },
      ...action(
        "https://${parameters.endpoint}/v1/chat/completions",
        bearer("openAI_key"),
        '{ "model": "${parameters.model}", "messages": ${parameters.messages} }',
      ),
    },
    asked: { messages: [{ role: "user", content: 'Say "Hello!"' }] },
    target: "/v1/chat/completions",
    body: '{ "model": "gpt-3.5-turbo", "messages": [{"role":"user","content":"Say \\"Hello!\\""}] }',
  },
  "OpenAI completion": {
    host: "api.openai.com",
    handler: OpenAi.handler({ apiKey: "k" }),
    document: {
      protocol: "http",
      parameters: { endpoint: "api.openai.com", max_tokens: 7, temperature: 0, model: "text-davinci-003" },
      credential: { openAI_key: "k" },
      ...action(
        "https://${parameters.endpoint}/v1/completions",
        bearer("openAI_key"),
        '{ "model": "${parameters.model}", "prompt": "${parameters.prompt}", "max_tokens": ${parameters.max_tokens}, "temperature": ${parameters.temperature} }',
      ),
    },
    asked: { prompt: "Say this" },
    target: "/v1/completions",
    body: '{ "model": "text-davinci-003", "prompt": "Say this", "max_tokens": 7, "temperature": 0 }',
  },
  SageMaker: {
    host: "runtime.sagemaker.us-west-2.amazonaws.com",
    handler: SageMaker.handler({ ...aws, region: "us-west-2", service: "sagemaker" }),
    document: {
      protocol: "aws_sigv4",
      parameters: { region: "us-west-2", service_name: "sagemaker" },
      credential: {
        access_key: aws.accessKeyId,
        secret_key: aws.secretAccessKey,
        session_token: aws.sessionToken,
      },
      ...action(
        "https://runtime.sagemaker.${parameters.region}.amazonaws.com/endpoints/lmi-model-2023-06-24-01-35-32-275/invocations",
        json,
        '["${parameters.inputs}"]',
      ),
    },
    asked: { inputs: 'é \\ "' },
    target: "/endpoints/lmi-model-2023-06-24-01-35-32-275/invocations",
    body: '["é \\\\ \\""]',
  },
  "Cohere embed": {
    host: "api.cohere.ai",
    handler: CohereStub.handler({ apiKey: "k" }),
    document: {
      protocol: "http",
      parameters: { model: "embed-english-v2.0", truncate: "END" },
      credential: { cohere_key: "k" },
      ...action(
        "https://api.cohere.ai/v1/embed",
        bearer("cohere_key"),
        '{ "texts": ${parameters.texts}, "truncate": "${parameters.truncate}", "model": "${parameters.model}" }',
      ),
    },
    asked: { texts: ["a", "b"] },
    target: "/v1/embed",
    body: '{ "texts": ["a","b"], "truncate": "END", "model": "embed-english-v2.0" }',
  },
} as const

describe.each(Object.entries(connectors))("%s", (name, { host, handler, document, asked: requested, target, body }) => {
  it.each(["standalone", "inline"] as const)(
    "a %s connector responds, and its upstream receives these bytes",
    async (kind) => {
      await using platform = await StubPlatform.start({ handler, tls: [host] })
      const server = await InProcess.listen({
        connectTo: { [`${host}:443`]: `127.0.0.1:${platform.port}` },
        certificateAuthorities: [platform.ca],
      })
      const { url } = server
      const client = new Client({ node: url, maxRetries: 0 })
      const post = async (path: string, sent: object) =>
        (await client.transport.request({ method: "POST", path: `/_plugins/_ml/${path}`, body: sent })).body as Record<
          string,
          any
        >
      try {
        const connector = { name, description: "A connector of a test", version: 1, ...document }
        const source =
          kind === "inline"
            ? { connector }
            : { connector_id: (await post("connectors/_create", connector))["connector_id"] }
        const { model_id } = await post("models/_register", { name, function_name: "remote", ...source })
        expect(await post(`models/${model_id}/_deploy`, {})).toMatchObject({
          task_type: "DEPLOY_MODEL",
          status: "COMPLETED",
        })
        const { inference_results } = await post(`models/${model_id}/_predict`, { parameters: requested })
        expect(inference_results).toHaveLength(1)
        expect(inference_results[0].status_code).toBe(200)
        expect(inference_results[0].output[0].name).toBe("response")
        const [received] = platform.requests
        expect(received).toMatchObject({ method: "POST", target, text: body })
        if (received !== undefined) expect(Received.header(received, "content-type")).toBe("application/json")
      } finally {
        await client.close()
        await server[Symbol.asyncDispose]()
      }
    },
  )
})
