/** Local endpoints that return keys over HTTP in a common format, such as those of containers and instances. */
import type * as SigV4 from "@drawbar/auth-sigv4/SigV4"
import * as Json from "@drawbar/json-text/Json"
import type { EgressRequest, EgressResponse } from "@drawbar/egress/EgressPool"
import type { Expiring } from "@drawbar/egress/RefreshingValue"
import { Effect } from "effect"
import type { AwsEnvironment } from "./AwsEnvironment.ts"

const limits = { headersTimeoutMs: 5_000, idleTimeoutMs: 5_000, timeoutMs: 5_000, maxResponseBytes: 65_536 }

/** The text of a response with status 200; other statuses fail with a message that begins with `source`. */
export const ask = (
  { httpClient }: AwsEnvironment,
  source: string,
  request: EgressRequest,
): Effect.Effect<string, string> =>
  httpClient.send(request, limits).pipe(
    Effect.mapError(({ message }) => `${source} returned no credentials: ${message}`),
    Effect.flatMap(({ status, body }: EgressResponse) =>
      status === 200
        ? Effect.succeed(Buffer.from(body).toString("utf8"))
        : Effect.fail(`${source} returned no credentials: status ${status}`),
    ),
  )

/** The keys in a response. */
export const keysIn = (source: string, text: string): Effect.Effect<Expiring<SigV4.Credentials>, string> => {
  const { AccessKeyId, SecretAccessKey, Token, Expiration } = Json.objectIn(text) ?? {}
  if (typeof AccessKeyId !== "string" || typeof SecretAccessKey !== "string" || typeof Token !== "string")
    return Effect.fail(`${source} returned no credentials: its response has no AccessKeyId, SecretAccessKey and Token`)
  const expires = Date.parse(String(Expiration))
  return Effect.succeed({
    value: { accessKeyId: AccessKeyId, secretAccessKey: SecretAccessKey, sessionToken: Token },
    expires: Number.isNaN(expires) ? 0 : expires,
  })
}
