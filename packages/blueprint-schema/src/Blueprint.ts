/**
 * A connector and its credential, the document that an ML developer writes and an administrator sends.
 *
 * `Document` is the wire format, in which any field may be missing or null. `check` converts it to a `Blueprint`, or
 * reports the first problem and its location, in the order that clients expect.
 */
import * as Reserved from "./ReservedParameters.ts"
import { Redacted, Result, Schema } from "effect"
import { BlueprintError, invalid, UnsafeText } from "./BlueprintError.ts"
import { ClientConfig, retryBackoffPolicies } from "./ClientConfig.ts"
import { type AccessMode, AccessMode as AccessModes, type Connector } from "./Connector.ts"
import * as AwsSigning from "./AwsSigning.ts"
import * as Action from "./ConnectorAction.ts"
import * as Protocol from "./ConnectorProtocol.ts"
import type { Credential } from "./Credential.ts"
import { decode } from "@drawbar/json-text/Decode"
import * as OpenAiSection from "./OpenAiSection.ts"
import * as GoogleCloud from "./GoogleCloud.ts"
import * as Json from "@drawbar/json-text/Json"
import * as SafeText from "@drawbar/json-text/SafeText"

const maybe = <S extends Schema.Constraint>(schema: S) => Schema.optionalKey(Schema.NullOr(schema))

// `1.10` is kept as a raw number, so that the author's digits are preserved.
const RawNumber = Schema.declare((value: unknown): value is Json.RawNumber => JSON.isRawJSON(value), {
  expected: "number",
})
const Scalar = Schema.Union([Schema.String, Schema.Finite, Schema.Boolean, RawNumber])
const Text = maybe(Schema.String)

export const ActionDocument = Schema.Struct({
  action_type: Text,
  name: Text,
  method: Text,
  url: Text,
  headers: maybe(Schema.Record(Schema.String, Scalar)),
  request_body: Text,
  pre_process_function: Text,
  post_process_function: Text,
  supports_structured_output: maybe(Schema.Boolean),
})
type ActionDocument = typeof ActionDocument.Type

/** A blueprint, complete or partial, as sent. Unknown fields are ignored here and reported by lint. */
export const Document = Schema.Struct({
  connector_id: Text,
  name: Text,
  description: Text,
  version: maybe(Scalar),
  protocol: Text,
  parameters: maybe(Schema.Record(Schema.String, Schema.Unknown)),
  credential: maybe(Schema.Record(Schema.String, Schema.NullOr(Scalar))),
  actions: maybe(Schema.Array(ActionDocument)),
  client_config: maybe(Schema.Record(Schema.String, Schema.Unknown)),
  openai: maybe(Schema.Record(Schema.String, Schema.Unknown)),
  access_mode: Text,
  backend_roles: maybe(Schema.Array(Schema.String)),
  add_all_backend_roles: maybe(Schema.Boolean),
  dry_run: maybe(Schema.Boolean),
  provisioned_by: Text,
})
export type Document = typeof Document.Type

/** A connector with its credential: the content of `_create` and of an embedded `connector`. */
export interface Blueprint {
  readonly connector: Connector
  readonly credential: Credential
}

/** A change to a connector: absent fields stay, `null` removes a parameter or a secret, other values replace. */
export interface Change {
  readonly connector: Partial<Omit<Connector, "parameters">>
  readonly parameters: Readonly<Record<string, string | null>>
  readonly credential: Readonly<Record<string, Redacted.Redacted | null>>
}

/**
 * The blueprint in a document, or the first problem in it. The runtime decides whether its templates and functions
 * compile and its URL is trusted.
 *
 * `inline` connectors are part of a model and need no name.
 */
export const check = (
  document: Document,
  options?: { readonly inline?: boolean },
): Result.Result<Blueprint, BlueprintError> =>
  Result.gen(function* () {
    const actions = yield* checkActions(document.actions ?? undefined)
    const client_config = yield* checkClientConfig(document.client_config ?? undefined)
    const openai = document.openai == null ? undefined : yield* OpenAiSection.check(document.openai)
    if (!options?.inline && document.name == null)
      return yield* missing("name", 'Connector name is null. Add "name" to the connector')
    if (!options?.inline && document.version == null)
      return yield* missing("version", 'Connector version is null. Add "version", such as 1')
    if (document.protocol == null)
      return yield* missing(
        "protocol",
        `Connector protocol is null. Add "protocol", one of [${Protocol.names.join(", ")}]`,
      )
    const protocol = yield* checkProtocol(document.protocol)
    const credential = credentialOf(document)
    yield* checkText(document, { nameIsRequired: !options?.inline })
    yield* checkAccessMode(document.access_mode)
    if (actions === undefined || actions.length === 0) return yield* missing("actions", noActions)
    const connector: Connector = {
      ...(document.name == null ? {} : { name: document.name }),
      ...(document.version == null ? {} : { version: Json.toText(document.version) }),
      ...(document.description == null ? {} : { description: document.description }),
      protocol,
      parameters: withoutNulls(parametersOf(document)),
      actions,
      ...(client_config === undefined ? {} : { client_config }),
      ...(openai === undefined ? {} : { openai }),
      ...(document.provisioned_by == null ? {} : { provisioned_by: document.provisioned_by }),
    }
    yield* checkAuthorization(connector, credential)
    return { connector, credential }
  })

/** The change that a partial document describes. */
export const checkChange = (document: Document): Result.Result<Change, BlueprintError> =>
  Result.gen(function* () {
    const actions = yield* checkActions(document.actions ?? undefined)
    const client_config = yield* checkClientConfig(document.client_config ?? undefined)
    const openai = document.openai == null ? undefined : yield* OpenAiSection.check(document.openai)
    const protocol = document.protocol == null ? undefined : yield* checkProtocol(document.protocol)
    yield* checkText(document, { nameIsRequired: document.name !== undefined })
    yield* checkAccessMode(document.access_mode)
    if (actions?.length === 0) return yield* missing("actions", noActions)
    return {
      connector: {
        ...(document.name == null ? {} : { name: document.name }),
        ...(document.version == null ? {} : { version: Json.toText(document.version) }),
        ...(document.description == null ? {} : { description: document.description }),
        ...(protocol === undefined ? {} : { protocol }),
        ...(actions === undefined ? {} : { actions }),
        ...(client_config === undefined ? {} : { client_config }),
        ...(openai === undefined ? {} : { openai }),
      },
      parameters: parametersOf(document),
      credential: secretsOf(document),
    }
  })

/**
 * Applies a change to a blueprint and checks the result as a whole, so that no change produces a blueprint that `check`
 * would reject.
 */
export const apply = (blueprint: Blueprint, change: Change): Result.Result<Blueprint, BlueprintError> => {
  const connector: Connector = {
    ...blueprint.connector,
    ...change.connector,
    parameters: withoutNulls({ ...blueprint.connector.parameters, ...change.parameters }),
  }
  const credential = withoutNulls({ ...blueprint.credential, ...change.credential })
  return Result.map(checkAuthorization(connector, credential), () => ({ connector, credential }))
}

const noActions =
  'No actions configured for this connector. Add one to "actions", with action_type, method, url and request_body'

const missing = (field: string, message: string) => Result.fail(invalid(`/${field}`, message))

const withoutNulls = <A>(record: Readonly<Record<string, A | null>>): Record<string, A> => {
  const kept: Record<string, A> = Object.create(null)
  for (const [name, value] of Object.entries(record)) if (value !== null) kept[name] = value
  return kept
}

const parametersOf = (document: Document): Record<string, string | null> => {
  const texts: Record<string, string | null> = Object.create(null)
  for (const [name, value] of Object.entries(document.parameters ?? {})) {
    texts[name] = value === null ? null : Json.toText(value)
  }
  return texts
}

const secretsOf = (document: Document): Record<string, Redacted.Redacted | null> => {
  const secrets: Record<string, Redacted.Redacted | null> = Object.create(null)
  for (const [name, value] of Object.entries(document.credential ?? {})) {
    secrets[name] = value === null ? null : Redacted.make(Json.toText(value))
  }
  return secrets
}

const credentialOf = (document: Document): Credential => withoutNulls(secretsOf(document))

const checkProtocol = (name: string): Result.Result<Connector["protocol"], BlueprintError> => {
  if (Protocol.is(name)) return Result.succeed(name)
  const sentence = Protocol.elsewhere.some((known) => known === name)
    ? `Protocol ${name} connects agents to tools; Drawbar connects applications to models. Please use one of [${Protocol.names.join(", ")}]`
    : `Unsupported connector protocol. Please use one of [${Protocol.names.join(", ")}]`
  return Result.fail(invalid("/protocol", sentence))
}

const checkText = (document: Document, { nameIsRequired }: { readonly nameIsRequired: boolean }) => {
  const problems = SafeText.problems([
    { label: "Model connector name", text: document.name ?? undefined, required: nameIsRequired },
    { label: "Model connector description", text: document.description ?? undefined },
    { label: "Model connector provisioned_by field", text: document.provisioned_by ?? undefined },
  ])
  return problems.length === 0 ? Result.void : Result.fail(new BlueprintError({ reason: new UnsafeText({ problems }) }))
}

const checkAccessMode = (mode: string | null | undefined): Result.Result<AccessMode | undefined, BlueprintError> => {
  if (mode == null) return Result.succeed(undefined)
  const known = AccessModes.literals.find((literal) => literal === mode.toLowerCase())
  return known === undefined
    ? Result.fail(invalid("/access_mode", `access_mode must be one of [${AccessModes.literals.join(", ")}]`))
    : Result.succeed(known)
}

/** The requirements of the connector's protocol. */
const checkAuthorization = (connector: Connector, credential: Credential): Result.Result<void, BlueprintError> =>
  Result.andThen(checkAws(connector, credential), checkGoogle(connector, credential))

const checkGoogle = (connector: Connector, credential: Credential): Result.Result<void, BlueprintError> => {
  if (connector.protocol !== "google_cloud") return Result.void
  const { parameters } = connector
  const mode = parameters[GoogleCloud.authMode]?.toLowerCase()
  if (mode !== undefined && !GoogleCloud.authModes.some((known) => known === mode))
    return Result.fail(
      invalid("/parameters/auth_mode", `auth_mode must be one of [${GoogleCloud.authModes.join(", ")}]`),
    )
  const absent = GoogleCloud.parameters.find((name) => parameters[name] === undefined || parameters[name] === "")
  if (absent !== undefined)
    return Result.fail(
      invalid(
        `/parameters/${absent}`,
        `Missing ${absent}: google_cloud requires the parameters [${GoogleCloud.parameters.join(", ")}]`,
      ),
    )
  if (GoogleCloud.scopes(parameters[Reserved.scopes]) === undefined)
    return Result.fail(
      invalid("/parameters/scopes", `scopes must be scopes of Google Cloud, such as ${GoogleCloud.cloudPlatform}`),
    )
  return mode === "adc" || GoogleCloud.secrets.every((name) => credential[name] !== undefined)
    ? Result.void
    : Result.fail(
        invalid(
          "/credential",
          "Missing credential: private_key and client_email are required for google_cloud, or the parameter auth_mode with the value adc",
        ),
      )
}

// AWS signatures need these. The names are checked here, the values when a request is signed.
const checkAws = (connector: Connector, credential: Credential): Result.Result<void, BlueprintError> => {
  if (connector.protocol !== "aws_sigv4") return Result.void
  const { accessKey, secretKey, borrowed, identity, nameIn } = AwsSigning
  const hasKeys = nameIn(credential, accessKey) !== undefined && nameIn(credential, secretKey) !== undefined
  if (!hasKeys && nameIn(credential, borrowed) === undefined && connector.parameters[identity] === undefined)
    return Result.fail(
      invalid(
        "/credential",
        "Missing credential: access_key and secret_key are required for aws_sigv4. Add them at [/credential], or a roleArn",
      ),
    )
  const has = (name: string) => connector.parameters[name] !== undefined || credential[name] !== undefined
  if (!has(Reserved.serviceName))
    return Result.fail(
      invalid(
        "/parameters/service_name",
        'Missing service name. Add service_name at [/parameters/service_name]: the name with which AWS signs, such as "bedrock" or "sagemaker"',
      ),
    )
  return has(Reserved.region) || AwsSigning.regionOfHost(connector) !== undefined
    ? Result.void
    : Result.fail(
        invalid("/parameters/region", 'Missing region. Add region at [/parameters/region], such as "us-east-1"'),
      )
}

const checkClientConfig = (
  given: Document["client_config"],
): Result.Result<ClientConfig | undefined, BlueprintError> => {
  if (given == null) return Result.succeed(undefined)
  const coerced = Object.fromEntries(Object.entries(given).flatMap(([name, value]) => coerceSetting(name, value)))
  const policy = coerced["retry_backoff_policy"]
  return policy !== undefined && !retryBackoffPolicies.some((known) => known === policy)
    ? Result.fail(
        invalid(
          "/client_config/retry_backoff_policy",
          `Unsupported retry backoff policy at [/client_config/retry_backoff_policy]. Please use one of [${retryBackoffPolicies.join(", ")}]`,
        ),
      )
    : Result.mapError(decodeClientConfig(coerced), ({ reason }) =>
        reason._tag === "InvalidField"
          ? invalid(
              `/client_config${reason.pointer}`,
              reason.message.replace(`[${reason.pointer}]`, `[/client_config${reason.pointer}]`),
            )
          : new BlueprintError({ reason }),
      )
}

const decodeClientConfig = decode(ClientConfig)

// Clients also send numbers as text, and the policy in any case.
const coerceSetting = (name: string, value: unknown): ReadonlyArray<readonly [string, unknown]> => {
  if (value === null) return []
  if (typeof value !== "string") return [[name, value]]
  if (name === "retry_backoff_policy") return [[name, value.toLowerCase()]]
  if (/^-?\d+$/.test(value)) return [[name, Number(value)]]
  return [[name, value === "true" ? true : value === "false" ? false : value]]
}

const checkActions = (
  documents: ReadonlyArray<ActionDocument> | undefined,
): Result.Result<ReadonlyArray<Action.ConnectorAction> | undefined, BlueprintError> =>
  documents === undefined
    ? Result.succeed(undefined)
    : Result.all(documents.map((document, i) => checkAction(document, `/actions/${i}`)))

const checkAction = (document: ActionDocument, at: string): Result.Result<Action.ConnectorAction, BlueprintError> =>
  Result.gen(function* () {
    const { action_type, url, method } = document
    if (action_type == null)
      return yield* Result.fail(
        invalid(`${at}/action_type`, `action type can't be null. Add "action_type" at [${at}], such as "predict"`),
      )
    const type = Action.types.find((known) => known === action_type.toUpperCase())
    if (type === undefined)
      return yield* Result.fail(
        invalid(
          `${at}/action_type`,
          `Wrong Action Type of ${action_type}. Please use one of [${Action.types.join(", ")}]`,
        ),
      )
    if (url == null)
      return yield* Result.fail(
        invalid(`${at}/url`, `url can't be null. Add "url" at [${at}], such as "https://api.example.com/v1/chat"`),
      )
    if (method == null)
      return yield* Result.fail(
        invalid(`${at}/method`, `method can't be null. Add "method" at [${at}], such as "POST"`),
      )
    const verb = Action.methods.find((known) => known === method.toUpperCase())
    if (verb === undefined)
      return yield* Result.fail(
        invalid(
          `${at}/method`,
          `unsupported http method. Please use one of [${Action.methods.join(", ")}] at [${at}/method]`,
        ),
      )
    yield* checkActionName(document.name ?? undefined, `${at}/name`)
    return {
      action_type: type,
      method: verb,
      url,
      ...(document.headers == null ? {} : { headers: textsOf(document.headers) }),
      ...(document.request_body == null ? {} : { request_body: document.request_body }),
      ...(document.pre_process_function == null ? {} : { pre_process_function: document.pre_process_function }),
      ...(document.post_process_function == null ? {} : { post_process_function: document.post_process_function }),
      ...(document.name == null ? {} : { name: document.name }),
      ...(document.supports_structured_output === true ? { supports_structured_output: true as const } : {}),
    }
  })

/** ML Commons reads numbers and booleans as text here. */
const textsOf = (headers: Readonly<Record<string, unknown>>): Record<string, string> => {
  const texts: Record<string, string> = Object.create(null)
  for (const [name, value] of Object.entries(headers)) texts[name] = Json.toText(value)
  return texts
}

const checkActionName = (name: string | undefined, at: string): Result.Result<void, BlueprintError> => {
  if (name === undefined) return Result.void
  if (/\p{Cc}/u.test(name)) return Result.fail(invalid(at, "Action name must not contain control characters"))
  if (name.length > 64) return Result.fail(invalid(at, "Action name exceeds maximum length of 64 characters"))
  if (!/^[a-zA-Z0-9_-]+$/.test(name))
    return Result.fail(
      invalid(
        at,
        "Action name contains invalid characters. Only alphanumeric characters, hyphens, and underscores are allowed",
      ),
    )
  return Action.types.some((type) => type === name.toUpperCase())
    ? Result.fail(invalid(at, `name can't be one of action type [${Action.types.join(", ")}]`))
    : Result.void
}
