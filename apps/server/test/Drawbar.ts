/**
 * A server in this process with a memory store, whose only trusted upstream is a stub on loopback; and OpenSearch's
 * client for it.
 */
import { type ApiResponse, Client } from "@opensearch-project/opensearch"
import * as Answer from "@drawbar/stub-platform/Answer"
import * as StubPlatform from "@drawbar/stub-platform/StubPlatform"
import * as InProcess from "./InProcess.ts"

export const secret = "sk-do-not-show-1234567890"

export interface Drawbar extends AsyncDisposable {
  readonly url: string
  readonly port: number
  readonly client: Client
  /** The client's methods for models, without their types, which cover less of the API than the client does. */
  readonly ml: Readonly<Record<keyof Client["ml"], (params?: object) => Promise<ApiResponse>>>
  readonly platform: StubPlatform.StubPlatform
}

/** Starts both; `await using` stops them. */
export const start = async (
  handler: Answer.Handler = () => Answer.json({ embeddings: [[0.1, 0.25]] }),
): Promise<Drawbar> => {
  const platform = await StubPlatform.start({ handler, tls: ["api.cohere.ai"] })
  const server = await InProcess.listen({
    connectTo: { "api.cohere.ai:443": `127.0.0.1:${platform.port}` },
    certificateAuthorities: [platform.ca],
  })
  const { url, port } = server
  const client = new Client({ node: url, maxRetries: 0 })
  return {
    url,
    port,
    client,
    ml: client.ml as unknown as Drawbar["ml"],
    platform,
    [Symbol.asyncDispose]: async () => {
      await client.close()
      await server[Symbol.asyncDispose]()
      await platform.close()
    },
  }
}

export const blueprint = {
  name: "Cohere embeddings",
  description: "A connector of a test",
  version: 1,
  protocol: "http",
  parameters: { model: "embed-english-v3.0", truncate: "END", temperature: 0.5 },
  credential: { cohere_key: secret },
  actions: [
    {
      action_type: "predict",
      method: "POST",
      url: "https://api.cohere.ai/v1/embed",
      headers: { Authorization: "Bearer ${credential.cohere_key}" },
      request_body:
        '{ "texts": ${parameters.texts}, "model": "${parameters.model}", "truncate": "${parameters.truncate}" }',
      pre_process_function: "connector.pre_process.cohere.embedding",
      post_process_function: "connector.post_process.cohere.embedding",
    },
  ],
}

/** The response of an API request, whatever its status. */
export const ask = async (
  { url }: Drawbar,
  method: string,
  path: string,
  body?: unknown,
): Promise<{ readonly status: number; readonly text: string; readonly json: any }> => {
  const response = await fetch(url + path, {
    method,
    ...(body === undefined
      ? {}
      : {
          headers: { "content-type": "application/json" },
          body: typeof body === "string" ? body : JSON.stringify(body),
        }),
  })
  const text = await response.text()
  return { status: response.status, text, json: text === "" ? undefined : JSON.parse(text) }
}
