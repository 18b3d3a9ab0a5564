/**
 * Keys in environment variables. Source:
 * https://docs.aws.amazon.com/sdkref/latest/guide/feature-static-credentials.html
 */
import { Effect } from "effect"
import type { Keys, AwsEnvironment } from "./AwsEnvironment.ts"

export const keys = ({ environment }: AwsEnvironment): Keys => {
  const [accessKeyId, secretAccessKey] = [environment["AWS_ACCESS_KEY_ID"], environment["AWS_SECRET_ACCESS_KEY"]]
  if (!accessKeyId && !secretAccessKey) return Effect.succeed(undefined)
  if (!accessKeyId || !secretAccessKey)
    return Effect.fail("AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY are not both set")
  const sessionToken = environment["AWS_SESSION_TOKEN"] || undefined
  return Effect.succeed({ value: { accessKeyId, secretAccessKey, sessionToken }, expires: Infinity })
}
