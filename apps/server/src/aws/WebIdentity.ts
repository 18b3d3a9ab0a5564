/**
 * Keys of a role that trusts an identity provider, whose token is in a file, as in Kubernetes pods. Source:
 * https://docs.aws.amazon.com/sdkref/latest/guide/feature-assume-role-credentials.html
 */
import * as AssumedRole from "@drawbar/connector-runtime/auth/AssumedRole"
import { Effect } from "effect"
import { type Keys, regionOf, textOf, type AwsEnvironment } from "./AwsEnvironment.ts"

export const keys = Effect.fnUntraced(function* (
  world: AwsEnvironment,
  now: number,
): Effect.fn.Return<Effect.Success<Keys>, string> {
  const { environment } = world
  const [file, roleArn] = [environment["AWS_WEB_IDENTITY_TOKEN_FILE"], environment["AWS_ROLE_ARN"]]
  if (!file) return undefined
  if (!roleArn) return yield* Effect.fail("AWS_WEB_IDENTITY_TOKEN_FILE is set, but AWS_ROLE_ARN is not")
  const token = yield* textOf("AWS_WEB_IDENTITY_TOKEN_FILE", file)
  const sessionName = environment["AWS_ROLE_SESSION_NAME"] || undefined
  const options = { way: world.httpClient, region: regionOf(world), roleArn, proof: { token }, sessionName }
  return yield* Effect.mapError(AssumedRole.fetch(options, now), ({ message }) => message)
})
