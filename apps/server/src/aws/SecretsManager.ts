/**
 * Secrets in AWS Secrets Manager that the operator allows, read with the role of a connector or with the server's own
 * identity. Source: https://docs.aws.amazon.com/secretsmanager/latest/apireference/API_GetSecretValue.html
 */
import * as SigV4 from "@drawbar/auth-sigv4/SigV4"
import * as Json from "@drawbar/json-text/Json"
import * as AssumedRole from "@drawbar/connector-runtime/auth/AssumedRole"
import * as AwsEndpoint from "@drawbar/connector-runtime/auth/AwsEndpoint"
import { type AwsIdentity, checkRole } from "@drawbar/connector-runtime/auth/AwsIdentity"
import { brief } from "@drawbar/egress/EgressPool"
import type { AwsSecret } from "@drawbar/deployments/connectors/SecretReferences"
import { Clock, Effect, Result } from "effect"
import type { OperatorHttpClient } from "../secrets/OperatorHttpClient.ts"

export interface Options {
  /** The ARNs that connectors may use; one that ends in `*` matches by prefix. */
  readonly listed: ReadonlyArray<string>
  readonly identity: AwsIdentity
  readonly httpClient: OperatorHttpClient["Service"]
}

export const make =
  ({ listed, identity, httpClient }: Options) =>
  (secret: AwsSecret) =>
    Effect.gen(function* () {
      const { secretArn } = secret
      const region = arn.exec(secretArn)?.[1]
      if (region === undefined) return yield* Effect.fail("it is not the ARN of a secret in AWS Secrets Manager")
      if (!listed.some((entry) => covers(entry, secretArn)))
        return yield* Effect.fail(
          `connectors may not use ${secretArn}: the operator of this server must allow it with --aws-secret`,
        )
      if (secret.roleArn !== undefined) yield* Effect.fromResult(checkRole(identity, secret.roleArn))
      const now = yield* Clock.currentTimeMillis
      const keys = yield* Effect.mapError(
        keysFor(secret, region, { identity, httpClient }, now),
        ({ message }) => message,
      )
      const origin = yield* Effect.fromResult(AwsEndpoint.originOf("secretsmanager", region))
      const request = {
        method: "POST",
        url: `${origin}/`,
        headers: { "content-type": "application/x-amz-json-1.1", "x-amz-target": "secretsmanager.GetSecretValue" },
        body: JSON.stringify({ SecretId: secretArn }),
      }
      const signed = yield* Effect.promise(() => SigV4.sign(request, keys, { region, service: "secretsmanager" }, now))
      const headers = Result.isSuccess(signed) ? signed.success : yield* Effect.fail(signed.failure.message)
      const { status, body } = yield* Effect.mapError(
        httpClient.send({ ...request, ...headers }, limits),
        ({ message }) => message,
      )
      return yield* Effect.fromResult(members(secretArn, status, Buffer.from(body).toString("utf8")))
    })

/** Partition, region, account, and the characters that AWS allows in names. */
const arn = /^arn:aws(?:-[a-z]+)*:secretsmanager:([a-z0-9-]+):\d{12}:secret:[\w/+=.@-]{1,519}$/

const covers = (entry: string, secretArn: string): boolean =>
  entry.endsWith("*") ? secretArn.startsWith(entry.slice(0, -1)) : secretArn === entry

const limits = brief(262_144)

const keysFor = (
  { roleArn, externalId }: AwsSecret,
  region: string,
  { identity: { keys }, httpClient }: Pick<Options, "identity" | "httpClient">,
  now: number,
) =>
  roleArn === undefined
    ? keys
    : Effect.map(
        AssumedRole.fetch({ way: httpClient, region, roleArn, proof: { keys, externalId } }, now),
        ({ value }) => value,
      )

/**
 * The members of the secret's JSON object that are text, numbers or booleans. Messages contain nothing of the secret.
 */
const members = (
  secretArn: string,
  status: number,
  text: string,
): Result.Result<Readonly<Record<string, string>>, string> => {
  const answer = Json.objectIn(text)
  if (status !== 200) {
    const [type, message] = [answer?.["__type"], answer?.["Message"] ?? answer?.["message"]]
    const why = [type, message].filter((part) => typeof part === "string").join(": ")
    return Result.fail(`AWS did not return the secret ${secretArn}: ${why || `status ${status}`}`)
  }
  const content = answer?.["SecretString"]
  const secret = typeof content === "string" ? Json.objectIn(content) : undefined
  if (secret === undefined) return Result.fail(`the secret ${secretArn} is not a JSON object with named members`)
  return Result.succeed(
    Object.fromEntries(
      Object.entries(secret).flatMap(([name, value]) =>
        value === null || Array.isArray(value) || Json.isObject(value) ? [] : [[name, Json.toText(value)]],
      ),
    ),
  )
}
