/** The headers that authorise a request, as a dry run shows them: every value that a secret has a part in is masked. */
import * as AwsSigning from "@drawbar/blueprint-schema/AwsSigning"
import type { Connector } from "@drawbar/blueprint-schema/Connector"
import * as Reserved from "@drawbar/blueprint-schema/ReservedParameters"
import * as SigV4 from "@drawbar/auth-sigv4/SigV4"
import { Clock, Effect, Result } from "effect"
import { mask, type UpstreamRequest } from "../call/UpstreamRequest.ts"
import { ConnectorError, RequestSigningFailed } from "../ConnectorError.ts"

export const shown = (
  { protocol, actions, parameters }: Connector,
  credentialNames: ReadonlyArray<string>,
  request: UpstreamRequest,
): Effect.Effect<UpstreamRequest, ConnectorError> => {
  const names = new Set(credentialNames)
  if (protocol === "aws_sigv4") {
    // A region or a service among the secrets is masked as they are.
    const region = parameters[Reserved.region] ?? AwsSigning.regionOfHost({ actions }) ?? mask
    const service = parameters[Reserved.serviceName] ?? mask
    // Keys of a role are temporary, and have a session token.
    const isTemporary = [...AwsSigning.sessionToken, Reserved.roleArn].some((name) => names.has(name))
    return signed(request, { region, service, contentSha256: "signed" }, isTemporary)
  }
  const fetchesToken =
    protocol === "google_cloud" ||
    names.has(Reserved.googleServiceAccount) ||
    parameters[Reserved.tokenUrl] !== undefined
  if (!fetchesToken) return Effect.succeed(request)
  const others = Object.entries(request.headers).filter(([name]) => name.toLowerCase() !== "authorization")
  return Effect.succeed({
    ...request,
    headers: { ...Object.fromEntries(others), Authorization: `Bearer ${mask}` },
  })
}

/** Signed with keys that are none, so that names and scope are those of a predict. */
const signed = Effect.fnUntraced(function* (request: UpstreamRequest, scope: SigV4.Scope, isTemporary: boolean) {
  const now = yield* Clock.currentTimeMillis
  const keys = { accessKeyId: mask, secretAccessKey: mask, ...(isTemporary ? { sessionToken: mask } : {}) }
  const found = yield* Effect.promise(() => SigV4.sign(request, keys, scope, now))
  if (Result.isFailure(found))
    return yield* ConnectorError.from(new RequestSigningFailed({ message: found.failure.message }))
  const { url, headers } = found.success
  return {
    ...request,
    url,
    headers: Object.fromEntries(
      Object.entries(headers).map(([name, value]) => [
        name,
        name === "authorization" ? value.replace(/Signature=[0-9a-f]+/, `Signature=${mask}`) : value,
      ]),
    ),
  }
})
