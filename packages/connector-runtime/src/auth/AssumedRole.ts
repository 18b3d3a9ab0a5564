/**
 * Temporary keys of a role, fetched when they are needed and again before they expire.
 * Source: https://docs.aws.amazon.com/STS/latest/APIReference/API_AssumeRole.html and
 * https://docs.aws.amazon.com/STS/latest/APIReference/API_AssumeRoleWithWebIdentity.html
 */
import * as SigV4 from "@drawbar/auth-sigv4/SigV4"
import { Effect, Result } from "effect"
import * as AwsEndpoint from "./AwsEndpoint.ts"
import { ConnectorError, RequestSigningFailed } from "../ConnectorError.ts"
import { brief, type EgressRequest, type Limits, type EgressResponse } from "@drawbar/egress/EgressPool"
import * as RefreshingValue from "@drawbar/egress/RefreshingValue"
import * as SecretMask from "../response/SecretMask.ts"

/** A way to the token service. */
export interface Way {
  readonly send: (request: EgressRequest, limits: Limits) => Effect.Effect<EgressResponse, { readonly message: string }>
}

/** By what the role is given: keys that may take it on, or the token of an issuer whom the role trusts. */
export type Proof =
  | { readonly keys: Effect.Effect<SigV4.Credentials, ConnectorError>; readonly externalId?: string | undefined }
  | { readonly token: string }

export interface Options {
  readonly way: Way
  readonly region: string
  readonly roleArn: string
  readonly proof: Proof
  readonly sessionName?: string | undefined
  /** Is over what AWS says. */
  readonly mask?: SecretMask.SecretMask
}

export const originOf = (region: string): Result.Result<string, string> => AwsEndpoint.originOf("sts", region)

const limits = brief(65_536)

/** The role's keys. */
export const make = (options: Options) => RefreshingValue.make((now) => fetch(options, now))

/** Asks for the role's keys once; `now` is in ms since 1970. */
export const fetch = Effect.fnUntraced(function* (options: Options, now: number) {
  const { way, roleArn, proof, mask = SecretMask.none } = options
  const origin = yield* Effect.mapError(Effect.fromResult(originOf(options.region)), (why) => refusal(roleArn, why))
  const keys = "keys" in proof ? yield* proof.keys : undefined
  const request = yield* signed(options, keys, requestOf(options, `${origin}/`), now)
  const response = yield* Effect.mapError(way.send(request, limits), ({ message }) => refusal(roleArn, message))
  const own = SecretMask.of(Object.values(keys ?? proof).filter((secret) => typeof secret === "string"))
  return yield* read(roleArn, response, (text) => own.apply(mask.apply(text)))
})

const requestOf = ({ roleArn, proof, sessionName = "drawbar" }: Options, url: string) => {
  const asking =
    "token" in proof
      ? { Action: "AssumeRoleWithWebIdentity", WebIdentityToken: proof.token }
      : { Action: "AssumeRole", ...(proof.externalId === undefined ? {} : { ExternalId: proof.externalId }) }
  const form = { ...asking, Version: "2011-06-15", RoleArn: roleArn, RoleSessionName: sessionName }
  return {
    method: "POST",
    url,
    headers: { "content-type": "application/x-www-form-urlencoded; charset=utf-8", accept: "application/json" },
    body: new URLSearchParams(form).toString(),
  }
}

const signed = Effect.fnUntraced(function* (
  { region, roleArn }: Options,
  keys: SigV4.Credentials | undefined,
  request: ReturnType<typeof requestOf>,
  now: number,
) {
  if (keys === undefined) return request
  const signature = yield* Effect.promise(() => SigV4.sign(request, keys, { region, service: "sts" }, now))
  return Result.isSuccess(signature)
    ? { ...request, ...signature.success }
    : yield* refusal(roleArn, signature.failure.message)
})

const refusal = (roleArn: string, why: string) =>
  ConnectorError.from(new RequestSigningFailed({ message: `AWS did not give this server the role ${roleArn}: ${why}` }))

const read = (
  roleArn: string,
  { status, body }: EgressResponse,
  clean: (text: string) => string,
): Effect.Effect<RefreshingValue.Expiring<SigV4.Credentials>, ConnectorError> => {
  const text = Buffer.from(body).toString("utf8")
  // AWS answers JSON where it is asked to, and XML where something before it does not let it.
  const field = (name: string): string | undefined =>
    new RegExp(`"${name}"\\s*:\\s*"([^"]*)"|<${name}>([^<]*)</${name}>`)
      .exec(text)
      ?.slice(1)
      .find((found) => found)
  const expiration = field("Expiration") ?? /"Expiration"\s*:\s*([\d.E]+)/.exec(text)?.[1]
  const [accessKeyId, secretAccessKey, sessionToken] = [
    field("AccessKeyId"),
    field("SecretAccessKey"),
    field("SessionToken"),
  ]
  if (status !== 200 || accessKeyId === undefined || secretAccessKey === undefined || sessionToken === undefined)
    return Effect.fail(
      refusal(roleArn, clean(`${field("Code") ?? `status ${status}`}: ${field("Message") ?? "no keys came"}`)),
    )
  const expires = /^[\d.E]+$/.test(expiration ?? "") ? Number(expiration) * 1_000 : Date.parse(expiration ?? "")
  return Effect.succeed({
    value: { accessKeyId, secretAccessKey, sessionToken },
    expires: Number.isNaN(expires) ? 0 : expires,
  })
}
