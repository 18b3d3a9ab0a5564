/** Endpoints of ML Commons that Drawbar does not support. The error says what to use instead, or that support is planned. */
import { Effect } from "effect"
import { erased } from "@drawbar/http-server/http/ApiFace"
import * as OpenSearchError from "../errors/OpenSearchError.ts"
import type { Endpoint } from "@drawbar/http-server/http/Endpoint"
import * as EndpointPolicy from "@drawbar/http-server/access/EndpointPolicy"
import { basePath } from "./BasePath.ts"
import {
  BadParameter,
  EndpointNotSupported,
  NotImplemented,
  type Reason,
  RequestError,
} from "@drawbar/http-server/http/RequestError"

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

const { read, predict, write } = EndpointPolicy

const table: ReadonlyArray<
  readonly [method: string, path: string, policy: EndpointPolicy.EndpointPolicy, reason: Reason]
> = [
  ["POST", "/models/meta", write, localModels],
  ["POST", "/models/_register_meta", write, localModels],
  ["POST", "/models/:model_id/chunk/:chunk_number", write, localModels],
  ["POST", "/models/:model_id/upload_chunk/:chunk_number", write, localModels],
  ["POST", "/models/:model_id/_batch_predict", predict, batches],
  ["GET", "/config/:config_id", read, configs],
  ["GET", "/config/master_key", read, masterKey],
  ["POST", "/_execute/:algorithm", write, training],
  ["POST", "/_train/:algorithm", write, training],
  ["POST", "/_train_predict/:algorithm", write, training],
  ["POST", "/agents/_register", write, tools],
  ["GET", "/agents/_search", read, tools],
  ["POST", "/agents/_search", read, tools],
  ["GET", "/agents/:agent_id", read, tools],
  ["PUT", "/agents/:agent_id", write, tools],
  ["DELETE", "/agents/:agent_id", write, tools],
  ["POST", "/agents/:agent_id/_execute", write, tools],
  ["POST", "/agents/:agent_id/_execute/stream", write, tools],
  ["GET", "/tools", read, tools],
  ["GET", "/tools/:tool_name", read, tools],
  ["POST", "/tools/_execute/:tool_name", write, tools],
  ["GET", "/memory", read, tools],
  ["POST", "/memory", write, tools],
  ["POST", "/memory_containers/_create", write, tools],
]

export const endpoints: ReadonlyArray<Endpoint> = table.map(([method, path, annotations, reason]) => ({
  method,
  path: basePath + path,
  queryNames: [],
  ...EndpointPolicy.of({ method, path, annotations }),
  anyOrigin: false,
  face: erased(OpenSearchError.face),
  bodyFault: () => undefined,
  answer: () => Effect.fail(RequestError.from(reason)),
}))
