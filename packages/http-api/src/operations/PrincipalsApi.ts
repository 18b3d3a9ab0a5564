/** `/_plugins/_ml/users` and `/api_keys`: who may ask. No password is in any answer, and a key only in the one that makes it. */
import * as RecordLimits from "@drawbar/registry/records/RecordLimits"
import * as NumberField from "@drawbar/registry/records/NumberField"
import { Budget, Quota, Role } from "@drawbar/registry/access/Principal"
import { Schema } from "effect"
import * as HttpApiEndpoint from "effect/http-api/HttpApiEndpoint"
import * as HttpApiGroup from "effect/http-api/HttpApiGroup"
import { failures } from "../errors/ErrorEnvelope.ts"
import * as RequestBody from "@drawbar/http-server/http/RequestBody"
import { kinds } from "@drawbar/http-server/access/Permission"
import * as EndpointPolicy from "@drawbar/http-server/access/EndpointPolicy"
import { basePath, drawbarPath } from "../routes/BasePath.ts"

const shared = { disableCodecs: true, error: failures } as const

/** Further fields that users and API keys share. */
const shares = {
  backend_roles: Schema.optionalKey(Schema.Array(Schema.String)),
  models: Schema.optionalKey(Schema.Array(Schema.String)),
  quota: Schema.optionalKey(Quota),
  ...Budget,
}

const Listed = Schema.Struct({
  id: Schema.String,
  kind: Schema.Literals(["user", "api_key"]),
  name: Schema.String,
  roles: Schema.Array(Role),
  ...shares,
  created_time: NumberField.Time,
  expires_time: Schema.optionalKey(NumberField.Time),
})

const Deleted = Schema.Struct({ id: Schema.String, result: Schema.Literals(["deleted", "not_found"]) })
const list = Schema.Struct({ principals: Schema.Array(Listed) })

/** The caller, as the server knows it; `authentication: "off"` says that the server authenticates no caller. */
const Identity = Schema.Struct({
  authentication: Schema.Literals(["on", "off"]),
  id: Schema.optionalKey(Schema.String),
  kind: Schema.optionalKey(Schema.Literals(["user", "api_key", "token"])),
  name: Schema.optionalKey(Schema.String),
  roles: Schema.Array(Role),
  permissions: Schema.Array(Schema.Literals(kinds)),
  ...shares,
})

export class PrincipalsApi extends HttpApiGroup.make("principals")
  .add(
    HttpApiEndpoint.get("whoami", `${drawbarPath}/whoami`, { ...shared, success: Identity }).annotateMerge(
      EndpointPolicy.identity,
    ),
  )
  .add(
    HttpApiEndpoint.post("createUser", `${basePath}/users`, {
      ...shared,
      payload: Schema.Struct({
        name: Schema.String,
        password: Schema.String,
        roles: Schema.Array(Role),
        backend_roles: shares.backend_roles,
      }),
      success: Schema.Struct({ id: Schema.String }),
    })
      .annotateMerge(EndpointPolicy.operate)
      .annotate(RequestBody.Required, "Send the user's name, password and roles"),
  )
  .add(
    HttpApiEndpoint.get("listUsers", `${basePath}/users`, { ...shared, success: list }).annotateMerge(
      EndpointPolicy.operate,
    ),
  )
  .add(
    HttpApiEndpoint.delete("deleteUser", `${basePath}/users/:id`, {
      ...shared,
      params: { id: Schema.String },
      success: Deleted,
    }).annotateMerge(EndpointPolicy.operate),
  )
  .add(
    HttpApiEndpoint.post("createKey", `${basePath}/api_keys`, {
      ...shared,
      payload: Schema.Struct({
        name: Schema.String,
        roles: Schema.Array(Role),
        ...shares,
        expires_in_days: Schema.optionalKey(
          Schema.Finite.check(Schema.isGreaterThan(0)).check(Schema.isLessThanOrEqualTo(RecordLimits.keyDays)),
        ),
      }),
      /** `api_key` is shown here and never again. */
      success: Schema.Struct({ id: Schema.String, api_key: Schema.String }),
    })
      .annotateMerge(EndpointPolicy.operate)
      .annotate(RequestBody.Required, "Send the key's name and roles"),
  )
  .add(
    HttpApiEndpoint.get("listKeys", `${basePath}/api_keys`, { ...shared, success: list }).annotateMerge(
      EndpointPolicy.operate,
    ),
  )
  .add(
    HttpApiEndpoint.delete("deleteKey", `${basePath}/api_keys/:id`, {
      ...shared,
      params: { id: Schema.String },
      success: Deleted,
    }).annotateMerge(EndpointPolicy.operate),
  ) {}
