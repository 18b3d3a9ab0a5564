/** Endpoints near this server that give out keys over HTTP, such as those of containers and of instances, in one form. */
import type * as SigV4 from "@drawbar/auth-sigv4/SigV4"
import * as Json from "@drawbar/json-text/Json"
import type { EgressRequest, EgressResponse } from "@drawbar/egress/EgressPool"
import type { Expiring } from "@drawbar/egress/RefreshingValue"
import { Effect } from "effect"
import type { AwsEnvironment } from "./AwsEnvironment.ts"

const limits = { headersTimeoutMs: 5_000, idleTimeoutMs: 5_000, timeoutMs: 5_000, maxResponseBytes: 65_536 }

/** The text of an answer of status 200; `who` begins the sentence of any other. */
export const ask = ({ door }: AwsEnvironment, who: string, request: EgressRequest): Effect.Effect<string, string> =>
  door.send(request, limits).pipe(
    Effect.mapError(({ message }) => `${who} gave none: ${message}`),
    Effect.flatMap(({ status, body }: EgressResponse) =>
      status === 200
        ? Effect.succeed(Buffer.from(body).toString("utf8"))
        : Effect.fail(`${who} gave none: it answered with status ${status}`),
    ),
  )

/** The keys in an answer. */
export const keysIn = (who: string, text: string): Effect.Effect<Expiring<SigV4.Credentials>, string> => {
  const { AccessKeyId, SecretAccessKey, Token, Expiration } = Json.objectIn(text) ?? {}
  if (typeof AccessKeyId !== "string" || typeof SecretAccessKey !== "string" || typeof Token !== "string")
    return Effect.fail(`${who} gave none: its answer has no AccessKeyId, SecretAccessKey and Token`)
  const expires = Date.parse(String(Expiration))
  return Effect.succeed({
    value: { accessKeyId: AccessKeyId, secretAccessKey: SecretAccessKey, sessionToken: Token },
    expires: Number.isNaN(expires) ? 0 : expires,
  })
}
