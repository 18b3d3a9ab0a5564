/** All the wiring on one screen. */
import type { AddressInfo } from "node:net"
import type { JsonObject } from "@drawbar/blueprint-schema/Json"
import { ConnectorRuntime } from "@drawbar/connector-runtime/ConnectorRuntime"
import { Egress } from "@drawbar/connector-runtime/Egress"
import type { Proxy } from "@drawbar/connector-runtime/Proxy"
import { Resolver } from "@drawbar/connector-runtime/Resolver"
import { ConnectorAdmission } from "@drawbar/deployments/ConnectorAdmission"
import { Deployments } from "@drawbar/deployments/Deployments"
import * as IdleModels from "@drawbar/deployments/IdleModels"
import { Predictions } from "@drawbar/deployments/Predictions"
import { IdentityTokens } from "@drawbar/http-api/IdentityTokens"
import * as ApiServer from "@drawbar/http-api/ApiServer"
import type { Tls } from "@drawbar/http-api/HttpServer"
import { Connectors } from "@drawbar/registry/Connectors"
import { Controllers } from "@drawbar/registry/Controllers"
import { CredentialVault } from "@drawbar/registry/CredentialVault"
import { DocumentStore } from "@drawbar/registry/DocumentStore"
import { KeyRing } from "@drawbar/registry/KeyRing"
import { ModelGroups } from "@drawbar/registry/ModelGroups"
import { Models } from "@drawbar/registry/Models"
import { Principals } from "@drawbar/registry/Principals"
import { RecordChanges } from "@drawbar/registry/RecordChanges"
import * as Resealing from "@drawbar/registry/Resealing"
import { Settings } from "@drawbar/registry/Settings"
import { Tasks } from "@drawbar/registry/Tasks"
import { Context, Data, Effect, Layer, type Redacted } from "effect"
import * as OwnIdentity from "./aws/OwnIdentity.ts"
import { Door } from "./Door.ts"
import * as EgressSettings from "./EgressSettings.ts"
import * as Jwt from "./Jwt.ts"
import * as OperatorSecrets from "./OperatorSecrets.ts"
import type { OtlpSettings } from "./OtlpSettings.ts"
import { sealedWith } from "./SealedWith.ts"

export interface Options {
  readonly host: string
  /** 0 for any that is free. */
  readonly port: number
  /** Where records and keys are kept; absent for memory. */
  readonly files?: { readonly database: string; readonly keyring: string | HandedOver }
  /** The content of the settings file. */
  readonly settings?: JsonObject
  /** `host:port` of a connector's URL to the `address:port` that is connected to in its place. */
  readonly connectTo?: Readonly<Record<string, string>>
  /** PEM texts of authorities to trust beside the system's. */
  readonly certificateAuthorities?: ReadonlyArray<string>
  /** Further names, with their ports, by which the server may be called. */
  readonly allowedHosts?: ReadonlyArray<string>
  /** Takes a line of JSON for each request that has ended. */
  readonly accessLog?: (line: string) => void
  /** Takes a line of JSON for each change, and for each request that was turned away. */
  readonly auditLog?: (line: string) => void
  /** Whether everybody has to say who he is. */
  readonly auth?: boolean
  /** Whose tokens say who asks, beside keys and passwords. */
  readonly jwt?: Jwt.JwtSettings
  /** Lets connectors set `skip_ssl_verification`. */
  readonly allowUnverifiedTls?: boolean
  /** The proxy by which connections leave. */
  readonly proxy?: Proxy
  /** Who this server is to AWS, and what connectors may do with that. */
  readonly aws?: OwnIdentity.Options
  /** What connectors may name in place of secrets. */
  readonly secrets?: OperatorSecrets.Options
  readonly tls?: Tls
  /** How long requests under way may take to end when it stops, in ms; 30 s if absent. */
  readonly graceMillis?: number
  /** The collector that takes spans and metrics. */
  readonly otlp?: OtlpSettings
}

export interface Running {
  readonly address: AddressInfo
  readonly url: string
  /** Whether this start made the key ring. */
  readonly keyRingIsNew: boolean
}

/** A key ring that is kept elsewhere. */
export interface HandedOver {
  /** From where. */
  readonly source: string
  readonly text: Redacted.Redacted
}

/** `--auth on` before there is anybody who could say who he is. */
export class NobodyMayAsk extends Data.TaggedError("NobodyMayAsk") {
  override get message() {
    return (
      "--auth on, but there is no user and no API key yet, so that nobody could ask anything. Start it once without, on loopback, " +
      "and create one: drawbar user create NAME --role admin --password env:VARIABLE"
    )
  }
}

export const version = "0.1.0"

/** Serves until the scope closes: then no more is accepted, what is under way ends, and the records are closed last. */
export const listen = Effect.fnUntraced(function* (options: Options) {
  const services = yield* Layer.build(Layer.fresh(layer(options)))
  if (
    options.auth === true &&
    options.jwt === undefined &&
    (yield* Context.get(services, Principals).list).length === 0
  )
    return yield* new NobodyMayAsk()
  const { otlp } = options
  const exporting = otlp && (yield* Effect.provideContext(exported(otlp), services))
  const address = yield* ApiServer.listen({
    ...ApiServer.defaults,
    host: options.host,
    port: options.port,
    allowedHosts: options.allowedHosts ?? [],
    ...(options.accessLog === undefined ? {} : { accessLog: options.accessLog }),
    ...(options.auditLog === undefined ? {} : { auditLog: options.auditLog }),
    ...(options.auth === undefined ? {} : { auth: options.auth }),
    ...(options.tls === undefined ? {} : { tls: options.tls }),
    ...(options.graceMillis === undefined ? {} : { graceMillis: options.graceMillis }),
    ...exporting,
    version,
  }).pipe(Effect.provideContext(services))
  const host = options.host.includes(":") ? `[${options.host}]` : options.host
  return {
    address,
    url: `${options.tls === undefined ? "http" : "https"}://${host}:${address.port}`,
    keyRingIsNew: Context.get(services, KeyRing).isNew,
  }
})

// Most servers have no collector: what talks to one is loaded for those that do.
const exported = (settings: OtlpSettings) =>
  Effect.flatMap(
    Effect.promise(() => import("./Otlp.ts")),
    (Otlp) => Otlp.make(settings, version),
  )

const layer = ({
  files,
  settings,
  connectTo = {},
  certificateAuthorities = [],
  allowUnverifiedTls = false,
  proxy,
  aws,
  secrets,
  jwt,
}: Options) => {
  const store = files === undefined ? DocumentStore.layerMemory : DocumentStore.layerFile({ filename: files.database })
  const keys =
    files === undefined
      ? KeyRing.layerMemory
      : typeof files.keyring === "string"
        ? KeyRing.layerFile(files.keyring, sealedWith)
        : KeyRing.layerText(files.keyring.source, files.keyring.text)
  const registry = Layer.mergeAll(
    Connectors.layer,
    Controllers.layer,
    Models.layer,
    ModelGroups.layer,
    Principals.layer,
    Tasks.layer,
  ).pipe(
    Layer.provideMerge(Settings.layer(settings)),
    Layer.provideMerge(Layer.mergeAll(CredentialVault.layer, RecordChanges.layer)),
    Layer.provideMerge(keys),
    Layer.provideMerge(store),
  )
  const runtime = ConnectorRuntime.layer.pipe(
    Layer.provideMerge(Egress.layer({ certificateAuthorities, allowUnverifiedTls })),
    Layer.provideMerge(EgressSettings.layer),
  )
  const live = Layer.mergeAll(Predictions.layer, ConnectorAdmission.layer, IdleModels.layer, resealing).pipe(
    Layer.provideMerge(Deployments.layer),
  )
  const direct = proxy === undefined ? Resolver.layer : Layer.provide(Resolver.layerProxy(proxy), Resolver.layer)
  const identities = jwt === undefined ? Layer.empty : Layer.effect(IdentityTokens, Jwt.make(jwt))
  return Layer.merge(live, identities).pipe(
    Layer.provideMerge(runtime),
    Layer.provideMerge(secrets === undefined ? Layer.empty : OperatorSecrets.layer(secrets)),
    Layer.provideMerge(aws === undefined ? Layer.empty : OwnIdentity.layer(aws)),
    Layer.provideMerge(Door.layer(certificateAuthorities)),
    Layer.provideMerge(Layer.provide(Resolver.layerMap(connectTo), direct)),
    Layer.provideMerge(registry),
  )
}

// A rotation that a crash cut off is ended by the next start, beside everything else; so is the look at what cannot be opened.
const resealing = Layer.effectDiscard(Effect.forkScoped(Resealing.resume))
