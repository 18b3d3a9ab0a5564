/** What this server is called where the wire speaks of nodes: `worker_node`, `planning_worker_nodes`. */
import { Context } from "effect"

export const NodeId = Context.Reference<string>("@drawbar/registry/NodeId", { defaultValue: () => "drawbar" })
