/** How a request is made acceptable to its platform: a row for each protocol. */
import * as AwsSigning from "@drawbar/blueprint-schema/AwsSigning"
import type { Connector } from "@drawbar/blueprint-schema/Connector"
import type { ConnectorProtocol } from "@drawbar/blueprint-schema/ConnectorProtocol"
import type { Credential } from "@drawbar/blueprint-schema/Credential"
import * as SigV4 from "@drawbar/auth-sigv4/SigV4"
import { Clock, Effect, Redacted, Result } from "effect"
import { because, ConnectorError, NotAuthorised } from "./ConnectorError.ts"
import type { RemoteRequest } from "./RemoteRequest.ts"

/** Turns a rendered request into one the platform accepts. Called anew for every attempt, because a signature has an age. */
export type Authorization = (request: RemoteRequest) => Effect.Effect<RemoteRequest, ConnectorError>

/** The way of a connector's protocol, with its secrets at hand. */
export const of = (connector: Connector, credential: Credential): Authorization =>
  protocols[connector.protocol](connector, credential)

// The secrets of `http` stand in headers, where rendering has put them.
const http = (): Authorization => Effect.succeed

const awsSigV4 = (connector: Connector, credential: Credential): Authorization => {
  const secret = (...names: ReadonlyArray<string>) => {
    const name = AwsSigning.nameIn(credential, names)
    return name === undefined || credential[name] === undefined ? undefined : Redacted.value(credential[name])
  }
  const setting = (name: string) => connector.parameters[name] ?? secret(name)
  const accessKeyId = secret(...AwsSigning.accessKey)
  const secretAccessKey = secret(...AwsSigning.secretKey)
  if (accessKeyId === undefined || secretAccessKey === undefined) return withoutKeys
  const sessionToken = secret(...AwsSigning.sessionToken) || undefined
  const credentials: SigV4.Credentials = { accessKeyId, secretAccessKey, sessionToken }
  const scope: SigV4.Scope = {
    region: setting("region") ?? AwsSigning.regionOfHost(connector) ?? "",
    service: setting("service_name") ?? "",
  }
  return Effect.fnUntraced(function* (request) {
    const now = yield* Clock.currentTimeMillis
    const signed = yield* Effect.promise(() => SigV4.sign(request, credentials, scope, now))
    if (Result.isFailure(signed)) return yield* because(new NotAuthorised({ message: signed.failure.message }))
    return { ...request, ...signed.success }
  })
}

const withoutKeys: Authorization = () =>
  Effect.fail(
    because(
      new NotAuthorised({
        message:
          "The connector's credential has no access_key and secret_key; roles and secrets by reference cannot sign yet",
      }),
    ),
  )

const protocols: Readonly<Record<ConnectorProtocol, (connector: Connector, credential: Credential) => Authorization>> =
  {
    http,
    aws_sigv4: awsSigV4,
  }
