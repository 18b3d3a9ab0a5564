/**
 * The server's AWS identity: the keys of the first source that its environment configures, cached until shortly before
 * they expire. A configured source that yields no keys is an error; later sources are not tried. Source:
 * https://docs.aws.amazon.com/sdkref/latest/guide/standardized-credentials.html
 */
import type * as SigV4 from "@drawbar/auth-sigv4/SigV4"
import { ConnectorError, RequestSigningFailed } from "@drawbar/connector-runtime/ConnectorError"
import * as RefreshingValue from "@drawbar/egress/RefreshingValue"
import { Effect } from "effect"
import * as Container from "./Container.ts"
import * as Instance from "./Instance.ts"
import * as Profile from "./Profile.ts"
import * as Variables from "./Variables.ts"
import * as WebIdentity from "./WebIdentity.ts"
import type { AwsEnvironment } from "./AwsEnvironment.ts"

/** The sources that `--aws-credentials` allows. */
const choices = {
  env: [Variables.keys],
  default: [Variables.keys, Profile.keys, WebIdentity.keys, Container.keys, Instance.keys],
} as const

export type Choice = keyof typeof choices

export const make = (choice: Choice, world: AwsEnvironment) =>
  RefreshingValue.make((now) =>
    Effect.mapError(first(choice, world, now), (why) =>
      ConnectorError.from(new RequestSigningFailed({ message: `This server has no AWS credentials: ${why}` })),
    ),
  )

const first = Effect.fnUntraced(function* (
  choice: Choice,
  world: AwsEnvironment,
  now: number,
): Effect.fn.Return<RefreshingValue.Expiring<SigV4.Credentials>, string> {
  for (const keys of choices[choice]) {
    const found = yield* keys(world, now)
    if (found !== undefined) return found
  }
  return yield* Effect.fail("none are configured in its environment, and its metadata service is disabled")
})
