/** What must hold of a connector before it is stored: that it can be run, and that its platforms are trusted. */
import * as Reserved from "@drawbar/blueprint-schema/ReservedParameters"
import type { Blueprint } from "@drawbar/blueprint-schema/Blueprint"
import type { Connector } from "@drawbar/blueprint-schema/Connector"
import * as ClientConfig from "@drawbar/blueprint-schema/ClientConfig"
import { names } from "@drawbar/blueprint-schema/Credential"
import * as Authorization from "@drawbar/connector-runtime/auth/Authorization"
import {
  type CompiledAction,
  type CompiledConnector,
  compile,
  nameOf,
} from "@drawbar/connector-runtime/call/CompiledConnector"
import { ConnectorError, invalidConnector } from "@drawbar/connector-runtime/ConnectorError"
import * as ClientCertificate from "@drawbar/connector-runtime/auth/ClientCertificate"
import * as HeaderSecrets from "@drawbar/connector-runtime/auth/HeaderSecrets"
import * as HttpClientOptions from "@drawbar/connector-runtime/call/HttpClientOptions"
import * as SigningSettings from "@drawbar/connector-runtime/auth/SigningSettings"
import * as Destination from "@drawbar/egress/Destination"
import { Egress } from "@drawbar/egress/Egress"
import { EgressPolicy, type Policy } from "@drawbar/egress/EgressPolicy"
import { json } from "@drawbar/template-renderer/Parameter"
import * as UrlFault from "@drawbar/template-renderer/UrlFault"
import * as UrlTemplate from "@drawbar/template-renderer/UrlTemplate"
import { RecordAccessDenied, RegistryError, type RegistryFailure } from "@drawbar/registry/RegistryError"
import { Settings } from "@drawbar/registry/settings/Settings"
import { Context, Effect, Layer, Result } from "effect"
import { DeploymentError, RemoteInferenceDisabled } from "../DeploymentError.ts"
import * as CredentialValues from "./CredentialValues.ts"
import * as SecretDestinations from "./SecretDestinations.ts"
import * as SecretReferences from "./SecretReferences.ts"

export class ConnectorValidation extends Context.Service<
  ConnectorValidation,
  {
    /**
     * Fails with the first thing that would keep a predict from being sent. Also fails if the secrets of `bound`, which another
     * principal owns, would be sent to a new destination.
     */
    readonly admit: (
      blueprint: Blueprint,
      bound?: Connector,
    ) => Effect.Effect<void, ConnectorError | DeploymentError | RegistryFailure>
  }
>()("@drawbar/deployments/ConnectorValidation") {
  static readonly layer = Layer.effect(
    ConnectorValidation,
    Effect.gen(function* () {
      const policies = yield* EgressPolicy
      const egress = yield* Egress
      const settings = yield* Settings
      return {
        admit: Effect.fnUntraced(function* (blueprint, bound) {
          if (!settings.get("plugins.ml_commons.remote_inference.enabled"))
            return yield* DeploymentError.from(new RemoteInferenceDisabled())
          // What it names has to be there, and to be nameable, before it is stored.
          const { connector, credential } = yield* SecretReferences.verify(blueprint)
          const compiled = yield* Effect.fromResult(compile(connector, names(credential)))
          const { actions } = compiled
          yield* Effect.fromResult(HeaderSecrets.check(compiled, credential))
          yield* Effect.fromResult(SigningSettings.checkSecrets(connector, credential))
          yield* Effect.fromResult(CredentialValues.check(blueprint.credential))
          for (const action of actions) yield* Effect.fromResult(trusted(action, policies.current()))
          const config = connector.client_config ?? ClientConfig.defaults
          yield* Effect.fromResult(optedIn(connector, settings))
          yield* Effect.fromResult(ClientCertificate.of(config, credential))
          yield* Effect.fromResult(overTls(compiled, config))
          if (bound !== undefined) yield* Effect.fromResult(staying(connector, bound))
          yield* Effect.fromResult(tokensFrom(connector, credential, policies.current()))
          const origins = actions.map(({ url }) => url.origin)
          yield* Authorization.serverIdentity({ connector, credential, origins })
          yield* Authorization.lentGoogle({ connector, credential, origins })
          for (const origin of origins)
            yield* Effect.mapError(
              Effect.fromResult(egress.permits(origin, HttpClientOptions.connection(config))),
              ({ reason }) => ConnectorError.from(reason),
            )
        }),
      }
    }),
  )
}

// Where the path waits for a caller's parameter, a stand-in is held against the list: host and port do not change by it.
const trusted = ({ url }: CompiledAction, policy: Policy): Result.Result<void, ConnectorError> => {
  const missing = UrlTemplate.missing(url, nothing)
  const sample = UrlTemplate.render(url, { ...nothing, caller: new Map(missing.map((name) => [name, json("0")])) })
  return Result.mapBoth(
    Destination.make(
      Result.getOrElse(sample, () => `${url.origin}/`),
      policy,
    ),
    {
      onSuccess: () => undefined,
      onFailure: ({ reason }) => ConnectorError.from(reason),
    },
  )
}

/** An issuer of tokens has to be a URL that can be sent, and trusted. */
const tokensFrom = (
  connector: Connector,
  credential: Blueprint["credential"],
  policy: Policy,
): Result.Result<void, ConnectorError> =>
  Result.gen(function* () {
    const issuer = yield* Authorization.issuerOf(connector, credential)
    if (issuer === undefined) return
    const fault = UrlFault.find(issuer)
    if (fault !== undefined)
      return yield* Result.fail(
        invalidConnector(
          `/parameters/${Reserved.tokenUrl}`,
          `Parameter '${Reserved.tokenUrl}' is not a URL that can be sent: ${fault.problem}. ${fault.fix}. It reads: ${UrlFault.shown(issuer)}`,
        ),
      )
    yield* Result.mapError(Destination.make(issuer, policy), ({ reason }) => ConnectorError.from(reason))
  })

/** What an operator can switch off by a setting. */
const optedIn = (
  { protocol, client_config }: Connector,
  settings: Settings["Service"],
): Result.Result<void, ConnectorError> => {
  if (protocol === "google_cloud" && !settings.get("plugins.ml_commons.connector.vertexai_enabled"))
    return Result.fail(
      invalidConnector(
        "/protocol",
        switchedOff("protocol google_cloud", "plugins.ml_commons.connector.vertexai_enabled"),
      ),
    )
  return client_config?.mutual_tls_enabled === true && !settings.get("plugins.ml_commons.connector.mutual_tls_enabled")
    ? Result.fail(
        invalidConnector(
          "/client_config/mutual_tls_enabled",
          switchedOff("client_config.mutual_tls_enabled", "plugins.ml_commons.connector.mutual_tls_enabled"),
        ),
      )
    : Result.void
}

const switchedOff = (what: string, setting: string) =>
  `${what} is switched off on this server. To use it, update the setting "${setting}" to true`

/** Without TLS there is no handshake in which a certificate could be shown. */
const overTls = (
  { actions }: CompiledConnector,
  { mutual_tls_enabled }: ClientConfig.ClientConfig,
): Result.Result<void, ConnectorError> => {
  const index = mutual_tls_enabled ? actions.findIndex(({ url }) => !url.origin.startsWith("https:")) : -1
  const open = actions[index]
  return open === undefined
    ? Result.void
    : Result.fail(
        invalidConnector(
          `/actions/${index}/url`,
          `Action ${nameOf(open.action, index)}: mutual_tls_enabled needs a URL with https, and this one goes to ${open.url.origin}`,
        ),
      )
}

const staying = (connector: Connector, bound: Connector): Result.Result<void, RegistryFailure> => {
  const known = SecretDestinations.of(bound)
  const other = SecretDestinations.of(connector).find((origin) => !known.includes(origin))
  return other === undefined
    ? Result.void
    : Result.fail(
        RegistryError.from(
          new RecordAccessDenied({
            message: `Only the owner or an admin can point this connector at ${other} with the credential that it has. Send the credential again, whole, or ask them.`,
          }),
        ),
      )
}

const nothing = { caller: new Map(), runtime: new Map() }
