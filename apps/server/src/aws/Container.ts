/**
 * Keys of the container in which this server runs, from the endpoint named by the container platform. Source:
 * https://docs.aws.amazon.com/sdkref/latest/guide/feature-container-credentials.html
 */
import { Effect } from "effect"
import { ask, keysIn } from "./CredentialsEndpoint.ts"
import { type Keys, textOf, type AwsEnvironment } from "./AwsEnvironment.ts"

const source = "the container's endpoint"

export const keys = Effect.fnUntraced(function* (
  world: AwsEnvironment,
): Effect.fn.Return<Effect.Success<Keys>, string> {
  const { environment } = world
  const relative = environment["AWS_CONTAINER_CREDENTIALS_RELATIVE_URI"]
  const full = environment["AWS_CONTAINER_CREDENTIALS_FULL_URI"]
  const address = relative ? `http://169.254.170.2${relative}` : full
  if (!address) return undefined
  const url = URL.canParse(address) ? new URL(address) : undefined
  if (url === undefined || (url.protocol !== "https:" && !near.test(url.hostname)))
    return yield* Effect.fail(
      "AWS_CONTAINER_CREDENTIALS_FULL_URI must be an https URL, or a URL of this machine or of AWS's container services",
    )
  const file = environment["AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE"]
  const authorization = file
    ? yield* textOf("AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE", file)
    : environment["AWS_CONTAINER_AUTHORIZATION_TOKEN"]
  const headers = { accept: "application/json", ...(authorization ? { authorization } : {}) }
  return yield* keysIn(source, yield* ask(world, source, { method: "GET", url: url.href, headers }))
})

/** An unencrypted request must not leave the machine. */
const near = /^(?:localhost|127(?:\.\d+){3}|\[::1\]|169\.254\.170\.2|169\.254\.170\.23|\[fd00:ec2::23\])$/
