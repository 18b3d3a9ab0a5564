/**
 * How each field is found: the index mappings of ML Commons in one table, for no name in them has two kinds.
 *
 * Source: https://github.com/opensearch-project/ml-commons/tree/main/common/src/main/resources/index-mappings
 */

/**
 * - `exact`: the whole text (`keyword`, `flat_object`)
 * - `tree`: any text below it (a `flat_object` named by its root)
 * - `words`: analysed text, whose whole stands under `.keyword`
 * - `date`: milliseconds of the epoch
 * - `dynamic`: not mapped; a text is `words`, a number or boolean its value
 */
export interface SearchField {
  readonly kind: "exact" | "tree" | "words" | "date" | "dynamic"
  readonly path: string
}

const named = (names: string): ReadonlySet<string> => new Set(names.trim().split(/\s+/))

/** `connector_id` is dynamic upstream, so that only `connector_id.keyword` finds it there; here both do. */
const exact = named(`
  version protocol access provisioned_by tenant_id connector_id
  algorithm model_state model_version model_group_id model_id model_format planning_worker_nodes
  task_type function_name state worker_node output_index
`)

const flat = named(`
  parameters credential client_config actions
  rate_limiter deploy_setting interface additional_config remote_job response user_rate_limiter
`)

const words = named(`
  name description backend_roles error
  owner.name owner.backend_roles owner.roles owner.custom_attribute_names
`)

const dates = named(`
  created_time last_updated_time last_registered_time last_deployed_time last_undeployed_time
  create_time last_update_time
`)

/** The field that a path names in a query or in a record. */
export const fieldAt = (path: string): SearchField => {
  const kind = kindOf(path)
  if (kind !== "dynamic" || !path.endsWith(".keyword")) return { kind, path }
  const parent = path.slice(0, -".keyword".length)
  return { kind: "exact", path: kindOf(parent) === "exact" ? parent : path }
}

const kindOf = (path: string): SearchField["kind"] => {
  // A model's inline connector is mapped as connectors are.
  const name = path.startsWith("connector.") ? path.slice("connector.".length) : path
  if (exact.has(name)) return "exact"
  if (words.has(name)) return "words"
  if (dates.has(name)) return "date"
  if (flat.has(name)) return "tree"
  return name.split(".").some((_, i, parts) => i > 0 && flat.has(parts.slice(0, i).join("."))) ? "exact" : "dynamic"
}
