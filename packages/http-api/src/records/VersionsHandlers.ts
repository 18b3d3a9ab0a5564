import * as Blueprint from "@drawbar/blueprint-schema/Blueprint"
import { ConnectorValidation } from "@drawbar/deployments/connectors/ConnectorValidation"
import * as SecretDestinations from "@drawbar/deployments/connectors/SecretDestinations"
import * as Endpoint from "@drawbar/http-server/http/Endpoint"
import { BadParameter, RequestError } from "@drawbar/http-server/http/RequestError"
import type { Versioned } from "@drawbar/registry/history/RecordHistory"
import { settingsId } from "@drawbar/registry/history/RecordVersion"
import { type Shown, Versions } from "@drawbar/registry/history/Versions"
import { ModelGroups } from "@drawbar/registry/models/ModelGroups"
import { Models } from "@drawbar/registry/models/Models"
import { Connectors } from "@drawbar/registry/records/Connectors"
import { Effect } from "effect"
import * as OpenSearchError from "../errors/OpenSearchError.ts"
import { VersionsApi } from "./VersionsApi.ts"
import * as IfSeqNo from "./IfSeqNo.ts"
import * as WriteResult from "./WriteResult.ts"

export const make = Effect.gen(function* () {
  const versions = yield* Versions
  const connectors = yield* Connectors
  const models = yield* Models
  const groups = yield* ModelGroups
  const { admit } = yield* ConnectorValidation

  const list = (collection: Versioned, id: string) =>
    Effect.map(versions.list(collection, id), (found) => ({
      ...IfSeqNo.fields(found.document),
      versions: found.versions,
    }))
  const get = Effect.fnUntraced(function* (collection: Versioned, id: string, version: string) {
    return shownOf(yield* versions.get(collection, id, yield* numberOf("version", version)))
  })
  const diff = Effect.fnUntraced(function* (
    collection: Versioned,
    id: string,
    { from, to }: { readonly from?: string; readonly to?: string },
  ) {
    return yield* versions.diff(collection, id, {
      from: from === undefined ? undefined : yield* numberOf("from", from),
      to: to === undefined ? undefined : yield* numberOf("to", to),
    })
  })
  /** What a rollback of a connector, or of a model with its own, is made with. */
  const rollback = Effect.fnUntraced(function* ({
    payload,
    query,
  }: {
    readonly payload: { readonly version: number } & Pick<Blueprint.Document, "credential">
    readonly query: Parameters<typeof IfSeqNo.read>[0]
  }) {
    const { credential } = yield* Effect.fromResult(Blueprint.checkChange({ credential: payload.credential ?? null }))
    return {
      version: payload.version,
      credential,
      condition: yield* IfSeqNo.read(query),
      verify: admit,
      destinationsOf: SecretDestinations.of,
    }
  })

  return Endpoint.serve(OpenSearchError.face, VersionsApi, {
    connectorList: ({ params }) => list("connector", params.connector_id),
    connectorGet: ({ params }) => get("connector", params.connector_id, params.version),
    connectorDiff: ({ params, query }) => diff("connector", params.connector_id, query),
    connectorRollback: Effect.fnUntraced(function* ({ params, ...request }) {
      const written = yield* connectors.rollback(params.connector_id, yield* rollback(request))
      return WriteResult.updated("connector", written)
    }),
    modelList: ({ params }) => list("model", params.model_id),
    modelGet: ({ params }) => get("model", params.model_id, params.version),
    modelDiff: ({ params, query }) => diff("model", params.model_id, query),
    modelRollback: Effect.fnUntraced(function* ({ params, ...request }) {
      return WriteResult.updated("model", yield* models.rollback(params.model_id, yield* rollback(request)))
    }),
    groupList: ({ params }) => list("model-group", params.model_group_id),
    groupGet: ({ params }) => get("model-group", params.model_group_id, params.version),
    groupDiff: ({ params, query }) => diff("model-group", params.model_group_id, query),
    groupRollback: Effect.fnUntraced(function* ({ params, payload, query }) {
      const condition = yield* IfSeqNo.read(query)
      return WriteResult.updated(
        "model-group",
        yield* groups.rollback(params.model_group_id, payload.version, condition),
      )
    }),
    settingsList: () => list("config", settingsId),
    settingsGet: ({ params }) => get("config", settingsId, params.version),
    settingsDiff: ({ query }) => diff("config", settingsId, query),
    settingsRollback: ({ payload }) => versions.rollbackSettings(payload.version),
  })
})

const shownOf = ({ version, source, credential_keys }: Shown) => ({
  ...version,
  ...(credential_keys.length === 0 ? {} : { credential_keys }),
  source,
})

const numberOf = (name: string, text: string) =>
  /^\d{1,15}$/.test(text)
    ? Effect.succeed(Number(text))
    : Effect.fail(
        RequestError.from(
          new BadParameter({ message: `[${name}] must be the number of a version, such as 1, and is [${text}]` }),
        ),
      )
