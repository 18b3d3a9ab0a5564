/** The blueprints of `drawbar demo`, which `blueprint use` knows beside the catalogue. They need no credential. */
import * as DemoChat from "./DemoChat.ts"
import * as DemoEmbeddings from "./DemoEmbeddings.ts"

export const defaultPort = 11_435

const connector = (
  name: string,
  description: string,
  model: string,
  path: string,
  body: string,
  rest: object = {},
) => ({
  name,
  description,
  version: "1",
  protocol: "http",
  parameters: { endpoint: `127.0.0.1:${defaultPort}`, model },
  actions: [
    {
      action_type: "predict",
      method: "POST",
      url: `http://\${parameters.endpoint}${path}`,
      headers: { "Content-Type": "application/json" },
      request_body: `{"model":"\${parameters.model}",${body}}`,
      ...rest,
    },
  ],
})

export const entries: ReadonlyArray<{ readonly name: string; readonly blueprint: Readonly<Record<string, unknown>> }> =
  [
    {
      name: DemoChat.model,
      blueprint: connector(
        "Demo chat",
        "Chat of drawbar demo, without a key: messages in, a message out that repeats them.",
        DemoChat.model,
        "/v1/chat/completions",
        '"messages":${parameters.messages}',
      ),
    },
    {
      name: DemoEmbeddings.model,
      blueprint: connector(
        "Demo embeddings",
        "Embeddings of drawbar demo, without a key: texts in, a vector for each out.",
        DemoEmbeddings.model,
        "/v1/embeddings",
        '"input":${parameters.input}',
        {
          pre_process_function: "connector.pre_process.openai.embedding",
          post_process_function: "connector.post_process.openai.embedding",
        },
      ),
    },
  ]
