/** What set-up scripts, health checks and clients read of a cluster, for this one server. */
import { PlainText } from "@drawbar/http-server/http/ResponseBody"

/** The OpenSearch whose API is spoken; clients choose by it what they may ask. */
const openSearchVersion = "3.9.0"
const pluginVersion = `${openSearchVersion}.0`

const name = "drawbar"

export const about = (nodeId: string) => ({
  name,
  cluster_name: name,
  cluster_uuid: nodeId,
  version: {
    distribution: "opensearch" as const,
    number: openSearchVersion,
    build_type: "npm",
    build_hash: "unknown",
    build_date: "1970-01-01T00:00:00.000Z",
    build_snapshot: false,
    lucene_version: "10.3.1",
    minimum_wire_compatibility_version: "2.19.0",
    minimum_index_compatibility_version: "2.0.0",
  },
  tagline: "Couples any application to any machine-learning platform",
})

/** `isWritable`: whether a change would last. Drawbar has no shards: what a cluster counts of them is 0. */
export const health = (isWritable: boolean) => ({
  cluster_name: name,
  status: isWritable ? ("green" as const) : ("red" as const),
  timed_out: false,
  number_of_nodes: 1,
  number_of_data_nodes: 1,
  discovered_master: true,
  discovered_cluster_manager: true,
  active_primary_shards: 0,
  active_shards: 0,
  relocating_shards: 0,
  initializing_shards: 0,
  unassigned_shards: 0,
  delayed_unassigned_shards: 0,
  number_of_pending_tasks: 0,
  number_of_in_flight_fetch: 0,
  task_max_waiting_in_queue_millis: 0,
  active_shards_percent_as_number: 100,
})

/** `address` is host and port, for clients that look for nodes; absent where the server listens on every address. */
export const nodes = (nodeId: string, address: string | undefined) => ({
  _nodes: { total: 1, successful: 1, failed: 0 },
  cluster_name: name,
  nodes: {
    [nodeId]: {
      name,
      version: openSearchVersion,
      build_type: "npm",
      build_hash: "unknown",
      roles: ["data", "ml"],
      plugins: [plugin],
      ...(address === undefined ? {} : { http: { bound_address: [address], publish_address: address } }),
    },
  },
})

const plugin = {
  name: "opensearch-ml",
  version: pluginVersion,
  opensearch_version: openSearchVersion,
  description: "Drawbar, which speaks the API of this plugin",
}

const row = { name, component: plugin.name, version: pluginVersion }
type Column = keyof typeof row
const isColumn = (column: string): column is Column => Object.hasOwn(row, column)

export interface CatOptions {
  readonly format?: string
  /** Whether the columns' names come first. */
  readonly v?: string
  /** The columns, between commas. */
  readonly h?: string
}

/** The plugins as a table of text, as `_cat` writes it, or as JSON. */
export const plugins = ({ format, v, h }: CatOptions) => {
  const columns = h === undefined ? (Object.keys(row) as Array<Column>) : h.split(",").filter(isColumn)
  if (format === "json") return [Object.fromEntries(columns.map((column) => [column, row[column]]))]
  const lines = [...(v === "true" ? [columns] : []), columns.map((column) => row[column])]
  const widths = columns.map((_, i) => Math.max(...lines.map((cells) => cells[i]?.length ?? 0)))
  const text = lines.map(
    (cells) =>
      `${cells
        .map((cell, i) => cell.padEnd(widths[i] ?? 0))
        .join(" ")
        .trimEnd()}\n`,
  )
  return new PlainText(text.join(""), "text/plain; charset=UTF-8")
}
