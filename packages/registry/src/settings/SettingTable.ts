/**
 * The cluster settings by name.
 *
 * Those that concern nodes, local models, tools or other stores are inert: accepted and remembered, so that a client's set-up
 * script runs to its end, and without effect, which the response says in a Warning header.
 * Source: https://docs.opensearch.org/latest/ml-commons-plugin/cluster-settings/
 */
import { trustedEndpointDefaults } from "@drawbar/egress/TrustedEndpointDefaults"
import {
  choice,
  fixed,
  flag,
  integer,
  origins,
  pattern,
  patterns,
  ratio,
  type Setting,
  text,
  texts,
} from "./Setting.ts"

/** Those that something here reads. */
const live = {
  "plugins.ml_commons.remote_inference.enabled": flag(true),
  "plugins.ml_commons.trusted_connector_endpoints_regex": patterns(trustedEndpointDefaults),
  "plugins.ml_commons.trusted_connector_private_endpoints_regex": patterns([]),
  "plugins.ml_commons.connector.private_ip_enabled": flag(false),
  "plugins.ml_commons.connector.vertexai_enabled": flag(true),
  "plugins.ml_commons.connector.mutual_tls_enabled": flag(true),
  "plugins.ml_commons.connector.restricted_ip_patterns": fixed("final", patterns([])),
  "plugins.ml_commons.connector_access_control_enabled": flag(false),
  "plugins.ml_commons.model_access_control_enabled": flag(false),
  "plugins.ml_commons.model_auto_deploy.enable": flag(true),
  "plugins.ml_commons.controller_enabled": flag(true),
  "plugins.ml_commons.stream_enabled": flag(true),
  "plugins.ml_commons.max_json_size": integer(1_000_000, -1),
  "plugins.ml_commons.monitoring_request_count": integer(100, 0, 10_000_000),
  "plugins.ml_commons.allow_custom_deployment_plan": flag(false),
  /** Origins that connectors may call, in addition to the list of patterns and also where their addresses are private. */
  "plugins.drawbar.trusted_hosts": origins([]),
  /** Whether calls may bring their own `response_filter`, `input_processors` and `output_processors`. */
  "plugins.drawbar.caller_filters_enabled": flag(true),
  /** How many versions of each record are kept, and for how many days; -1 for any. */
  "plugins.drawbar.retention.versions.max_count": integer(100, 1, 1_000),
  "plugins.drawbar.retention.versions.max_age_days": integer(365, -1, 36_500),
  /** How many tasks are kept, and for how many days; -1 for any. */
  "plugins.drawbar.retention.tasks.max_count": integer(100_000, 1, 10_000_000),
  "plugins.drawbar.retention.tasks.max_age_days": integer(90, -1, 36_500),
  /** How many lines of the audit log are kept, and for how many days; -1 for any. */
  "plugins.drawbar.retention.audit.max_count": integer(-1, -1),
  "plugins.drawbar.retention.audit.max_age_days": integer(-1, -1, 36_500),
} satisfies Record<string, Setting<unknown>>

/** Those that nothing here reads. */
const inert = {
  "plugins.ml_commons.offline_batch_inference_enabled": flag(true),
  "plugins.ml_commons.max_batch_inference_tasks": integer(100, 0, 10_000),
  "plugins.ml_commons.ml_task_timeout_in_seconds": integer(600, 1, 86_400),
  "plugins.ml_commons.remote_job.status_field": texts(["status", "Status", "TransformJobStatus"]),
  "plugins.ml_commons.remote_job.status_regex.completed": pattern("(complete|completed|partiallyCompleted)"),
  "plugins.ml_commons.remote_job.status_regex.cancelled": pattern("(stopped|cancelled)"),
  "plugins.ml_commons.remote_job.status_regex.cancelling": pattern("(stopping|cancelling)"),
  "plugins.ml_commons.remote_job.status_regex.expired": pattern("(expired|timeout)"),
  "plugins.ml_commons.remote_job.status_regex.failed": pattern("(failed)"),
  "plugins.ml_commons.safe_delete_model": flag(false),
  "plugins.ml_commons.allow_registering_model_via_local_file": flag(false),
  "plugins.ml_commons.allow_registering_model_via_url": flag(false),
  "plugins.ml_commons.agent_framework_enabled": flag(true),
  "plugins.ml_commons.agentic_memory_enabled": flag(true),
  "plugins.ml_commons.agentic_search_enabled": flag(true),
  "plugins.ml_commons.batch_ingestion_bulk_size": integer(500, 100, 100_000),
  "plugins.ml_commons.disk_free_space_threshold": text("5gb"),
  "plugins.ml_commons.enable_inhouse_python_model": flag(false),
  "plugins.ml_commons.exclude_nodes._name": text(""),
  "plugins.ml_commons.execute_tool_enabled": flag(false),
  "plugins.ml_commons.index_insight_feature_enabled": flag(false),
  "plugins.ml_commons.jvm_heap_memory_threshold": integer(85, 0, 100),
  "plugins.ml_commons.local_model.enabled": flag(true),
  "plugins.ml_commons.master_key_cache_ttl_minutes": fixed("static", integer(5, 1, 1_440)),
  "plugins.ml_commons.max_batch_ingestion_tasks": integer(100, 0, 10_000),
  "plugins.ml_commons.max_deploy_model_tasks_per_node": integer(10, 0, 10),
  "plugins.ml_commons.max_ml_task_per_node": integer(10, 0, 10_000),
  "plugins.ml_commons.max_model_on_node": integer(10, 0, 10_000),
  "plugins.ml_commons.max_register_model_tasks_per_node": integer(10, 0, 10),
  "plugins.ml_commons.mcp_connector_enabled": flag(false),
  "plugins.ml_commons.mcp_server_enabled": flag(false),
  "plugins.ml_commons.memory_feature_enabled": flag(true),
  "plugins.ml_commons.metrics_collection_enabled": fixed("final", flag(false)),
  "plugins.ml_commons.metrics_static_collection_enabled": fixed("final", flag(false)),
  "plugins.ml_commons.model_auto_redeploy.enable": flag(true),
  "plugins.ml_commons.model_auto_redeploy.lifetime_retry_times": integer(3, 0),
  "plugins.ml_commons.model_auto_redeploy_success_ratio": ratio(0.8),
  "plugins.ml_commons.multi_tenancy_enabled": fixed("static", flag(false)),
  "plugins.ml_commons.native_memory_threshold": integer(90, 0, 100),
  "plugins.ml_commons.offline_batch_ingestion_enabled": flag(true),
  "plugins.ml_commons.only_run_on_ml_node": flag(true),
  "plugins.ml_commons.rag_pipeline_feature_enabled": flag(true),
  "plugins.ml_commons.remote_metadata_endpoint": fixed("final", text("")),
  "plugins.ml_commons.remote_metadata_region": fixed("final", text("")),
  "plugins.ml_commons.remote_metadata_service_name": fixed("final", text("")),
  "plugins.ml_commons.remote_metadata_type": fixed("final", text("")),
  "plugins.ml_commons.sync_up_job_interval_in_seconds": integer(10, 0, 86_400),
  "plugins.ml_commons.task_dispatch_policy": choice("round_robin", "least_load"),
  "plugins.ml_commons.task_dispatcher.eligible_node_role.local_model": texts(["data", "ml"]),
  "plugins.ml_commons.task_dispatcher.eligible_node_role.remote_model": texts(["data", "ml"]),
  "plugins.ml_commons.trusted_url_regex": pattern(
    String.raw`^(https?|ftp|file)://[-a-zA-Z0-9+&@#/%?=~_|!:,.;]*[-a-zA-Z0-9+&@#/%=~_|]`,
  ),
} satisfies Record<string, Setting<unknown>>

export const table = { ...live, ...inert }

export type Name = keyof typeof table
export type Value<N extends Name> = (typeof table)[N] extends Setting<infer A> ? A : never

export const names = Object.keys(table).filter((name): name is Name => Object.hasOwn(table, name))

export const isName = (name: string): name is Name => Object.hasOwn(table, name)

const foreign = /^(?:action|cluster|indices|ingest|logger|script|search|snapshot)\.[\w.-]{1,250}$/

/** Whether a name belongs to another part of a cluster: its settings are kept and shown, without effect. */
export const isForeign = (name: string): boolean => foreign.test(name) && !name.includes("__proto__")

/** Whether a setting of that name is accepted and changes nothing. */
export const isInert = (name: string): boolean => Object.hasOwn(inert, name) || isForeign(name)
