/** The parts of the API that Drawbar answers with a sentence: what it does instead, or that it is not there yet. */
import { Effect } from "effect"
import { erased } from "@drawbar/http-server/http/ApiFace"
import * as OpenSearchError from "../errors/OpenSearchError.ts"
import type { Endpoint } from "@drawbar/http-server/http/Endpoint"
import * as Permission from "@drawbar/http-server/access/Permission"
import {
  BadParameter,
  EndpointNotSupported,
  NotImplemented,
  type Reason,
  RequestError,
} from "@drawbar/http-server/http/RequestError"

const base = "/_plugins/_ml"

const localModels = new EndpointNotSupported({
  message:
    "Drawbar calls models where they are served and loads no model files. Serve the model, then register it with function_name remote and a connector.",
})
const tools = new EndpointNotSupported({
  message:
    "Agents, tools, memories and MCP are not part of Drawbar, which couples applications to models. Call the model with _predict.",
})
const training = new EndpointNotSupported({
  message: "Drawbar trains and executes no algorithms. Train the model at its platform, then call it with _predict.",
})
const batches = new NotImplemented({
  message: "Batch predictions are not there yet. Send the documents with _predict.",
})
const configs = new EndpointNotSupported({
  message: "Drawbar keeps no configs. Its settings are at /_cluster/settings.",
})
const masterKey = new BadParameter({ message: "You are not allowed to access this config doc" })

const table: ReadonlyArray<readonly [method: string, path: string, reason: Reason]> = [
  ["POST", "/models/meta", localModels],
  ["POST", "/models/_register_meta", localModels],
  ["POST", "/models/:model_id/chunk/:chunk_number", localModels],
  ["POST", "/models/:model_id/upload_chunk/:chunk_number", localModels],
  ["POST", "/models/:model_id/_batch_predict", batches],
  ["GET", "/config/:config_id", configs],
  ["GET", "/config/master_key", masterKey],
  ["POST", "/_execute/:algorithm", training],
  ["POST", "/_train/:algorithm", training],
  ["POST", "/_train_predict/:algorithm", training],
  ["POST", "/agents/_register", tools],
  ...["GET", "POST"].map((method) => [method, "/agents/_search", tools] as const),
  ...["GET", "PUT", "DELETE"].map((method) => [method, "/agents/:agent_id", tools] as const),
  ["POST", "/agents/:agent_id/_execute", tools],
  ["POST", "/agents/:agent_id/_execute/stream", tools],
  ["GET", "/tools", tools],
  ["GET", "/tools/:tool_name", tools],
  ["POST", "/tools/_execute/:tool_name", tools],
  ["GET", "/memory", tools],
  ["POST", "/memory", tools],
  ["POST", "/memory_containers/_create", tools],
]

export const endpoints: ReadonlyArray<Endpoint> = table.map(([method, path, reason]) => ({
  method,
  path: base + path,
  queryNames: [],
  needs: Permission.needed({ method, path: base + path }),
  face: erased(OpenSearchError.face),
  bodyFault: () => undefined,
  answer: () => Effect.fail(RequestError.from(reason)),
}))
