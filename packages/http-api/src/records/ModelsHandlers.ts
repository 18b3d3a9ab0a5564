import { ConnectorValidation } from "@drawbar/deployments/connectors/ConnectorValidation"
import { DeploymentError, RemoteInferenceDisabled } from "@drawbar/deployments/DeploymentError"
import { Deployments } from "@drawbar/deployments/deployment/Deployments"
import { type JsonObject, toText } from "@drawbar/json-text/Json"
import { Aliases } from "@drawbar/registry/aliases/Aliases"
import { Models, type Registered } from "@drawbar/registry/models/Models"
import { NodeId } from "@drawbar/registry/records/NodeId"
import type { RegistryFailure } from "@drawbar/registry/RegistryError"
import { Settings } from "@drawbar/registry/settings/Settings"
import { Effect, Option } from "effect"
import { WithHeaders } from "@drawbar/http-server/http/ResponseBody"
import * as CredentialKeys from "./CredentialKeys.ts"
import * as Endpoint from "@drawbar/http-server/http/Endpoint"
import { ModelsApi } from "./ModelsApi.ts"
import { BadParameter, RequestError } from "@drawbar/http-server/http/RequestError"
import * as SearchHandler from "./SearchHandler.ts"
import * as IfSeqNo from "./IfSeqNo.ts"
import * as WriteResult from "./WriteResult.ts"
import * as OpenSearchError from "../errors/OpenSearchError.ts"

export const make = Effect.gen(function* () {
  const models = yield* Models
  const aliases = yield* Aliases
  const deployments = yield* Deployments
  const { admit } = yield* ConnectorValidation
  const nodeId = yield* NodeId
  const settings = yield* Settings

  /** A plan names this node or nothing, since there is no other. */
  const planned = (nodes: ReadonlyArray<string> | null = null) => {
    if (nodes === null || nodes.length === 0) return Effect.void
    if (!settings.get("plugins.ml_commons.allow_custom_deployment_plan"))
      return refused("Don't allow custom deployment plan")
    const other = nodes.find((id) => id !== nodeId)
    return other === undefined
      ? Effect.void
      : refused(`No eligible node found: [${other}] is not a node of this server. Its only node is [${nodeId}]`)
  }

  const undeploy = Effect.fnUntraced(function* (
    names: ReadonlyArray<string>,
    nodes: ReadonlyArray<string> | null = [],
  ) {
    if (names.length === 0) return yield* refused("Must set specific model ids to undeploy")
    const ids = yield* Effect.forEach(names, aliases.only)
    yield* planned(nodes)
    // Of one model it is said that there is none; of several, each has its answer.
    const one = ids.length === 1 ? deployments.undeploy : (id: string) => absentIsNotFound(deployments.undeploy(id))
    const stats = yield* Effect.forEach(ids, (id) => Effect.map(one(id), (state) => [id, state] as const))
    return { [nodeId]: { stats: Object.fromEntries(stats) } }
  })

  return Endpoint.serve(OpenSearchError.face, ModelsApi, {
    register: Effect.fnUntraced(function* ({ json, query }) {
      if (!settings.get("plugins.ml_commons.remote_inference.enabled"))
        return yield* DeploymentError.from(new RemoteInferenceDisabled())
      const registered = yield* models.register(json, admit)
      const { task_id, model_id } = registered
      deployments.count(model_id, "register")
      // The model is there in any case; a predict says why it could not be deployed.
      if (query.deploy === "true")
        yield* Effect.ignore(Effect.andThen(planned(nodesOf(json)), () => deployments.deploy(model_id)))
      return new WithHeaders({ task_id, status: "CREATED" as const, model_id }, placeOf(registered))
    }),
    get: ({ params, query }) =>
      Effect.map(
        models.get(params.model_id),
        ({ document }) =>
          new WithHeaders(
            query.drawbar === "true" ? CredentialKeys.ofModel(document) : document.source,
            IfSeqNo.headers(document),
          ),
      ),
    update: Effect.fnUntraced(function* ({ params, json, query }) {
      const condition = yield* IfSeqNo.read(query)
      return WriteResult.updated("model", yield* models.update(params.model_id, json, { verify: admit, condition }))
    }),
    delete: ({ params: { model_id } }) =>
      Effect.map(models.delete(model_id), (removed) => WriteResult.deleted("model", model_id, Option.some(removed))),
    ...SearchHandler.handlers("model", models.search),
    deploy: Effect.fnUntraced(function* ({ params, payload }) {
      yield* planned(payload.node_ids)
      const { task_id } = yield* deployments.deploy(params.model_id)
      return { task_id, task_type: "DEPLOY_MODEL" as const, status: "COMPLETED" as const }
    }),
    undeploy: ({ params, payload }) => undeploy(payload.model_ids ?? [params.model_id], payload.node_ids),
    undeployAll: ({ payload }) => undeploy(payload.model_ids ?? [], payload.node_ids),
  })
})

const refused = (message: string) => Effect.fail(RequestError.from(new BadParameter({ message })))

const nodesOf = ({ model_node_ids }: JsonObject): ReadonlyArray<string> =>
  Array.isArray(model_node_ids) ? model_node_ids.map(toText) : []

/** Where the model came to stand: for the caller who registered it, beside the documented fields. */
const placeOf = ({ model_group_id, model_version, groupIsNew }: Registered) => ({
  "X-Drawbar-Model-Group": model_group_id,
  "X-Drawbar-Model-Version": model_version,
  "X-Drawbar-Model-Group-Created": String(groupIsNew),
})

const absentIsNotFound = <A, R>(undeployed: Effect.Effect<A, RegistryFailure, R>) =>
  Effect.catchReason(undeployed, "StoreError", "NotFound", () => Effect.succeed("not_found" as const))
