/** How a request is made acceptable to its platform: a row for each protocol. */
import * as Reserved from "@drawbar/blueprint-schema/ReservedParameters"
import * as AwsSigning from "@drawbar/blueprint-schema/AwsSigning"
import * as GoogleCloud from "@drawbar/blueprint-schema/GoogleCloud"
import type { Connector } from "@drawbar/blueprint-schema/Connector"
import type { ConnectorProtocol } from "@drawbar/blueprint-schema/ConnectorProtocol"
import type { Credential } from "@drawbar/blueprint-schema/Credential"
import * as SigV4 from "@drawbar/auth-sigv4/SigV4"
import { Clock, Effect, Redacted, Result, type Scope } from "effect"
import * as AccessToken from "./AccessToken.ts"
import * as AssumedRole from "./AssumedRole.ts"
import * as AwsClock from "./AwsClock.ts"
import * as AwsEndpoint from "./AwsEndpoint.ts"
import * as AwsIdentity from "./AwsIdentity.ts"
import { ConnectorError, invalidConnector, RequestSigningFailed } from "../ConnectorError.ts"
import * as CredentialServices from "./CredentialServices.ts"
import type { Egress } from "@drawbar/egress/Egress"
import * as GoogleIdentity from "./GoogleIdentity.ts"
import type { UpstreamRequest } from "../call/UpstreamRequest.ts"
import type { SecretMask } from "../response/SecretMask.ts"

export interface Authorization {
  /** Authorizes a rendered request. Called for every attempt, because a signature expires. */
  readonly sign: (request: UpstreamRequest) => Effect.Effect<UpstreamRequest, ConnectorError>
  /** Takes an error response and its time in ms since 1970. Returns whether the request may succeed when it is signed again. */
  readonly recover?: AwsClock.AwsClock["recover"] | undefined
}

/** Who wants to be authorised. */
export interface AuthSubject {
  readonly connector: Connector
  readonly credential: Credential
  /** Where its requests go. */
  readonly origins: Iterable<string>
}

interface AuthContext extends AuthSubject {
  /** For what has to be fetched before a request can be authorised. */
  readonly egress: Egress["Service"]
  /** Called with each secret that is fetched. */
  readonly mask: SecretMask
}

type AuthScheme = (holder: AuthContext) => Effect.Effect<Authorization, ConnectorError, Scope.Scope>

/** The way of a connector's protocol, with its secrets at hand; what it opens closes with the scope. */
export const of: AuthScheme = (holder) => protocols[holder.connector.protocol](holder)

// The secrets of `http` stand in headers, where rendering has put them; a token that has to be fetched is added.
const http: AuthScheme = Effect.fnUntraced(function* (holder: AuthContext) {
  const grant = yield* Effect.mapError(Effect.fromResult(grantOf(holder)), (message) =>
    ConnectorError.from(new RequestSigningFailed({ message })),
  )
  if (grant === undefined) return { sign: Effect.succeed<UpstreamRequest> }
  return bearing(holder, yield* tokenOf(holder, grant))
})

const tokenOf = (holder: AuthContext, grant: AccessToken.Grant) =>
  Effect.flatMap(poolTo(holder, new URL(grant.url).origin), (pool) => AccessToken.make(pool, grant, holder.mask))

/** Each request with the token that holds when it is sent. */
const bearing = ({ mask }: AuthContext, token: Effect.Effect<string, ConnectorError>): Authorization => ({
  sign: (request) =>
    Effect.map(token, (value) => {
      mask.learn(value)
      const headers = Object.entries(request.headers).filter(([name]) => name.toLowerCase() !== "authorization")
      return { ...request, headers: { ...Object.fromEntries(headers), Authorization: `Bearer ${value}` } }
    }),
})

/** By the key of a service account in the credential, or as the server itself. */
const googleCloud: AuthScheme = Effect.fnUntraced(function* (holder: AuthContext) {
  const lentToken = yield* lentGoogle(holder)
  if (lentToken !== undefined) return bearing(holder, lentToken)
  const grant = yield* Effect.mapError(Effect.fromResult(googleGrant(holder)), (message) =>
    ConnectorError.from(new RequestSigningFailed({ message })),
  )
  return bearing(holder, yield* tokenOf(holder, grant))
})

const googleGrant = (holder: AuthContext): Result.Result<AccessToken.Grant, string> => {
  const secret = (name: string) => secretOf(holder, name)
  const [pem, email, url = GoogleCloud.tokenUri] = [
    secret(Reserved.privateKey),
    secret(Reserved.clientEmail),
    secret(Reserved.tokenUri),
  ]
  const scope = GoogleCloud.scopes(holder.connector.parameters[Reserved.scopes])
  if (pem === undefined || email === undefined || scope === undefined)
    return Result.fail("google_cloud needs private_key and client_email in the connector's credential")
  return GoogleCloud.isTokenUri(url)
    ? AccessToken.signedGrant("the connector's credential", {
        email,
        pem,
        kid: secret(Reserved.privateKeyId),
        url,
        scope,
      })
    : Result.fail(foreignIssuer)
}

/** The server's own token, where a connector asks for it; fails where its operator does not lend it. */
export const lentGoogle = Effect.fnUntraced(function* ({ connector, origins }: AuthSubject) {
  if (connector.protocol !== "google_cloud" || !GoogleCloud.isServerIdentity(connector)) return undefined
  return yield* Effect.fromResult(GoogleIdentity.lend(yield* GoogleIdentity.GoogleIdentity, origins))
})

/** The issuer that the secrets of a connector are shown to, beside its platforms; or why it cannot be one. */
export const issuerOf = (
  connector: Connector,
  credential: Credential,
): Result.Result<string | undefined, ConnectorError> => {
  const secret = (name: string) => (credential[name] === undefined ? undefined : Redacted.value(credential[name]))
  if (connector.protocol === "google_cloud") {
    const url = secret(Reserved.tokenUri) ?? GoogleCloud.tokenUri
    if (GoogleCloud.isServerIdentity(connector)) return Result.succeed(undefined)
    return GoogleCloud.isTokenUri(url)
      ? Result.succeed(url)
      : Result.fail(
          invalidConnector(
            `/credential/${Reserved.tokenUri}`,
            `Credential 'token_uri' cannot be used: ${foreignIssuer}`,
          ),
        )
  }
  const keyFile = secret(Reserved.googleServiceAccount)
  if (connector.protocol !== "http" || keyFile === undefined)
    return Result.succeed(connector.parameters[Reserved.tokenUrl])
  return Result.mapError(AccessToken.issuerIn(keyFile), (why) =>
    invalidConnector(
      `/credential/${Reserved.googleServiceAccount}`,
      `Credential 'google_service_account' cannot be used: ${why}`,
    ),
  )
}

const foreignIssuer = `the token_uri has to be a URL of ${GoogleCloud.tokenOrigin}, such as ${GoogleCloud.tokenUri}`

/** The way to a token that a connector's credential asks for; none where its headers say all. */
const grantOf = (holder: AuthContext): Result.Result<AccessToken.Grant | undefined, string> => {
  const { parameters } = holder.connector
  const scope = parameters[Reserved.tokenScope]
  const keyFile = secretOf(holder, Reserved.googleServiceAccount)
  if (keyFile !== undefined) return AccessToken.serviceAccount(keyFile, scope)
  const [url, id, secret] = [
    parameters[Reserved.tokenUrl],
    secretOf(holder, Reserved.clientId),
    secretOf(holder, Reserved.clientSecret),
  ]
  if (url === undefined) return Result.succeed(undefined)
  if (!URL.canParse(url)) return Result.fail(`oauth2_token_url ${url} is not a valid URL`)
  return id === undefined || secret === undefined
    ? Result.fail("oauth2_token_url needs client_id and client_secret in the connector's credential")
    : Result.succeed(AccessToken.clientCredentials({ url, id, secret, scope }))
}

const poolTo = ({ egress }: AuthContext, origin: string) =>
  Effect.mapError(egress.open({ origin }), ({ reason }) => ConnectorError.from(reason))

const awsSigV4: AuthScheme = Effect.fnUntraced(function* (holder: AuthContext) {
  const { connector } = holder
  const region = settingOf(holder, Reserved.region) ?? AwsSigning.regionOfHost(connector) ?? ""
  // ML Commons sends it to every service, and OpenSearch Serverless refuses requests without it.
  const scope: SigV4.Scope = { region, service: settingOf(holder, Reserved.serviceName) ?? "", contentSha256: "signed" }
  const credentials = yield* credentialsOf(holder, region)
  const clock = AwsClock.make()
  const sign: Authorization["sign"] = Effect.fnUntraced(function* (request) {
    const keys = yield* credentials
    for (const sent of [keys.accessKeyId, keys.sessionToken]) if (sent !== undefined) holder.mask.learn(sent)
    const now = clock.correct(yield* Clock.currentTimeMillis)
    const signed = yield* Effect.promise(() => SigV4.sign(request, keys, scope, now))
    if (Result.isFailure(signed)) return yield* requestSigningFailed(signed.failure.message)
    return { ...request, ...signed.success }
  })
  // Another platform's clock is not AWS's.
  const isAws = [...holder.origins].every(AwsEndpoint.isAws)
  return { sign, recover: isAws ? clock.recover : undefined }
})

/** Keys of the connector's own, else those of the role that it names, else the server's where they are lent to it. */
const credentialsOf = Effect.fnUntraced(function* (holder: AuthContext, region: string) {
  const accessKeyId = secretOf(holder, ...AwsSigning.accessKey)
  const secretAccessKey = secretOf(holder, ...AwsSigning.secretKey)
  if (accessKeyId !== undefined && secretAccessKey !== undefined) {
    const sessionToken = secretOf(holder, ...AwsSigning.sessionToken) || undefined
    return Effect.succeed<SigV4.Credentials>({ accessKeyId, secretAccessKey, sessionToken })
  }
  const roleArn = secretOf(holder, Reserved.roleArn)
  if (roleArn === undefined) return (yield* serverIdentity(holder)) ?? requestSigningFailed(withoutKeys)
  yield* Effect.fromResult(borrowed(holder))
  const identity = yield* AwsIdentity.AwsIdentity
  if (identity === undefined) return requestSigningFailed(withoutIdentity)
  yield* Effect.fromResult(listedRole(identity, roleArn))
  const origin = AssumedRole.originOf(region)
  if (Result.isFailure(origin)) return requestSigningFailed(origin.failure)
  const proof = { keys: identity.keys, externalId: secretOf(holder, Reserved.externalId) }
  const way = yield* poolTo(holder, origin.success)
  return yield* AssumedRole.make({ way, region, roleArn, proof, mask: holder.mask })
})

/**
 * The server's own keys, where a connector that signs asks for them; fails where its operator does not lend them, be it as they are or
 * to take on a role.
 */
export const serverIdentity = Effect.fnUntraced(function* (holder: AuthSubject) {
  const { protocol, parameters } = holder.connector
  const wish = parameters[AwsSigning.identity]
  const roleArn = hasOwnKeys(holder) ? undefined : secretOf(holder, Reserved.roleArn)
  if ((wish === undefined && roleArn === undefined) || protocol !== "aws_sigv4") return undefined
  yield* Effect.fromResult(borrowed(holder))
  const service = settingOf(holder, Reserved.serviceName) ?? ""
  const identity = yield* AwsIdentity.AwsIdentity
  if (identity !== undefined && roleArn !== undefined) yield* Effect.fromResult(listedRole(identity, roleArn))
  if (wish === undefined) return undefined
  return yield* Effect.fromResult(AwsIdentity.lend(identity, { wish, service, origins: holder.origins }))
})

const hasOwnKeys = (holder: AuthSubject): boolean =>
  secretOf(holder, ...AwsSigning.accessKey) !== undefined && secretOf(holder, ...AwsSigning.secretKey) !== undefined

/** Fails where a connector would fetch keys or secrets with an identity that is not its own. */
const borrowed = (holder: AuthSubject): Result.Result<void, ConnectorError> => {
  const service = settingOf(holder, Reserved.serviceName) ?? ""
  if (CredentialServices.has(service))
    return Result.fail(
      invalidConnector(
        `/parameters/${Reserved.serviceName}`,
        `${service} gives out keys or secrets, so that a connector cannot call it with a roleArn or as this server: give the connector an access_key and a secret_key`,
      ),
    )
  const host = CredentialServices.hostOf(holder.origins)
  return host === undefined
    ? Result.void
    : Result.fail(
        invalidConnector(
          "/actions",
          `${host} gives out keys or secrets, so that a connector cannot call it with a roleArn or as this server: give the connector an access_key and a secret_key`,
        ),
      )
}

const listedRole = (identity: AwsIdentity.AwsIdentity, roleArn: string): Result.Result<void, ConnectorError> =>
  Result.mapError(AwsIdentity.checkRole(identity, roleArn), (why) =>
    invalidConnector(`/credential/${Reserved.roleArn}`, why),
  )

/** What signing reads from the connector's parameters, else from its credential. */
const settingOf = (holder: AuthSubject, name: string): string | undefined =>
  holder.connector.parameters[name] ?? secretOf(holder, name)

/** The first of the names that the credential has, or the secret that its `secretArn` stood for. */
const secretOf = ({ credential }: AuthSubject, ...names: ReadonlyArray<string>): string | undefined => {
  const name = AwsSigning.nameIn(credential, [...names, ...names.map(Reserved.secretMember)])
  return name === undefined || credential[name] === undefined ? undefined : Redacted.value(credential[name])
}

const requestSigningFailed = (message: string) =>
  Effect.fail(ConnectorError.from(new RequestSigningFailed({ message })))

const withoutKeys =
  "The connector's credential has no access_key and secret_key, nor has the secret of its secretArn. Give keys, or a roleArn"
const withoutIdentity =
  "The connector acts in a role, but this server has no identity of its own with AWS. Start it with --aws-credentials, or give the connector an access_key and a secret_key"

const protocols: Readonly<Record<ConnectorProtocol, AuthScheme>> = {
  http,
  aws_sigv4: awsSigV4,
  google_cloud: googleCloud,
}
