/**
 * Temporary keys of a role, fetched when they are needed and again before they expire.
 * Source: https://docs.aws.amazon.com/STS/latest/APIReference/API_AssumeRole.html
 */
import * as SigV4 from "@drawbar/auth-sigv4/SigV4"
import { Effect, Result } from "effect"
import { because, type ConnectorError, NotAuthorised } from "./ConnectorError.ts"
import type { EgressPool, RemoteResponse } from "./EgressPool.ts"
import * as Renewed from "./internal/Renewed.ts"
import * as SecretMask from "./SecretMask.ts"

export interface Options {
  /** Connections to the token service of the region. */
  readonly pool: EgressPool
  readonly region: string
  readonly roleArn: string
  readonly externalId: string | undefined
  /** Who asks for the role. */
  readonly identity: Effect.Effect<SigV4.Credentials>
  /** Is over what AWS says. */
  readonly mask: SecretMask.SecretMask
}

export const originOf = (region: string): string => `https://sts.${region}.amazonaws.com`

const limits = { headersTimeoutMs: 10_000, idleTimeoutMs: 10_000, timeoutMs: 20_000, maxResponseBytes: 65_536 }

/** The role's keys. */
export const make = (options: Options) => Renewed.make((now) => fetched(options, now))

const fetched = Effect.fnUntraced(function* (
  { pool, region, roleArn, externalId, identity, mask }: Options,
  now: number,
) {
  const form = new URLSearchParams({
    Action: "AssumeRole",
    Version: "2011-06-15",
    RoleArn: roleArn,
    RoleSessionName: "drawbar",
    ...(externalId === undefined ? {} : { ExternalId: externalId }),
  })
  const request = {
    method: "POST",
    url: `${originOf(region)}/`,
    headers: { "content-type": "application/x-www-form-urlencoded; charset=utf-8", accept: "application/json" },
    body: form.toString(),
  }
  const credentials = yield* identity
  const signed = yield* Effect.promise(() => SigV4.sign(request, credentials, { region, service: "sts" }, now))
  if (Result.isFailure(signed)) return yield* refused(roleArn, signed.failure.message)
  const response = yield* Effect.mapError(pool.send({ ...request, ...signed.success }, limits), ({ message }) =>
    because(new NotAuthorised({ message: sentence(roleArn, message) })),
  )
  const own = SecretMask.of(Object.values(credentials).flatMap((value) => value ?? []))
  return yield* read(roleArn, response, (text) => own.apply(mask.apply(text)))
})

const sentence = (roleArn: string, why: string) => `AWS did not give this server the role ${roleArn}: ${why}`
const refused = (roleArn: string, why: string) =>
  Effect.fail(because(new NotAuthorised({ message: sentence(roleArn, why) })))

const read = (
  roleArn: string,
  { status, body }: RemoteResponse,
  clean: (text: string) => string,
): Effect.Effect<Renewed.Expiring<SigV4.Credentials>, ConnectorError> => {
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
    return refused(roleArn, clean(`${field("Code") ?? `status ${status}`}: ${field("Message") ?? "no keys came"}`))
  const expires = /^[\d.E]+$/.test(expiration ?? "") ? Number(expiration) * 1_000 : Date.parse(expiration ?? "")
  return Effect.succeed({
    value: { accessKeyId, secretAccessKey, sessionToken },
    expires: Number.isNaN(expires) ? 0 : expires,
  })
}
