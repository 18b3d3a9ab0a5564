/**
 * Keys of the role of the virtual machine on which this server runs, from version 2 of its metadata service. Source:
 * https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/instance-metadata-v2-how-it-works.html
 */
import { Effect } from "effect"
import { ask, keysIn } from "./CredentialsEndpoint.ts"
import type { Keys, AwsEnvironment } from "./AwsEnvironment.ts"

const source = "the instance's metadata service"

export const keys = Effect.fnUntraced(function* (
  world: AwsEnvironment,
): Effect.fn.Return<Effect.Success<Keys>, string> {
  const { environment } = world
  if (environment["AWS_EC2_METADATA_DISABLED"]?.toLowerCase() === "true") return undefined
  const mode = environment["AWS_EC2_METADATA_SERVICE_ENDPOINT_MODE"]?.toLowerCase()
  const defaultEndpoint = mode === "ipv6" ? "http://[fd00:ec2::254]" : "http://169.254.169.254"
  const endpoint = environment["AWS_EC2_METADATA_SERVICE_ENDPOINT"] || defaultEndpoint
  if (!URL.canParse(endpoint)) return yield* Effect.fail("AWS_EC2_METADATA_SERVICE_ENDPOINT is not a valid URL")
  const base = `${endpoint.replace(/\/$/, "")}/latest`
  const token = yield* ask(world, source, {
    method: "PUT",
    url: `${base}/api/token`,
    headers: { "x-aws-ec2-metadata-token-ttl-seconds": "300" },
  })
  const headers = { "x-aws-ec2-metadata-token": token.trim() }
  const get = (path: string) => ask(world, source, { method: "GET", url: `${base}/meta-data/iam/${path}`, headers })
  const role = (yield* get("security-credentials/")).split("\n")[0]?.trim() ?? ""
  if (!/^[\w+=,.@-]+$/.test(role))
    return yield* Effect.fail(`${source} returned no credentials: the instance has no role`)
  return yield* keysIn(source, yield* get(`security-credentials/${role}`))
})
