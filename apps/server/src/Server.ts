/** All wiring of the server. */
import type { AddressInfo } from "node:net"
import { ConnectorRuntime } from "@drawbar/connector-runtime/call/ConnectorRuntime"
import { Egress } from "@drawbar/egress/Egress"
import { Resolver } from "@drawbar/egress/Resolver"
import { ConnectorValidation } from "@drawbar/deployments/connectors/ConnectorValidation"
import { Deployments } from "@drawbar/deployments/deployment/Deployments"
import * as IdleModels from "@drawbar/deployments/deployment/IdleModels"
import { Predictions } from "@drawbar/deployments/predict/Predictions"
import { IdentityTokens } from "@drawbar/http-server/access/IdentityTokens"
import * as ApiServer from "@drawbar/http-api/ApiServer"
import { version } from "@drawbar/http-api/routes/Version"
import { basePath as openAiPath } from "@drawbar/openai-api/OpenAiApi"
import * as OpenAiError from "@drawbar/openai-api/OpenAiError"
import * as OpenAiHandlers from "@drawbar/openai-api/OpenAiHandlers"
import * as OpenAiReference from "@drawbar/openai-api/OpenAiReference"
import { Aliases } from "@drawbar/registry/aliases/Aliases"
import { Connectors } from "@drawbar/registry/records/Connectors"
import { Controllers } from "@drawbar/registry/models/Controllers"
import { CredentialVault } from "@drawbar/registry/secrets/CredentialVault"
import { KeyRing } from "@drawbar/registry/secrets/KeyRing"
import { ModelGroups } from "@drawbar/registry/models/ModelGroups"
import { Models } from "@drawbar/registry/models/Models"
import { Principals } from "@drawbar/registry/access/Principals"
import * as RecordFeed from "@drawbar/registry/records/RecordFeed"
import { NewestKey } from "@drawbar/registry/secrets/NewestKey"
import * as KeyRotation from "@drawbar/registry/secrets/KeyRotation"
import { Prices } from "@drawbar/registry/spend/Prices"
import { Usage } from "@drawbar/registry/spend/Usage"
import { Settings } from "@drawbar/registry/settings/Settings"
import { Tasks } from "@drawbar/registry/records/Tasks"
import { Versions } from "@drawbar/registry/history/Versions"
import { Retention } from "@drawbar/registry/retention/Retention"
import { Context, Effect, Layer, Redacted } from "effect"
import * as OwnIdentity from "./aws/OwnIdentity.ts"
import * as OwnToken from "./google/OwnToken.ts"
import { OperatorHttpClient } from "./secrets/OperatorHttpClient.ts"
import * as EgressSettings from "./options/EgressSettings.ts"
import * as JwtVerification from "./identity/JwtVerification.ts"
import * as OperatorSecrets from "./secrets/OperatorSecrets.ts"
import * as AuditRetention from "./telemetry/AuditRetention.ts"
import type { OtlpSettings } from "./telemetry/OtlpSettings.ts"
import { NoPrincipals } from "./options/NoPrincipals.ts"
import { isEmpty, keyIdsInUse } from "./secrets/KeyIdsInUse.ts"
import * as Store from "./Store.ts"
import type { StartOptions } from "./options/StartOptions.ts"

export interface Running {
  readonly address: AddressInfo
  readonly url: string
  /** Whether this start created the key ring. */
  readonly keyRingIsNew: boolean
  /** Whether an existing key ring belongs to a database without records: one of the two may be the wrong one. */
  readonly databaseIsEmpty: boolean
  /** Whether this start created the first admin, with the operator's key. */
  readonly adminIsNew: boolean
}

/**
 * Serves until the scope closes. Then it accepts no more requests, lets pending ones finish, and closes the records
 * last.
 */
export const listen = Effect.fnUntraced(function* (options: StartOptions) {
  const { host, port, exclusive, accessLog, auditLog, auditFile, auditRequired, auth, jwt, tls, otlp } = options
  const { allowedHosts = [], graceMillis = ApiServer.defaults.graceMillis } = options
  const services = yield* Layer.build(Layer.fresh(layer(options)))
  const principals = Context.get(services, Principals)
  const { initialAdminKey } = options
  const adminIsNew = initialAdminKey !== undefined && (yield* principals.createFirst(Redacted.value(initialAdminKey)))
  if (auth === true && jwt === undefined && (yield* principals.list).length === 0) return yield* new NoPrincipals()
  if (auditFile !== undefined) yield* Effect.provideContext(AuditRetention.inBackground(auditFile), services)
  const exporting = otlp && (yield* Effect.provideContext(exported(otlp), services))
  const keyRingIsNew = Context.get(services, KeyRing).isNew
  const databaseIsEmpty = !keyRingIsNew && (yield* Effect.provideContext(isEmpty, services))
  const openAi = yield* Effect.provideContext(OpenAiHandlers.make(), services)
  const address = yield* ApiServer.listen({
    ...ApiServer.defaults,
    host,
    port,
    exclusive,
    allowedHosts,
    accessLog,
    auditLog,
    auditRequired,
    auth,
    tls,
    graceMillis,
    gatherMetrics: options.gatherMetrics,
    isWarmingUp: options.isWarmingUp,
    ...exporting,
    version,
    endpoints: openAi,
    furtherApis: [OpenAiReference],
    faces: { [`${openAiPath}/`]: OpenAiError.face },
  }).pipe(Effect.provideContext(services))
  return {
    address,
    url: `${tls === undefined ? "http" : "https"}://${host.includes(":") ? `[${host}]` : host}:${address.port}`,
    keyRingIsNew,
    databaseIsEmpty,
    adminIsNew,
  }
})

// Loaded lazily, because most servers have no collector.
const exported = (settings: OtlpSettings) =>
  Effect.flatMap(
    Effect.promise(() => import("./telemetry/Otlp.ts")),
    (Otlp) => Otlp.make(settings, version),
  )

const layer = ({
  files,
  postgres,
  sharesFile,
  sharedLimits,
  settings,
  prices,
  connectTo = {},
  certificateAuthorities = [],
  allowUnverifiedTls = false,
  proxy,
  aws,
  google,
  secrets,
  jwt,
}: StartOptions) => {
  const store = Store.layer({ files, postgres, sharesFile })
  const keys =
    files === undefined
      ? KeyRing.layerMemory
      : typeof files.keyring === "string"
        ? KeyRing.layerFile(files.keyring, keyIdsInUse)
        : KeyRing.layerText(files.keyring.source, files.keyring.text, files.keyring.again)
  const retention = Layer.provide(Retention.layerBackground, Retention.layer)
  const registry = Layer.mergeAll(
    Aliases.layer,
    Controllers.layer,
    Versions.layer,
    Principals.layer,
    Tasks.layer,
    retention,
  ).pipe(
    Layer.provideMerge(Layer.mergeAll(Connectors.layer, Models.layer, ModelGroups.layer)),
    Layer.provideMerge(Settings.layer(settings)),
    Layer.provideMerge(
      Layer.mergeAll(CredentialVault.layer, Store.limits({ postgres, sharedLimits }), Prices.layer(prices)),
    ),
    Layer.provideMerge(Usage.layer),
    Layer.provideMerge(NewestKey.layer),
    Layer.provideMerge(RecordFeed.layer),
    Layer.provideMerge(keys),
    Layer.provideMerge(store),
  )
  const runtime = ConnectorRuntime.layer.pipe(
    Layer.provideMerge(Egress.layer({ certificateAuthorities, allowUnverifiedTls })),
    Layer.provideMerge(EgressSettings.layer),
  )
  const live = Layer.mergeAll(Predictions.layer, ConnectorValidation.layer, IdleModels.layer, resealing).pipe(
    Layer.provideMerge(Deployments.layer),
  )
  const direct = proxy === undefined ? Resolver.layer : Layer.provide(Resolver.layerProxy(proxy), Resolver.layer)
  const identities = jwt === undefined ? Layer.empty : Layer.effect(IdentityTokens, JwtVerification.make(jwt))
  return Layer.merge(live, identities).pipe(
    Layer.provideMerge(runtime),
    Layer.provideMerge(secrets === undefined ? Layer.empty : OperatorSecrets.layer(secrets)),
    Layer.provideMerge(aws === undefined ? Layer.empty : OwnIdentity.layer(aws)),
    Layer.provideMerge(google === undefined ? Layer.empty : OwnToken.layer(google)),
    Layer.provideMerge(OperatorHttpClient.layer(certificateAuthorities)),
    Layer.provideMerge(Layer.provide(Resolver.layerMap(connectTo), direct)),
    Layer.provideMerge(registry),
  )
}

// The next start completes a key rotation that a crash interrupted, in the background. It also reports credentials that
// cannot be decrypted.
const resealing = Layer.effectDiscard(Effect.forkScoped(KeyRotation.resume))
