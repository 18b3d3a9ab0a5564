/** How a request is made acceptable to its platform: a row for each protocol. */
import * as AwsSigning from "@drawbar/blueprint-schema/AwsSigning"
import * as ClientConfig from "@drawbar/blueprint-schema/ClientConfig"
import type { Connector } from "@drawbar/blueprint-schema/Connector"
import type { ConnectorProtocol } from "@drawbar/blueprint-schema/ConnectorProtocol"
import type { Credential } from "@drawbar/blueprint-schema/Credential"
import * as SigV4 from "@drawbar/auth-sigv4/SigV4"
import { Clock, Effect, Redacted, Result, type Scope } from "effect"
import * as AssumedRole from "./AssumedRole.ts"
import { AwsIdentity } from "./AwsIdentity.ts"
import { because, ConnectorError, NotAuthorised } from "./ConnectorError.ts"
import type { Egress } from "./Egress.ts"
import type { RemoteRequest } from "./RemoteRequest.ts"

/** Turns a rendered request into one the platform accepts. Called anew for every attempt, because a signature has an age. */
export type Authorization = (request: RemoteRequest) => Effect.Effect<RemoteRequest, ConnectorError>

interface Holder {
  readonly connector: Connector
  readonly credential: Credential
  /** For what has to be fetched before a request can be authorised. */
  readonly egress: Egress["Service"]
}

type Way = (holder: Holder) => Effect.Effect<Authorization, ConnectorError, Scope.Scope>

/** The way of a connector's protocol, with its secrets at hand; what it opens closes with the scope. */
export const of: Way = (holder) => protocols[holder.connector.protocol](holder)

// The secrets of `http` stand in headers, where rendering has put them.
const http: Way = () => Effect.succeed((request: RemoteRequest) => Effect.succeed(request))

const awsSigV4: Way = Effect.fnUntraced(function* (holder: Holder) {
  const { connector } = holder
  const setting = (name: string) => connector.parameters[name] ?? secretOf(holder, name)
  const region = setting("region") ?? AwsSigning.regionOfHost(connector) ?? ""
  const scope: SigV4.Scope = { region, service: setting("service_name") ?? "" }
  const credentials = yield* credentialsOf(holder, region)
  const sign: Authorization = Effect.fnUntraced(function* (request) {
    const keys = yield* credentials
    const now = yield* Clock.currentTimeMillis
    const signed = yield* Effect.promise(() => SigV4.sign(request, keys, scope, now))
    if (Result.isFailure(signed)) return yield* notAuthorised(signed.failure.message)
    return { ...request, ...signed.success }
  })
  return sign
})

/** Keys of the connector's own, or those of the role that it names. */
const credentialsOf = Effect.fnUntraced(function* (holder: Holder, region: string) {
  const accessKeyId = secretOf(holder, ...AwsSigning.accessKey)
  const secretAccessKey = secretOf(holder, ...AwsSigning.secretKey)
  if (accessKeyId !== undefined && secretAccessKey !== undefined) {
    const sessionToken = secretOf(holder, ...AwsSigning.sessionToken) || undefined
    return Effect.succeed<SigV4.Credentials>({ accessKeyId, secretAccessKey, sessionToken })
  }
  const roleArn = secretOf(holder, "roleArn")
  const identity = yield* AwsIdentity
  if (roleArn === undefined) return notAuthorised(withoutKeys)
  if (identity === undefined) return notAuthorised(withoutIdentity)
  const origin = AssumedRole.originOf(region)
  const pool = yield* Effect.mapError(holder.egress.open({ origin, config: ClientConfig.defaults }), ({ reason }) =>
    because(reason),
  )
  return yield* AssumedRole.make({ pool, region, roleArn, externalId: secretOf(holder, "externalId"), identity })
})

const secretOf = ({ credential }: Holder, ...names: ReadonlyArray<string>): string | undefined => {
  const name = AwsSigning.nameIn(credential, names)
  return name === undefined || credential[name] === undefined ? undefined : Redacted.value(credential[name])
}

const notAuthorised = (message: string) => Effect.fail(because(new NotAuthorised({ message })))

const withoutKeys =
  "The connector's credential has no access_key and secret_key; a secretArn alone cannot sign yet. Give keys, or a roleArn"
const withoutIdentity =
  "The connector acts in a role, but this server has no identity of its own with AWS. Start it with --aws-credentials env, or give the connector an access_key and a secret_key"

const protocols: Readonly<Record<ConnectorProtocol, Way>> = { http, aws_sigv4: awsSigV4 }
