/**
 * A model on Drawbar whose provider runs on this machine, set up by the five calls that any OpenSearch client makes.
 */
import type { Client } from "@opensearch-project/opensearch"
import type { Vector } from "./Nearest.ts"

export interface Platform {
  /** Such as `http://127.0.0.1:8089`. */
  readonly url: string
  readonly key: string
  readonly model: string
}

/** Trusts the provider, creates its connector and group, registers and deploys its model. Returns the model's id. */
export const deploy = async (drawbar: Client, platform: Platform): Promise<string> => {
  await trust(drawbar, platform)
  const connector = await drawbar.ml.createConnector({ body: blueprint(platform) })
  const group = await drawbar.ml.registerModelGroup({ body: { name: "On this machine" } })
  const model = await drawbar.ml.registerModel({
    body: {
      name: platform.model,
      function_name: "remote",
      model_group_id: group.body.model_group_id,
      connector_id: given(connector.body.connector_id, "connector_id"),
    },
  })
  const model_id = given(model.body.model_id, "model_id")
  await drawbar.ml.deployModel({ model_id })
  return model_id
}

// Private addresses are not allowed by default, and the list contains this provider only.
const trust = (drawbar: Client, { url }: Platform) =>
  drawbar.cluster.putSettings({
    body: {
      persistent: {
        "plugins.ml_commons.trusted_connector_endpoints_regex": [`^${url.replaceAll(".", "\\.")}/.*$`],
        "plugins.ml_commons.connector.private_ip_enabled": true,
      },
    },
  })

const blueprint = ({ url, key, model }: Platform) => ({
  name: "Embeddings on this machine",
  description: "Speaks OpenAI's embeddings API",
  version: 1,
  protocol: "http" as const,
  parameters: { model },
  credential: { key },
  actions: [
    {
      action_type: "predict" as const,
      method: "POST" as const,
      url: `${url}/v1/embeddings`,
      headers: { Authorization: "Bearer ${credential.key}" },
      request_body: '{"model":"${parameters.model}","input":${parameters.input}}',
      pre_process_function: "connector.pre_process.openai.embedding",
      post_process_function: "connector.post_process.openai.embedding",
    },
  ],
})

/** The fields of a prediction that are read: a tensor for each text. */
interface Prediction {
  readonly inference_results: ReadonlyArray<{ readonly output: ReadonlyArray<{ readonly data: Vector }> }>
}

const batchSize = 64

/** A vector for each text, in the order of the texts. */
export const embed = async (
  drawbar: Client,
  modelId: string,
  texts: ReadonlyArray<string>,
): Promise<ReadonlyArray<Vector>> => {
  const vectors: Array<Vector> = []
  for (let i = 0; i < texts.length; i += batchSize) {
    const { body } = await drawbar.transport.request({
      method: "POST",
      path: `/_plugins/_ml/_predict/text_embedding/${modelId}`,
      body: { text_docs: texts.slice(i, i + batchSize) },
    })
    const { inference_results }: Prediction = body
    vectors.push(...inference_results.flatMap(({ output }) => output.map(({ data }) => data)))
  }
  return vectors
}

const given = (id: string | undefined, name: string): string => {
  if (id === undefined) throw new Error(`The response has no ${name}.`)
  return id
}
