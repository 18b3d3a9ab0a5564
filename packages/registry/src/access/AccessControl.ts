/**
 * Whose a connector or a model group is, and who else may use it.
 *
 * Enforced if callers must authenticate and the setting of that kind of record is on. The access of a group is that of its
 * models.
 * Source: https://docs.opensearch.org/latest/ml-commons-plugin/model-access-control/
 */
import { AccessMode, type Connector } from "@drawbar/blueprint-schema/Connector"
import { decode } from "@drawbar/json-text/Decode"
import { invalid } from "@drawbar/blueprint-schema/BlueprintError"
import type { JsonObject } from "@drawbar/json-text/Json"
import { Effect, Result, Schema } from "effect"
import { CurrentPrincipal } from "./CurrentPrincipal.ts"
import { RecordAccessDenied, RegistryError, type RegistryFailure } from "../RegistryError.ts"
import { anyOf, type SearchQuery } from "@drawbar/document-store/search/SearchQuery"
import type { SearchRequest } from "@drawbar/document-store/search/Search"
import { Settings } from "../settings/Settings.ts"

/** What a request may say of it. */
export interface AccessFields {
  readonly access_mode?: string | null
  readonly backend_roles?: ReadonlyArray<string> | null
  readonly add_all_backend_roles?: boolean | null
}

/** The fields of a record; absent in records that were written without access control: any caller may use those. */
export const fields = {
  backend_roles: Schema.optionalKey(Schema.Array(Schema.String)),
  owner: Schema.optionalKey(
    Schema.Struct({
      name: Schema.String,
      backend_roles: Schema.Array(Schema.String),
      roles: Schema.Array(Schema.String),
      custom_attribute_names: Schema.Array(Schema.String),
      user_requested_tenant: Schema.Null,
    }),
  ),
  access: Schema.optionalKey(AccessMode),
}

export const Access = Schema.Struct(fields)
export type Access = typeof Access.Type

const decodeAccess = decode(Access)

/** The access of a stored record. Access that cannot be read is denied to all but admins. */
export const of = ({ backend_roles, owner, access }: JsonObject): Access => {
  const stored = {
    ...(backend_roles === undefined ? {} : { backend_roles }),
    ...(owner === undefined ? {} : { owner }),
    ...(access === undefined ? {} : { access }),
  }
  return Result.getOrElse(decodeAccess(stored), () => ({ owner: withoutOwner, access: "private" as const }))
}

export type Subject = "connector" | "model"

const settingOf = {
  connector: "plugins.ml_commons.connector_access_control_enabled",
  model: "plugins.ml_commons.model_access_control_enabled",
} as const satisfies Record<Subject, string>

/** The principal to check against the access of records; `undefined` where access is not enforced. */
export const enforcedPrincipal = (subject: Subject) =>
  Effect.map(Settings, (settings) =>
    Effect.map(CurrentPrincipal, (asker) => (settings.get(settingOf[subject]) ? asker : undefined)),
  )

/** Of a principal, what access depends on. */
interface Permitted {
  readonly name: string
  readonly roles: ReadonlyArray<string>
  readonly backend_roles: ReadonlyArray<string>
}

export const isAllowed = (asker: Permitted | undefined, { owner, access, backend_roles = [] }: Access): boolean => {
  if (asker === undefined || isAdmin(asker) || owner === undefined || access === "public") return true
  return access === "private" ? owner.name === asker.name : backend_roles.some(isOneOf(asker.backend_roles))
}

/** Fails with that message if the caller has no access to the record. */
export const requireAccess = (
  asker: CurrentPrincipal | undefined,
  access: Access,
  message: string,
): Result.Result<void, RegistryFailure> => (isAllowed(asker, access) ? Result.void : accessDenied(message))

/**
 * Whether the caller may send a record's secrets to a new destination. Secrets of other owners may be used only where they are
 * already sent. Checked for every authenticated caller, whatever the settings: a record without an owner belongs to the admins.
 */
export const isOwner = ({ owner }: { readonly owner?: Access["owner"] | undefined }) =>
  Effect.map(CurrentPrincipal, (asker) => asker === undefined || isAdmin(asker) || owner?.name === asker.name)

/** Whose record of this kind it would be that is made now; nothing where callers do not authenticate. */
export const ownerOfNew = Effect.map(CurrentPrincipal, (asker) => (asker === undefined ? undefined : ownerOf(asker)))

/** The owner of a record that has none: admins alone decide about it. */
export const withoutOwner: NonNullable<Access["owner"]> = {
  name: "",
  backend_roles: [],
  roles: [],
  custom_attribute_names: [],
  user_requested_tenant: null,
}

/** Whether the principal is an admin or one of the owners. */
export const isOneOfOwners = (asker: CurrentPrincipal, owners: ReadonlyArray<Access["owner"]>): boolean =>
  isAdmin(asker) || owners.some((owner) => owner?.name === asker.name)

/** Fails where a change by a principal who does not own a connector lets it send to a platform that proves nothing. */
export const checkVerification = (before: Connector, after: Connector): Result.Result<void, RegistryError> =>
  after.client_config?.skip_ssl_verification === true && before.client_config?.skip_ssl_verification !== true
    ? accessDenied(
        "Only the owner or an admin can set skip_ssl_verification on this connector. Leave it out, or ask them.",
      )
    : Result.void

const isAdmin = ({ roles }: Pick<Permitted, "roles">) => roles.includes("admin")
const isOneOf = (roles: ReadonlyArray<string>) => (role: string) => roles.includes(role)
const accessDenied = (message: string) => Result.fail(RegistryError.from(new RecordAccessDenied({ message })))

type AccessResult = Result.Result<Access, RegistryFailure>

/** The access of a new record: private to its creator unless the request says otherwise. */
export const initialAccess = (
  subject: Subject,
  asker: CurrentPrincipal | undefined,
  given: AccessFields,
): AccessResult => {
  const known = checkMode(given)
  if (Result.isFailure(known)) return Result.fail(known.failure)
  if (asker === undefined) return Result.map(refuse(subject, given), () => written(given))
  const { mode, rolesGiven } = read(given)
  const access = mode ?? (rolesGiven || given.add_all_backend_roles === true ? "restricted" : "private")
  return Result.map(rolesOf(subject, asker, access, given), (backend_roles) => ({
    ...backend_roles,
    owner: ownerOf(asker),
    access,
  }))
}

/**
 * The mode that a writer set where access control is off. A record shows it again, so that a tool that compares what it wrote with
 * what it reads finds no difference; a record without an owner is open to all in any case.
 */
const written = ({ access_mode }: AccessFields): Access => (access_mode == null ? {} : { access: "public" })

/** The access after a change; only the owner and admins may change it. */
export const updatedAccess = (
  subject: Subject,
  asker: CurrentPrincipal | undefined,
  { backend_roles: before, ...access }: Access,
  given: AccessFields,
): AccessResult => {
  const known = checkMode(given)
  if (Result.isFailure(known)) return Result.fail(known.failure)
  const kept = { ...(before === undefined ? {} : { backend_roles: before }), ...access }
  if (asker === undefined)
    return Result.map(refuse(subject, given), () =>
      access.owner === undefined ? { ...kept, ...written(given) } : kept,
    )
  const { mode, rolesGiven, isSilent } = read(given)
  if (isSilent) return Result.succeed(kept)
  if (!isAdmin(asker) && access.owner?.name !== asker.name)
    return accessDenied("Only owner or admin can update access control data.")
  // Roles are given to share a record: they say the mode where it is not said.
  const all = given.add_all_backend_roles === true
  const next = mode ?? (rolesGiven || all ? "restricted" : (access.access ?? "private"))
  if (next === "restricted" && all && !isAdmin(asker) && asker.backend_roles.length === 0)
    return wrong("add_all_backend_roles", "You don't have any backend roles.")
  if (next === "restricted" && given.add_all_backend_roles === false && !rolesGiven)
    return wrong("backend_roles", "You have to specify backend roles when add all backend roles is set to false.")
  // To make it restricted again needs no new roles.
  if (next === "restricted" && before !== undefined && !rolesGiven && !all)
    return Result.succeed({ ...kept, access: next })
  return Result.map(rolesOf(subject, asker, next, given), (roles) => ({ ...access, ...roles, access: next }))
}

const read = ({ access_mode, backend_roles, add_all_backend_roles }: AccessFields) => {
  const mode = AccessMode.literals.find((known) => known === access_mode?.toLowerCase())
  const rolesGiven = backend_roles != null && backend_roles.length > 0
  return { mode, rolesGiven, isSilent: mode === undefined && !rolesGiven && add_all_backend_roles == null }
}

const rolesOf = (
  subject: Subject,
  asker: CurrentPrincipal,
  access: AccessMode,
  { backend_roles, add_all_backend_roles }: AccessFields,
): Result.Result<Pick<Access, "backend_roles">, RegistryFailure> => {
  const say = sentences[subject]
  const given = backend_roles ?? []
  const all = add_all_backend_roles === true
  if (all && isAdmin(asker)) return wrong("add_all_backend_roles", say.adminAll)
  if (access !== "restricted")
    return given.length > 0 || all ? wrong("backend_roles", say.notRestricted) : Result.succeed({})
  if (given.length > 0 && all) return wrong("add_all_backend_roles", say.both)
  if (!isAdmin(asker) && asker.backend_roles.length === 0) return wrong("access_mode", say.noneOfHis)
  if (given.length === 0 && !all) return wrong("backend_roles", say.noneGiven)
  if (!isAdmin(asker) && !given.every(isOneOf(asker.backend_roles)))
    return wrong("backend_roles", "You don't have the backend roles specified.")
  return Result.succeed({ backend_roles: all ? asker.backend_roles : given })
}

const sentences = {
  connector: {
    adminAll: "Admin can't add all backend roles",
    notRestricted: "You can specify backend roles only for a connector with the restricted access mode.",
    both: "You can't specify backend roles and add all backend roles to true at same time.",
    noneOfHis: "You must have at least one backend role to create a connector.",
    noneGiven: "You must specify at least one backend role or make the connector public/private for registering it.",
  },
  model: {
    adminAll: "Admin users cannot add all backend roles to a model group.",
    notRestricted: "You can specify backend roles only for a model group with the restricted access mode.",
    both: "You cannot specify backend roles and add all backend roles at the same time.",
    noneOfHis: "You must have at least one backend role to register a restricted model group.",
    noneGiven:
      "You must specify one or more backend roles or add all backend roles to register a restricted model group.",
  },
} as const satisfies Record<Subject, Record<string, string>>

/** A mode that is none is refused; taken for none it would leave a record as open as it is. */
const checkMode = ({ access_mode }: AccessFields): Result.Result<void, RegistryError> =>
  access_mode == null || AccessMode.literals.some((known) => known === access_mode.toLowerCase())
    ? Result.void
    : wrong("access_mode", `access_mode must be one of [${AccessMode.literals.join(", ")}]`)

const wrong = (field: string, message: string) => Result.fail(RegistryError.from(invalid(`/${field}`, message).reason))

const ownerOf = ({ name, roles, backend_roles }: CurrentPrincipal): NonNullable<Access["owner"]> => ({
  name,
  backend_roles,
  roles,
  custom_attribute_names: [],
  user_requested_tenant: null,
})

/** Where it is not enforced, `public` is how things are; all else would promise a protection that is not there. */
const refuse = (subject: Subject, given: AccessFields): Result.Result<void, RegistryFailure> => {
  const field =
    given.access_mode != null && given.access_mode.toLowerCase() !== "public"
      ? "access_mode"
      : given.add_all_backend_roles != null
        ? "add_all_backend_roles"
        : (given.backend_roles ?? []).length > 0
          ? "backend_roles"
          : undefined
  return field === undefined
    ? Result.void
    : wrong(
        field,
        `You cannot specify ${subject} access control parameters because the Security plugin or ${subject} access control is disabled on your cluster.`,
      )
}

/** Restricts a search to the records that the caller may use. */
export const visibleTo = (asker: CurrentPrincipal | undefined, request: SearchRequest): SearchRequest =>
  asker === undefined || isAdmin(asker) ? request : filtered(request, visible(asker))

export const filtered = (request: SearchRequest, filter: SearchQuery): SearchRequest => ({
  ...request,
  query: { ...conjunction, must: [request.query], filter: [filter] },
})

const conjunction = {
  _tag: "Bool",
  must: [],
  filter: [],
  should: [],
  mustNot: [],
  minimum: { count: 0 },
  boost: 1,
} as const

const exactly = (field: string, values: ReadonlyArray<string>): SearchQuery => ({
  _tag: "Terms",
  field,
  values,
  caseInsensitive: false,
  boost: 1,
})

const visible = ({ name, backend_roles }: CurrentPrincipal): SearchQuery =>
  anyOf([
    exactly("access", ["public"]),
    ...(backend_roles.length === 0 ? [] : [exactly("backend_roles.keyword", backend_roles)]),
    { ...conjunction, filter: [exactly("access", ["private"]), exactly("owner.name.keyword", [name])] },
  ])

/** Records whose field is one of many values. */
export const hasAnyOf = (field: string, values: ReadonlyArray<string>): SearchQuery =>
  values.length === 0 ? { _tag: "None", boost: 1 } : exactly(field, values)
