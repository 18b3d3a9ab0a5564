/** `_versions`, `_diff` and `_rollback`: what connectors, models, model groups and the settings were before, and going back to it. */
import * as Blueprint from "@drawbar/blueprint-schema/Blueprint"
import { Version } from "@drawbar/registry/history/RecordVersion"
import { Schema } from "effect"
import * as HttpApiEndpoint from "effect/http-api/HttpApiEndpoint"
import * as HttpApiGroup from "effect/http-api/HttpApiGroup"
import { failures } from "../errors/ErrorEnvelope.ts"
import * as RequestBody from "@drawbar/http-server/http/RequestBody"
import { Source } from "./Field.ts"
import { WriteResult } from "./WriteResult.ts"
import * as IfSeqNo from "./IfSeqNo.ts"
import * as EndpointPolicy from "@drawbar/http-server/access/EndpointPolicy"
import { basePath, drawbarPath } from "../routes/BasePath.ts"

const shared = { disableCodecs: true, error: failures } as const
const required = 'Send the version to go back to: {"version": 1}'

/** Newest first. `_version`, `_seq_no` and `_primary_term` are those of the record as it is now. */
export const Versions = Schema.Struct({
  _version: Schema.Number,
  _seq_no: Schema.Number,
  _primary_term: Schema.Number,
  versions: Schema.Array(Version),
})

/** A version with its content, which is what GET showed then; of secrets it has the names. */
const VersionContent = Schema.Struct({
  ...Version.fields,
  credential_keys: Schema.optionalKey(Schema.Array(Schema.String)),
  source: Source,
})

export const Diff = Schema.Struct({
  from: Schema.Number,
  to: Schema.Number,
  changes: Schema.Array(
    Schema.Struct({
      op: Schema.Literals(["add", "remove", "replace"]),
      /** A JSON pointer. */
      path: Schema.String,
      before: Schema.optionalKey(Schema.Unknown),
      after: Schema.optionalKey(Schema.Unknown),
    }),
  ),
})

const range = { from: Schema.optionalKey(Schema.String), to: Schema.optionalKey(Schema.String) }

/** `credential` has the secrets that a version needs again. */
const RollbackBody = Schema.Struct({ version: Schema.Number, credential: Blueprint.Document.fields.credential })

const connectorPath = `${basePath}/connectors/:connector_id` as const
const modelPath = `${basePath}/models/:model_id` as const
const groupPath = `${basePath}/model_groups/:model_group_id` as const
const settingsPath = `${drawbarPath}/settings` as const

export class VersionsApi extends HttpApiGroup.make("versions")
  .add(
    HttpApiEndpoint.get("connectorList", `${connectorPath}/_versions`, {
      ...shared,
      params: { connector_id: Schema.String },
      success: Versions,
    }).annotateMerge(EndpointPolicy.read),
  )
  .add(
    HttpApiEndpoint.get("connectorGet", `${connectorPath}/_versions/:version`, {
      ...shared,
      params: { connector_id: Schema.String, version: Schema.String },
      success: VersionContent,
    }).annotateMerge(EndpointPolicy.read),
  )
  .add(
    HttpApiEndpoint.get("connectorDiff", `${connectorPath}/_diff`, {
      ...shared,
      params: { connector_id: Schema.String },
      query: range,
      success: Diff,
    }).annotateMerge(EndpointPolicy.read),
  )
  .add(
    HttpApiEndpoint.post("connectorRollback", `${connectorPath}/_rollback`, {
      ...shared,
      params: { connector_id: Schema.String },
      query: IfSeqNo.query,
      payload: RollbackBody,
      success: WriteResult,
    })
      .annotateMerge(EndpointPolicy.write)
      .annotate(RequestBody.Required, required),
  )
  .add(
    HttpApiEndpoint.get("modelList", `${modelPath}/_versions`, {
      ...shared,
      params: { model_id: Schema.String },
      success: Versions,
    }).annotateMerge(EndpointPolicy.read),
  )
  .add(
    HttpApiEndpoint.get("modelGet", `${modelPath}/_versions/:version`, {
      ...shared,
      params: { model_id: Schema.String, version: Schema.String },
      success: VersionContent,
    }).annotateMerge(EndpointPolicy.read),
  )
  .add(
    HttpApiEndpoint.get("modelDiff", `${modelPath}/_diff`, {
      ...shared,
      params: { model_id: Schema.String },
      query: range,
      success: Diff,
    }).annotateMerge(EndpointPolicy.read),
  )
  .add(
    HttpApiEndpoint.post("modelRollback", `${modelPath}/_rollback`, {
      ...shared,
      params: { model_id: Schema.String },
      query: IfSeqNo.query,
      payload: RollbackBody,
      success: WriteResult,
    })
      .annotateMerge(EndpointPolicy.write)
      .annotate(RequestBody.Required, required),
  )
  .add(
    HttpApiEndpoint.get("groupList", `${groupPath}/_versions`, {
      ...shared,
      params: { model_group_id: Schema.String },
      success: Versions,
    }).annotateMerge(EndpointPolicy.read),
  )
  .add(
    HttpApiEndpoint.get("groupGet", `${groupPath}/_versions/:version`, {
      ...shared,
      params: { model_group_id: Schema.String, version: Schema.String },
      success: VersionContent,
    }).annotateMerge(EndpointPolicy.read),
  )
  .add(
    HttpApiEndpoint.get("groupDiff", `${groupPath}/_diff`, {
      ...shared,
      params: { model_group_id: Schema.String },
      query: range,
      success: Diff,
    }).annotateMerge(EndpointPolicy.read),
  )
  .add(
    HttpApiEndpoint.post("groupRollback", `${groupPath}/_rollback`, {
      ...shared,
      params: { model_group_id: Schema.String },
      query: IfSeqNo.query,
      payload: Schema.Struct({ version: Schema.Number }),
      success: WriteResult,
    })
      .annotateMerge(EndpointPolicy.write)
      .annotate(RequestBody.Required, required),
  )
  .add(
    HttpApiEndpoint.get("settingsList", `${settingsPath}/_versions`, { ...shared, success: Versions }).annotateMerge(
      EndpointPolicy.read,
    ),
  )
  .add(
    HttpApiEndpoint.get("settingsGet", `${settingsPath}/_versions/:version`, {
      ...shared,
      params: { version: Schema.String },
      success: VersionContent,
    }).annotateMerge(EndpointPolicy.read),
  )
  .add(
    HttpApiEndpoint.get("settingsDiff", `${settingsPath}/_diff`, {
      ...shared,
      query: range,
      success: Diff,
    }).annotateMerge(EndpointPolicy.read),
  )
  .add(
    HttpApiEndpoint.post("settingsRollback", `${settingsPath}/_rollback`, {
      ...shared,
      payload: Schema.Struct({ version: Schema.Number }),
      success: Source,
    })
      .annotateMerge(EndpointPolicy.operate)
      .annotate(RequestBody.Required, required),
  ) {}
