/** Predicts, groups, tasks, settings and statistics. */
import * as Answer from "@drawbar/stub-platform/Answer"
import { type Case, ml, connector, model, register, group, predict } from "./Case.ts"

export const cases: ReadonlyArray<Case> = [
  // predicts
  { name: "a predict of a model that does not exist", ask: predict, status: 404 },
  {
    name: "a predict without a body",
    after: [connector, register],
    ask: ["POST", `${ml}/models/m/_predict`],
    status: 400,
    reason: "request body is required",
  },
  {
    name: "a predict that lacks a parameter",
    after: [connector, register],
    ask: ["POST", `${ml}/models/m/_predict`, {}],
    status: 400,
    reason: "Some parameter placeholder not filled in payload: texts",
  },
  {
    name: "a predict of a disabled model",
    after: [connector, register, ["PUT", `${ml}/models/m`, { is_enabled: false }]],
    ask: predict,
    status: 403,
    type: "status_exception",
    reason: "Model is disabled.",
  },
  {
    name: "a predict without a deployed model",
    after: [
      connector,
      register,
      ["PUT", "/_cluster/settings", { persistent: { "plugins.ml_commons.model_auto_deploy.enable": false } }],
    ],
    ask: predict,
    status: 400,
    reason: "Model not ready yet. Please deploy the model first.",
  },
  {
    name: "a predict of an unknown kind",
    after: [connector, register],
    ask: ["POST", `${ml}/_predict/nonsense/m`, {}],
    status: 400,
    reason: "Wrong function name",
  },
  {
    name: "a predict by an algorithm of a model that does not exist",
    ask: ["POST", `${ml}/_predict/text_embedding/m`, { text_docs: ["a"] }],
    status: 404,
    reason: "Failed to find model",
  },
  {
    name: "a predict throttled by an AWS header",
    after: [connector, register],
    platform: () =>
      Answer.json({ message: "slow" }, 400, { "x-amzn-errortype": "ThrottlingException:http://internal" }),
    ask: predict,
    status: 400,
    type: "remote_connector_throttling_exception",
    reason:
      "Error from remote service: The request was denied due to remote server throttling. To change the retry policy and behavior, please update the connector client_config.",
  },
  {
    name: "a registration while remote inference is off",
    after: [
      connector,
      ["PUT", "/_cluster/settings", { persistent: { "plugins.ml_commons.remote_inference.enabled": false } }],
    ],
    ask: register,
    status: 400,
    type: "status_exception",
  },
  {
    name: "a model with a rate limit below zero",
    after: [connector],
    ask: ["POST", `${ml}/models/_register`, { ...model, rate_limiter: { limit: "-4", unit: "MINUTES" } }],
    status: 400,
    type: "parse_exception",
    reason: "Limit field must be a positive number.",
  },
  ...[
    ["its own node", ["drawbar"], 200],
    ["another node", ["drawbar", "n"], 400],
  ].map(([name, node_ids, status]) => ({
    name: `a deployment plan that names ${String(name)}, where plans are allowed`,
    after: [
      connector,
      register,
      [
        "PUT",
        "/_cluster/settings",
        { persistent: { "plugins.ml_commons.allow_custom_deployment_plan": true } },
      ] as const,
    ],
    ask: ["POST", `${ml}/models/m/_deploy`, { node_ids }] as const,
    status: Number(status),
  })),
  {
    name: "a registration with a plan, if plans are not allowed: not deployed",
    after: [connector, ["POST", `${ml}/models/_register?deploy=true`, { ...model, model_node_ids: ["n"] }]],
    ask: ["GET", `${ml}/models/m?filter_path=model_state`],
    status: 200,
    json: { model_state: "REGISTERED" },
  },
  { name: "a predict of batches", ask: ["POST", `${ml}/models/m/_batch_predict`, {}], status: 501 },
  // groups
  {
    name: "a group without a body",
    ask: ["POST", `${ml}/model_groups/_register`],
    status: 400,
    reason: "Model group request has empty body",
  },
  {
    name: "a group without a name",
    ask: ["POST", `${ml}/model_groups/_register`, {}],
    status: 400,
    reason: "model group name must not be null",
  },
  {
    name: "a group that does not exist",
    ask: ["GET", `${ml}/model_groups/g`],
    status: 404,
    reason: "Failed to find model group with the provided model group id: g",
  },
  {
    name: "the deletion of a group with models",
    after: [connector, group, ["POST", `${ml}/models/_register`, { ...model, model_group_id: "g" }]],
    ask: ["DELETE", `${ml}/model_groups/g`],
    status: 409,
    reason: "Cannot delete the model group when it has associated model versions",
  },
  {
    name: "the deletion of a group that does not exist",
    ask: ["DELETE", `${ml}/model_groups/g?filter_path=result`],
    status: 200,
    json: { result: "not_found" },
  },
  // tasks
  { name: "a task that does not exist", ask: ["GET", `${ml}/tasks/t`], status: 404, reason: "Failed to find task" },
  ...["_cancel", "_cancel_batch"].flatMap((verb) => [
    {
      name: `${verb} of a task that does not exist`,
      ask: ["POST", `${ml}/tasks/t/${verb}`] as const,
      status: 404,
      type: "status_exception",
      reason: "Fail to find task",
    },
    {
      name: `${verb} of a task without a batch`,
      after: [connector, register],
      ask: ["POST", `${ml}/tasks/{task}/${verb}`] as const,
      status: 400,
      type: "illegal_argument_exception",
      reason: "The task ID you provided does not have any associated batch job",
    },
  ]),
  {
    name: "the id of a model in its task",
    after: [connector, group, ["POST", `${ml}/models/_register`, { ...model, model_group_id: "g" }]],
    ask: ["GET", `${ml}/tasks/{task}?drawbar=true&filter_path=placement`],
    status: 200,
    json: { placement: { model_group_id: "g", model_version: "1", model_group_created: false } },
  },
  {
    name: "a task with the documented fields",
    after: [connector, register],
    ask: ["GET", `${ml}/tasks/{task}?filter_path=placement`],
    status: 200,
    json: {},
  },
  {
    name: "searched tasks with the documented fields",
    after: [connector, register],
    ask: ["POST", `${ml}/tasks/_search?filter_path=**.placement`, { query: { match_all: {} } }],
    status: 200,
    json: {},
  },
  {
    name: "the config with a cluster's master key",
    ask: ["GET", `${ml}/config/master_key`],
    status: 400,
    type: "illegal_argument_exception",
    reason: "You are not allowed to access this config doc",
  },
  // settings
  {
    name: "settings without any",
    ask: ["PUT", "/_cluster/settings", { persistent: {} }],
    status: 400,
    type: "action_request_validation_exception",
    reason: "Validation Failed: 1: no settings to update;",
  },
  {
    name: "an invalid flag",
    ask: ["PUT", "/_cluster/settings", { transient: { "plugins.ml_commons.stream_enabled": "on" } }],
    status: 400,
    reason: "Failed to parse value [on] as only [true] or [false] are allowed.",
  },
  {
    name: "settings that are reset",
    after: [["PUT", "/_cluster/settings", { persistent: { "plugins.ml_commons.stream_enabled": false } }]],
    ask: ["PUT", "/_cluster/settings", { persistent: { "plugins.ml_commons.*": null } }],
    status: 200,
    json: { acknowledged: true, persistent: {}, transient: {} },
  },
  // stats
  {
    name: "an invalid stat",
    ask: ["GET", `${ml}/stats/nonsense`],
    status: 400,
    reason: "Wrong ML cluster level stat",
  },
  {
    name: "the stats of another node",
    ask: ["GET", `${ml}/other/stats/ml_model_count`],
    status: 200,
    json: { ml_model_count: 0 },
  },
  { name: "a profile without content", ask: ["GET", `${ml}/profile/models/m?view=model`], status: 200, json: {} },
]
