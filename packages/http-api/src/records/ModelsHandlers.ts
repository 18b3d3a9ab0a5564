import { ConnectorValidation } from "@drawbar/deployments/ConnectorValidation"
import { Deployments } from "@drawbar/deployments/Deployments"
import { Models } from "@drawbar/registry/models/Models"
import { NodeId } from "@drawbar/registry/records/NodeId"
import type { RegistryFailure } from "@drawbar/registry/RegistryError"
import { Effect, Option } from "effect"
import * as CredentialKeys from "./CredentialKeys.ts"
import * as Endpoint from "@drawbar/http-server/http/Endpoint"
import { ModelsApi } from "./ModelsApi.ts"
import { BadParameter, RequestError } from "@drawbar/http-server/http/RequestError"
import * as SearchHandler from "./SearchHandler.ts"
import * as WriteResult from "./WriteResult.ts"
import * as OpenSearchError from "../errors/OpenSearchError.ts"

export const make = Effect.gen(function* () {
  const models = yield* Models
  const deployments = yield* Deployments
  const { admit } = yield* ConnectorValidation
  const nodeId = yield* NodeId

  const undeploy = Effect.fnUntraced(function* (ids: ReadonlyArray<string>, nodes: ReadonlyArray<string> | null = []) {
    if (ids.length === 0) return yield* refused("Must set specific model ids to undeploy")
    yield* noPlan(nodes)
    // Of one model it is said that there is none; of several, each has its answer.
    const one = ids.length === 1 ? deployments.undeploy : (id: string) => absentIsNotFound(deployments.undeploy(id))
    const stats = yield* Effect.forEach(ids, (id) => Effect.map(one(id), (state) => [id, state] as const))
    return { [nodeId]: { stats: Object.fromEntries(stats) } }
  })

  return Endpoint.serve(OpenSearchError.face, ModelsApi, {
    register: Effect.fnUntraced(function* ({ json, query }) {
      const { groupIsNew, ...registered } = yield* models.register(json, admit)
      // The model is there in any case; a predict says why it could not be deployed.
      if (query.deploy === "true") yield* Effect.ignore(deployments.deploy(registered.model_id))
      return { status: "CREATED" as const, ...registered, model_group_created: groupIsNew }
    }),
    get: ({ params }) => Effect.map(models.get(params.model_id), ({ document }) => CredentialKeys.ofModel(document)),
    update: ({ params, json }) =>
      Effect.map(models.update(params.model_id, json, admit), (written) => WriteResult.updated("model", written)),
    delete: ({ params: { model_id } }) =>
      Effect.map(models.delete(model_id), (removed) => WriteResult.deleted("model", model_id, Option.some(removed))),
    ...SearchHandler.handlers("model", models.search),
    deploy: Effect.fnUntraced(function* ({ params, payload }) {
      yield* noPlan(payload.node_ids ?? [])
      const { task_id } = yield* deployments.deploy(params.model_id)
      return { task_id, task_type: "DEPLOY_MODEL" as const, status: "COMPLETED" as const }
    }),
    undeploy: ({ params, payload }) => undeploy(payload.model_ids ?? [params.model_id], payload.node_ids),
    undeployAll: ({ payload }) => undeploy(payload.model_ids ?? [], payload.node_ids),
  })
})

const refused = (message: string) => RequestError.from(new BadParameter({ message }))

// There is one node, and nothing to plan.
const noPlan = (nodes: ReadonlyArray<string> | null) =>
  nodes === null || nodes.length === 0 ? Effect.void : refused("Don't allow custom deployment plan")

const absentIsNotFound = <A, R>(undeployed: Effect.Effect<A, RegistryFailure, R>) =>
  Effect.catchReason(undeployed, "StoreError", "NotFound", () => Effect.succeed("not_found" as const))
