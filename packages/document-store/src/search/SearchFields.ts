/**
 * How each field is indexed: the index mappings of ML Commons in one table, because no field name has two types.
 *
 * Source: https://github.com/opensearch-project/ml-commons/tree/main/common/src/main/resources/index-mappings
 */

/**
 * - `exact`: the whole text (`keyword`, `flat_object`)
 * - `tree`: any text below the field (the root of a `flat_object`)
 * - `words`: analysed text; the whole text is under `.keyword`
 * - `date`: milliseconds since the epoch
 * - `dynamic`: not mapped; text is `words`, a number or boolean is its value
 */
export interface SearchField {
  readonly kind: "exact" | "tree" | "words" | "date" | "dynamic"
  readonly path: string
  /** Whether a record has one value of it at most: of a list, the first is indexed. */
  readonly isSingle: boolean
}

const named = (names: string): ReadonlySet<string> => new Set(names.trim().split(/\s+/))

/** ML Commons maps `connector_id` dynamically, so that there only `connector_id.keyword` finds it; here both do. */
const exact = named(`
  version protocol access provisioned_by tenant_id connector_id
  algorithm model_state model_version model_group_id model_id model_format planning_worker_nodes
  task_type function_name state worker_node output_index
`)

/** Those of them that are lists. */
const lists = named("planning_worker_nodes worker_node")

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

/** The field that a path in a query or record refers to. */
export const fieldAt = (path: string): SearchField => {
  const kind = kindOf(path)
  if (kind !== "dynamic" || !path.endsWith(".keyword")) return { kind, path, isSingle: isSingle(path) }
  const parent = path.slice(0, -".keyword".length)
  return kindOf(parent) === "exact"
    ? { kind: "exact", path: parent, isSingle: isSingle(parent) }
    : { kind: "exact", path, isSingle: false }
}

// An embedded connector of a model is mapped like a connector.
const nameOf = (path: string) => (path.startsWith("connector.") ? path.slice("connector.".length) : path)

const isSingle = (path: string) => {
  const name = nameOf(path)
  return dates.has(name) || (exact.has(name) && !lists.has(name))
}

const kindOf = (path: string): SearchField["kind"] => {
  const name = nameOf(path)
  if (exact.has(name)) return "exact"
  if (words.has(name)) return "words"
  if (dates.has(name)) return "date"
  if (flat.has(name)) return "tree"
  return name.split(".").some((_, i, parts) => i > 0 && flat.has(parts.slice(0, i).join("."))) ? "exact" : "dynamic"
}
