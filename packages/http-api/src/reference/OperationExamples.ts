/** Bodies of requests and responses for the reference, by the id of the operation. */
import { blueprintSchemaPath } from "../routes/BasePath.ts"

export interface OperationExample {
  readonly request?: unknown
  /** Of a success. */
  readonly response?: unknown
}

const id = "AaIfplW0Z6dTg8uzJwtt"
const modelId = "AaIfplXqrjC5gnMD2xxl"

const blueprint = {
  name: "OpenAI chat",
  version: 1,
  protocol: "http",
  parameters: { endpoint: "api.openai.com", model: "gpt-4o-mini" },
  credential: { openAI_key: "env:DRAWBAR_SECRET_OPENAI_API_KEY" },
  actions: [
    {
      action_type: "predict",
      method: "POST",
      url: "https://${parameters.endpoint}/v1/chat/completions",
      headers: { Authorization: "Bearer ${credential.openAI_key}" },
      request_body: '{ "model": "${parameters.model}", "messages": ${parameters.messages} }',
    },
  ],
}

const messages = { parameters: { messages: [{ role: "user", content: "Hello!" }] } }
const search = { query: { match: { name: "chat" } }, size: 10 }
const prediction = {
  inference_results: [
    {
      output: [{ name: "response", dataAsMap: { choices: [{ message: { role: "assistant", content: "Hi!" } }] } }],
      status_code: 200,
    },
  ],
}
const rendered = {
  method: "POST",
  url: "https://api.openai.com/v1/chat/completions",
  headers: { "User-Agent": "Drawbar", Authorization: "Bearer ***", "Content-Type": "application/json" },
  body: '{ "model": "gpt-4o-mini", "messages": [{"role":"user","content":"Hello!"}] }',
}
const written = (index: string, _id: string, result: string) => ({
  _index: index,
  _id,
  _version: 2,
  result,
  forced_refresh: true,
  _shards: { total: 1, successful: 1, failed: 0 },
  _seq_no: 1,
  _primary_term: 1,
})
const controller = { user_rate_limiter: { alice: { limit: 4, unit: "MINUTES" } } }

export const examples: Readonly<Record<string, OperationExample>> = {
  "cluster.putSettings": {
    request: {
      persistent: { "plugins.ml_commons.trusted_connector_endpoints_regex": ["^https://api\\.openai\\.com/.*$"] },
    },
  },
  "cluster.editTrustedHosts": {
    request: { add: ["http://localhost:11434"] },
    response: { trusted_hosts: ["http://localhost:11434"] },
  },
  "connectors.create": { request: blueprint, response: { connector_id: id } },
  "connectors.validate": { request: blueprint, response: { valid: true, findings: [] } },
  "connectors.update": {
    request: { parameters: { model: "gpt-4o" } },
    response: written(".plugins-ml-connector", id, "updated"),
  },
  "connectors.delete": { response: written(".plugins-ml-connector", id, "deleted") },
  "connectors.search": { request: search },
  "models.register": {
    request: { name: "chat", function_name: "remote", connector_id: id },
    response: { task_id: "AaIfplY5KSxDrWoM79O_", status: "CREATED", model_id: modelId },
  },
  "models.update": { request: { is_enabled: false }, response: written(".plugins-ml-model", modelId, "updated") },
  "models.delete": { response: written(".plugins-ml-model", modelId, "deleted") },
  "models.search": { request: search },
  "models.undeploy": { response: { drawbar: { stats: { [modelId]: "undeployed" } } } },
  "models.undeployAll": {
    request: { model_ids: [modelId] },
    response: { drawbar: { stats: { [modelId]: "undeployed" } } },
  },
  "models.deploy": {
    request: {},
    response: { task_id: "AaIfplZOp0BMzHeDmmjr", task_type: "DEPLOY_MODEL", status: "COMPLETED" },
  },
  "predictions.predict": { request: messages, response: prediction },
  "predictions.predictAs": {
    request: { text_docs: ["bees", "flowers"] },
    response: {
      inference_results: [
        {
          output: [{ name: "sentence_embedding", data_type: "FLOAT32", shape: [2], data: [0.1, 0.25] }],
          status_code: 200,
        },
      ],
    },
  },
  "predictions.predictStream": { request: messages },
  "predictions.render": { request: messages, response: rendered },
  "predictions.renderBlueprint": { request: { blueprint, input: messages }, response: rendered },
  "predictions.test": {
    request: messages,
    response: {
      ok: true,
      sampled: false,
      stages: [
        { stage: "rendered", ok: true, millis: 1, request: rendered },
        { stage: "answered", ok: true, millis: 420, status: 200, bytes: 512 },
      ],
    },
  },
  "modelGroups.register": {
    request: { name: "chat models", description: "Versions of the chat model" },
    response: { model_group_id: id, status: "CREATED" },
  },
  "modelGroups.update": { request: { description: "Chat" }, response: { status: "Updated" } },
  "modelGroups.search": { request: search },
  "controllers.create": { request: controller, response: { model_id: modelId, status: "CREATED" } },
  "controllers.update": { request: controller },
  "tasks.search": { request: search },
  "keys.rotate": { response: { key: "k-2", records: 12 } },
  "principals.createUser": {
    request: { name: "ada", password: "at least twelve characters", roles: ["admin"] },
    response: { id },
  },
  "principals.createKey": {
    request: { name: "shop", roles: ["application"], expires_in_days: 90, quota: { requests_per_minute: 60 } },
    response: { id, api_key: "…" },
  },
  "aliases.set": { request: { model_id: modelId } },
  ...Object.fromEntries(
    ["connector", "model", "group", "settings"].map((name) => [
      `versions.${name}Rollback`,
      { request: { version: 1 } },
    ]),
  ),
  "health.live": { response: { status: "ok" } },
  "health.ready": { response: { status: "ok" } },
  "reference.blueprintSchema": {
    response: { $schema: "https://json-schema.org/draft/2020-12/schema", title: `Served at ${blueprintSchemaPath}` },
  },
}
