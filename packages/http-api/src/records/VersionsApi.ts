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

/** The history of one kind of record: `path` and `params` name the record. */
const list = <const Name extends string, const Path extends `/${string}`, Params extends Identified>(
  name: Name,
  path: Path,
  params: Params,
) =>
  HttpApiEndpoint.get(name, `${path}/_versions` as const, { ...shared, params, success: Versions }).annotateMerge(
    EndpointPolicy.read,
  )

const content = <const Name extends string, const Path extends `/${string}`, Params extends Identified>(
  name: Name,
  path: Path,
  params: Params,
) =>
  HttpApiEndpoint.get(name, `${path}/_versions/:version` as const, {
    ...shared,
    params: { ...params, version: Schema.String },
    success: VersionContent,
  }).annotateMerge(EndpointPolicy.read)

const diff = <const Name extends string, const Path extends `/${string}`, Params extends Identified>(
  name: Name,
  path: Path,
  params: Params,
) =>
  HttpApiEndpoint.get(name, `${path}/_diff` as const, { ...shared, params, query: range, success: Diff }).annotateMerge(
    EndpointPolicy.read,
  )

type Identified = Readonly<Record<string, typeof Schema.String>>

const connector = { connector_id: Schema.String }
const model = { model_id: Schema.String }
const group = { model_group_id: Schema.String }
const OnlyVersion = Schema.Struct({ version: Schema.Number })

export class VersionsApi extends HttpApiGroup.make("versions")
  .add(list("connectorList", connectorPath, connector))
  .add(content("connectorGet", connectorPath, connector))
  .add(diff("connectorDiff", connectorPath, connector))
  .add(
    HttpApiEndpoint.post("connectorRollback", `${connectorPath}/_rollback`, {
      ...shared,
      params: connector,
      query: IfSeqNo.query,
      payload: RollbackBody,
      success: WriteResult,
    })
      .annotateMerge(EndpointPolicy.write)
      .annotate(RequestBody.Required, required),
  )
  .add(list("modelList", modelPath, model))
  .add(content("modelGet", modelPath, model))
  .add(diff("modelDiff", modelPath, model))
  .add(
    HttpApiEndpoint.post("modelRollback", `${modelPath}/_rollback`, {
      ...shared,
      params: model,
      query: IfSeqNo.query,
      payload: RollbackBody,
      success: WriteResult,
    })
      .annotateMerge(EndpointPolicy.write)
      .annotate(RequestBody.Required, required),
  )
  .add(list("groupList", groupPath, group))
  .add(content("groupGet", groupPath, group))
  .add(diff("groupDiff", groupPath, group))
  .add(
    HttpApiEndpoint.post("groupRollback", `${groupPath}/_rollback`, {
      ...shared,
      params: group,
      query: IfSeqNo.query,
      payload: OnlyVersion,
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
      payload: OnlyVersion,
      success: Source,
    })
      .annotateMerge(EndpointPolicy.operate)
      .annotate(RequestBody.Required, required),
  ) {}
